"""Hours in a text: 18:30, 18h30, alle 18.30, alle 18, 8 giờ 30, 6:30 pm."""

from __future__ import annotations

import re
from fractions import Fraction

from synth.scorers.faithful.tokens import MentionEnd, Reading, TokenText, decimal

_SUFFIX = re.compile(r"[hg](\d\d)?\Z")
_HOUR = 3600


def time_at(text: TokenText, at: int) -> MentionEnd | None:
    """The hour that begins at a token."""
    if not text.is_number(at):
        return None
    token = text.tokens[at]
    clock = re.fullmatch(r"(\d\d?)([:.])(\d\d)", token.text)
    if clock and int(clock[1]) <= 24 and int(clock[3]) < 60:
        readings: set[Reading] = {("time", int(clock[1]), int(clock[3]))}
        if clock[2] == ".":
            readings.add(("number", decimal(token.text), ""))
        if clock[2] == ":" or _after_hour_word(text, at):
            return text.mention(at, at + 1, "date", readings)
    hour = text.integer(at)
    return None if hour is None or hour > 24 else _hour(text, at, hour)


def _after_hour_word(text: TokenText, at: int) -> bool:
    return text.low(at - 1) in text.lexicon.hour_words and text.near(at)


def _hour(text: TokenText, at: int, hour: int) -> MentionEnd | None:
    duration: Reading = ("number", Fraction(hour * _HOUR), "unit:time")
    suffix = _SUFFIX.match(text.low(at + 1)) if text.glued(at + 1) else None
    if suffix and text.tokens[at + 1].text[0].islower():
        readings: set[Reading] = {("time", hour, int(suffix[1] or 0))}
        return text.mention(at, at + 2, "date", readings if suffix[1] else readings | {duration})
    if text.low(at + 1) in text.lexicon.hour_units and text.near(at + 1):
        minute = text.integer(at + 2) if text.near(at + 2) else None
        if minute is not None and minute < 60:
            return text.mention(at, at + 3, "date", {("time", hour, minute)})
        return text.mention(at, at + 2, "date", {("time", hour, 0), duration})
    if _after_hour_word(text, at) and not _is_measure(text, at + 1):
        return text.mention(at, at + 1, "date", {("time", hour, 0), ("number", Fraction(hour), "")})
    return None


def _is_measure(text: TokenText, at: int) -> bool:
    """Whether a unit, a sign or a magnitude stands here."""
    word, lexicon = text.low(at), text.lexicon
    tables = (lexicon.units, lexicon.currencies, lexicon.magnitudes, lexicon.percent)
    return text.near(at) and any(word in table for table in tables)
