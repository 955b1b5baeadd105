"""Pages: whole reports, each one HTML file in one language."""
