"""Verb: models compared on the hold-out."""
