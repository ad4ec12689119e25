"""A number that is a score from 0 to 5, or looks like one and is none."""

from __future__ import annotations

import math
import re

BEST = 5.0
#: The score of a text that has none, or one out of range.
NO_SCORE = math.nan

_SIGN = r"[-\u2013\u2014+~≈<>±]"
_NUMBER = r"(?P<number>[0-9]+(?:[.,][0-9]+)?)(?![0-9])"
_SCALE = (
    r"(?:\s?(?:/|\bout of\b|\bof\b|\bsu\b|\btrên(?: thang điểm| tổng số)?\b|\bvon\b|\bsur\b|\bsobre\b|\bde\b|\bdi\b)"
    r"\s?(?P<scale>[0-9]+(?:[.,][0-9]+)?\b|five\b|cinque\b|năm\b)"
    r"|\s(?:on (?:a|the)|su una|trên) (?:[^\W\d_]+ ){0,4}[01]\s?(?:to|[-\u2013]|a|đến)\s?(?P<range>[0-9]+))?"
)
_UNIT = r"(?:\s?(?:stars?|points?|pts?|punti|stelle|điểm|sao|(?:[★☆⭐]\ufe0f?){1,5})(?!\w))?"
_VALUE = re.compile(
    rf"[\[({{'‘]{{0,2}}\s?(?P<sign>{_SIGN}\s?)?{_NUMBER}[\])}}'’]{{0,2}}{_UNIT}{_SCALE}{_UNIT}[\])}}'’]{{0,2}}"
    r"(?P<more>%|\s?[-\u2013\u2014~]\s?[0-9]|[-+~](?=\s?\Z)|\+|\s?/|\s(?:to|or|and|a|o|e|hoặc|đến|và)\s[0-9])?",
    re.IGNORECASE,
)
EXPLAINED = (
    r"(?:explanation|reason(?:ing|s)?|rationale|justification|comments?|feedback|because|spiegazione|motivazione|commento|"
    r"giải thích|lý do|nhận xét|perché|vì)\b"
)
#: What may follow a score: nothing, or a sign and its explanation.
_END = re.compile(
    rf"(?:\.{{1,3}}|[!…])?\s*(?:\|\s*)?\Z|\s?[;,:|]\s*(?![\s0-9])|\s[-\u2013\u2014]+>?\s+(?![0-9])|[-\u2013\u2014]\s+(?![0-9])|"
    rf"\s?(?:=>|->|→)\s*(?![0-9])|\t\s*(?![0-9])|\\n|\s?\((?!o\s|or\b|maybe|hoặc|forse)|\s?(?={EXPLAINED})",
    re.IGNORECASE,
)
#: After a scale a full stop ends a sentence; after a number alone it makes an item of a list.
_STOP = re.compile(r"[.!]\s+(?![0-9])")
_TOP = re.compile(
    r"\s?[(\[][^()\[\]\n]{0,40}?(?:\bof|\bscale|\bsu|trên|thang|max\w*|/|\bto|\ba|đến|[-\u2013])\s?([0-9]+(?:[.,]0)?)\s?[)\]]",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"(?:or|maybe|perhaps|possibly|rather|but|though|forse|oppure|o|magari|ma|hoặc|có thể)\b\D{0,30}[0-9]"
)
LIST_ITEM = re.compile(r"\s*[\W_]{0,4}([0-9]{1,2})\s?[-\u2013\u2014:;,|]\s")


def score_at(text: str, position: int = 0, labelled: bool = False) -> tuple[float, int] | None:
    """(score, where it ends with the sign behind it) of a text that begins with one; NaN where that is no score.

    None where the text begins otherwise, or with a number that belongs to a sentence.
    """
    match = _VALUE.match(text, position)
    if match is None:
        return None
    if match["more"] or match["sign"]:
        return NO_SCORE, match.end()
    scale = match["scale"] or match["range"]
    end = _END.match(text, match.end()) or (_STOP.match(text, match.end()) if scale or labelled else None)
    if end is None:
        return (NO_SCORE, len(text)) if not re.search(r"[^\W\d_]", text[match.end() :]) else None
    if _DOUBT.match(text, end.end()) or (
        end[0].endswith("(") and names_other_scale(text[end.end() - 1 : end.end() + 60])
    ):
        return NO_SCORE, len(text)
    stop = end.end() - 1 if end[0].endswith("(") else end.end()
    return _on_scale(match["number"], scale), stop


def names_other_scale(brackets: str) -> bool:
    """Whether brackets, as in "Score (0-10)" or "5 (out of 10)", name another best score than five."""
    match = _TOP.match(brackets)
    return match is not None and float(match[1].replace(",", ".")) != BEST


def _on_scale(number: str, scale: str | None) -> float:
    """NaN for what is out of range, on another scale, or written as no score is (04)."""
    if scale and scale.casefold() not in ("five", "cinque", "năm") and float(scale.replace(",", ".")) != BEST:
        return NO_SCORE
    thousands = re.fullmatch(r"[0-9]+(?:,[0-9]{3}|\.000)", number)
    if len(number) > 8 or thousands or (number[0] == "0" and number[1:2].isdigit()):
        return NO_SCORE
    score = float(number.replace(",", "."))
    return score if score <= BEST else NO_SCORE
