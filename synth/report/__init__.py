"""Verb: one HTML page about everything in the store."""
