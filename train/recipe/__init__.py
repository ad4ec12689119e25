"""Verb: the recipes that are installed."""

SUMMARY = "list recipes, print or copy one, or print the path of its file"
