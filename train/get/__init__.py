"""Verb: a small real model from a package, checked and with its terms."""

SUMMARY = "a small real model from a package of Python, checked, with the terms that it comes under"
