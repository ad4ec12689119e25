"""Verb: one HTML page about everything in the store."""

from synth.commands import Command

COMMAND = Command(
    "write one HTML page about everything in the store", 90, step=True, reads="samples", prints_document=True
)
