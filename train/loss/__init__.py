"""Verb: the loss curve of a run."""

SUMMARY = "show the loss curve of a fine-tuning run, or the losses of models on held-out texts"
