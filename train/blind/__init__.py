"""Verb: sheets for raters who do not know which model wrote what."""
