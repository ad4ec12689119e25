"""Verb: article files into the store (`import` is a keyword)."""
