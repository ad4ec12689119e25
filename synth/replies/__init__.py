"""Noun: a model's reply, cleaned of what is no answer, or refused by name."""

from synth.replies.cleaner import SERVER_REFUSALS, CleanReply, answer_of, clean_reply

__all__ = ["SERVER_REFUSALS", "CleanReply", "answer_of", "clean_reply"]
