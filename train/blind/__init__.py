"""Verb: sheets for raters who do not know which model wrote what."""

SUMMARY = "shuffle texts of models and people for raters, and read their marks"
