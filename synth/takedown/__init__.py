"""Verb: everything that was made of an article, and its removal."""
