"""Numbers, amounts, dates and times in a text, each with every value that it may mean.

A form with several readings ("1.234", "18.30", "4/5") keeps all of them; two mentions agree where they share one.
The text is cut into tokens once and walked once: cost is linear whatever the text is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from synth.scorers.faithful.amounts import amount_at
from synth.scorers.faithful.dates import date_at, weekday_at
from synth.scorers.faithful.times import time_at
from synth.scorers.faithful.tokens import Mention, Token, TokenText, tokens_of


def mentions(text: str, language: str) -> list[Mention]:
    """All mentions of an NFC text, in order; they do not overlap."""
    return list(mentions_of(tokens_of(unicodedata.normalize("NFC", text)), language))


def mentions_of(tokens: Sequence[Token], language: str) -> Iterator[Mention]:
    """The same of a text that is cut into tokens."""
    text, at = TokenText(tokens, language), 0
    begins = text.lexicon.begins_mention
    while at < len(tokens):
        if tokens[at].kind == "word" and not begins(tokens[at].low):
            at += 1
            continue
        match = date_at(text, at) or time_at(text, at) or weekday_at(text, at) or amount_at(text, at)
        if match is None:
            at += 1
            continue
        mention, at = match
        yield mention
