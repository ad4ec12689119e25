"""Verb: the loss curve of a run."""

SUMMARY = "show the loss curve of a fine-tuning run, beside the base model's loss"
