"""Verb: pages in the browser, in which people read, correct and rate what is in the store."""

from synth.commands import Command

COMMAND = Command(
    "read, correct and rate samples in the browser, alone or with others", 95, reads="samples", writes="samples"
)
