"""The dataset row."""
