"""Verb: show or count samples."""
