"""Noun: how a sample is shown beside its sources, to the static report and to the pages of review."""
