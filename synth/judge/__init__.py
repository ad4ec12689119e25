"""Verb: a language model rates samples from 0 to 5. `parse_reply(text)` reads the score in its reply."""

from synth.commands import Command
from synth.judgements.reply_parser import parse_reply

__all__ = ["parse_reply"]

COMMAND = Command(
    "let a language model rate samples from 0 to 5",
    50,
    step=True,
    reads="samples",
    writes="samples",
    asks_model=True,
    shows=("repeatability", "agreement"),
)
