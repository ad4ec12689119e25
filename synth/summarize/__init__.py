"""Verb: one sample for each event, from all its sources."""
