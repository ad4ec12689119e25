"""Verb: an OpenAI-compatible endpoint."""
