"""Verb: texts from prompts."""

SUMMARY = "write texts from prompts with any model or adapter, seeded, as JSON lines"
