"""Verb: preference pairs."""
