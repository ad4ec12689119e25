"""Verb: training sets from the samples that a filter names."""

from synth.commands import Command

COMMAND = Command("write training sets from the samples that a filter names", 80, step=True, reads="samples")
