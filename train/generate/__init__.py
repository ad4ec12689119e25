"""Verb: texts from prompts."""
