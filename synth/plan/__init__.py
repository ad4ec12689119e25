"""Verb: what a stage or a pipeline will ask a model, and what that costs."""
