"""Verb: a tiny checkpoint."""

SUMMARY = "make a tiny checkpoint of any recipe's architecture from a corpus, no download"
