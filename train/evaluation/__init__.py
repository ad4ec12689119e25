"""Comparing models on rows that an export holds out: the parts of `train evaluate`."""
