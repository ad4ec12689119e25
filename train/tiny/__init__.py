"""Verb: a tiny checkpoint."""
