"""A piece of a chat's text."""

from __future__ import annotations

from typing import NamedTuple


class Piece(NamedTuple):
    """A stretch of the text; `learn`: it is the model's to write; `eos`: the tokenizer's end token follows it."""

    text: str
    learn: bool
    eos: bool = False
