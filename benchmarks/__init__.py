"""What normoxia's speed and accuracy are measured with; not part of what is installed."""
