"""Verb: the loss curve of a run."""
