"""Diagnostics of a fitted network: consistency, contributions, small-study effects, proportional hazards, certainty."""
