"""Verb: memory, steps and time of a recipe."""
