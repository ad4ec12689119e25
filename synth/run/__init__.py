"""Verb: all steps of a pipeline file."""
