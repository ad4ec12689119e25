"""Verb: run the scorers over samples."""
