"""Figures: each builder takes plain values and returns a `Figure`."""
