"""Verb: all steps of a pipeline file."""

from synth.commands import Command

COMMAND = Command("run a pipeline: all steps of a YAML file, one after the other", 100)
