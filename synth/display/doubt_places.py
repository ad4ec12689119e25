"""Where in a text and its translation the evidence of a doubt lies, as far as it lies anywhere.

A doubt is a verdict on the whole row; these are the places that gave rise to it: numbers without a counterpart,
words left in the other language, addresses and placeholders that changed. Lengths and lists have no place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from synth.language import detect
from synth.language.segmentation import sentences
from synth.translation.pair import Text

#: Doubt -> the kinds of spans that a translation leaves as they are.
_PROTECTED = {
    "code_changed": ("fenced_code", "code_line", "inline_code"), "identifier_changed": ("identifier",),
    "address_changed": ("url", "email", "handle"), "formula_changed": ("latex",),
    "placeholder_changed": ("placeholder",), "tag_changed": ("html",), "key_changed": ("json_key",),
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:[.,' \u00a0\u202f]\d+)*")
_QUOTED = re.compile(r"[\"“”„«][^\"“”„«»\n]{1,300}[\"“”»]")
_OTHER_SCRIPT = re.compile(
    r"[\u0370-\u1cff\u2e80-\ufaff\uff66-\uffdc]+(?:\s+[\u0370-\u1cff\u2e80-\ufaff\uff66-\uffdc]+)*"
)
_WORD = re.compile(r"[^\W\d_]+")
#: Words in a row that both sides have: fewer are names.
_RUN = 5
#: How sure the detector must be of a sentence.
_SURE = 0.7


class Place(NamedTuple):
    """A part of a text, and the doubt that it gives rise to."""

    start: int
    end: int
    doubt: str


def places(source: Text, translation: Text, doubts: Iterator[str] | list[str]) -> tuple[list[Place], list[Place]]:
    """(places in the source, places in its translation), in their order and without overlaps."""
    sides: tuple[list[Place], list[Place]] = ([], [])
    for doubt in doubts:
        finder = _finder(doubt)
        for side, (text, counterpart) in enumerate(((source, translation), (translation, source))):
            sides[side].extend(Place(start, end, doubt) for start, end in finder(text, counterpart, side == 1))
    return _in_order(sides[0]), _in_order(sides[1])


def pieces(text: str, marks: list[Place]) -> list[tuple[str, str]]:
    """[(text, doubt or "")]: the text cut at its places."""
    parts, cursor = [], 0
    for start, end, doubt in marks:
        parts += [(text[cursor:start], ""), (text[start:end], doubt)]
        cursor = end
    return [part for part in (*parts, (text[cursor:], "")) if part[0]]


def _in_order(places_of_side: list[Place]) -> list[Place]:
    """In the order of the text; of two that overlap the second is a part of the first, or left out."""
    rows: list[Place] = []
    for span in sorted(places_of_side, key=lambda row: (row.start, -row.end)):
        if rows and span.start < rows[-1].end:
            if span.doubt == rows[-1].doubt:
                rows[-1] = rows[-1]._replace(end=max(rows[-1].end, span.end))
        elif span.start < span.end:
            rows.append(span)
    return rows


Finder = Callable[[Text, Text, bool], Iterator[tuple[int, int]]]


def _finder(doubt: str) -> Finder:
    if kinds := _PROTECTED.get(doubt):
        return lambda text, counterpart, _: _protected(text, counterpart, kinds)
    return _FINDERS.get(doubt, _nowhere)


def _nowhere(_: Text, __: Text, ___: bool) -> Iterator[tuple[int, int]]:
    yield from ()


def _protected(text: Text, counterpart: Text, kinds: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Spans that the other side has less often."""
    free = Counter(counterpart.protected(*kinds))
    for span in text.spans:
        part = text.text[span.start : span.end]
        if span.kind in kinds:
            if free[part] <= 0:
                yield span.start, span.end
            free[part] -= 1


def _numbers(text: Text, counterpart: Text, _: bool) -> Iterator[tuple[int, int]]:
    """Numbers whose digits the other side has less often."""
    free = Counter(_digits(match.group()) for match in _NUMBER.finditer(counterpart.text))
    for match in _NUMBER.finditer(text.text):
        digits = _digits(match.group())
        if free[digits] <= 0:
            yield match.span()
        free[digits] -= 1


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def _untranslated(text: Text, counterpart: Text, is_translation: bool) -> Iterator[tuple[int, int]]:
    """In the translation: runs of words that the source has, and sentences in its language."""
    if not is_translation:
        return
    words = [match.group().lower() for match in _WORD.finditer(counterpart.text)]
    runs = set(zip(*(words[shift:] for shift in range(_RUN)), strict=False))
    matches = list(_WORD.finditer(text.text))
    copies: list[tuple[int, int]] = []
    for i in range(len(matches) - _RUN + 1):
        if tuple(match.group().lower() for match in matches[i : i + _RUN]) in runs:
            copies.append((matches[i].start(), matches[i + _RUN - 1].end()))
    yield from copies
    for start, end in _sentences_in(text, lambda code: code == counterpart.language):
        # Of a sentence that was begun in the other language only the run is left.
        if not any(start < other_end and other_start < end for other_start, other_end in copies):
            yield start, end


def _other_language(text: Text, _: Text, is_translation: bool) -> Iterator[tuple[int, int]]:
    if is_translation:
        yield from _sentences_in(text, lambda code: code not in (text.language, "unknown"))


def _sentences_in(text: Text, is_wrong: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    cursor = 0
    for sentence in sentences(text.text, text.language):
        start = text.text.find(sentence, cursor)
        if start < 0:
            continue
        cursor = start + len(sentence)
        code, confidence = detect(sentence)
        if confidence >= _SURE and is_wrong(code):
            yield start, cursor


def _other_script(text: Text, _: Text, is_translation: bool) -> Iterator[tuple[int, int]]:
    if is_translation:
        yield from (match.span() for match in _OTHER_SCRIPT.finditer(text.text))


def _quotes(text: Text, _: Text, __: bool) -> Iterator[tuple[int, int]]:
    yield from (match.span() for match in _QUOTED.finditer(text.text))


_FINDERS: Mapping[str, Finder] = {
    "number_changed": _numbers, "untranslated": _untranslated, "other_language": _other_language,
    "other_script": _other_script, "quotes_changed": _quotes,
}  # fmt: skip
