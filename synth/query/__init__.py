"""Verb: show or count samples."""

from synth.commands import Command

COMMAND = Command("show or count the samples that a MongoDB filter names", 70, reads="samples", shows=("explain",))
