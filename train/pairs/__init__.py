"""Verb: preference pairs."""

SUMMARY = "make ORPO's pairs: a reference answer, and a model's own"
