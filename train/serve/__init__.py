"""Verb: an OpenAI-compatible endpoint."""

SUMMARY = "answer OpenAI's chat completions with a model, so that synth can use it"
