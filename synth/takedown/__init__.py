"""Verb: everything that was made of an article, and its removal."""

from synth.commands import Command

COMMAND = Command("find everything that used an article, and remove it", 120, reads="articles")
