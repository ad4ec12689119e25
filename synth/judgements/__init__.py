"""Noun: what a judge replied: the score from 0 to 5, and why."""

from synth.judgements.reply_parser import parse_reply

__all__ = ["parse_reply"]
