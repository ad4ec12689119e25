"""Verb: adapters and models merged into one."""
