"""Verb: duplicates among samples, and contamination of evaluation sets."""
