"""Verb: adapters and models merged into one."""

SUMMARY = "merge an adapter into its base, or several models into one"
