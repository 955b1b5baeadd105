"""Virtual trials."""
