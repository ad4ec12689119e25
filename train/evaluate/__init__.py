"""Verb: models compared on the hold-out."""

SUMMARY = "compare models on the hold-out: a table, a page, intervals"
