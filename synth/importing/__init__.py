"""Verb: article files into the store (`import` is a keyword)."""

from synth.commands import Command

COMMAND = Command(
    "read article files (JSON lines) into the store",
    10,
    name="import",
    step=True,
    writes="articles",
    following="synth cluster",
)
