"""Engines, prompts and sampling: the parts of `train.model` and `train generate`."""
