"""A pipeline file, read and validated."""
