"""Verb: memory, steps and time of a recipe."""

SUMMARY = "say what a recipe will need: parameters, tokens, steps, GPU memory and time"
