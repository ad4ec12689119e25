"""Verb: a language model rates samples from 0 to 5."""

from synth.judge.reply_parser import parse_reply

__all__ = ["parse_reply"]
