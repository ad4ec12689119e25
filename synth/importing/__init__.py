"""Verb: files of articles and of instruction rows into the store (`import` is a keyword)."""

from synth.commands import Command

COMMAND = Command(
    "read articles, and rows of instruction sets, into the store",
    10,
    name="import",
    step=True,
    writes="articles",
    following="synth cluster",
)
