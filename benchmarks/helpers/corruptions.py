"""Summaries made wrong on purpose: one number, one name or one sentence is put in the place of another.

Numbers and names are found by rules of their own, which are not those under test.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from synth.language.segmentation import sentences

KINDS = ("number", "name", "sentence")
_DIGITS = re.compile(r"(?<![\w.,:/\-])\d+(?:[.,]\d+)*(?![\w:/\-])")
_NUMBER_WORDS = {
    "it": "due tre quattro cinque sette otto nove dieci undici dodici quindici venti trenta quaranta cinquanta".split(),
    "vi": "hai ba bốn sáu bảy tám mười".split(),
}
_COUNTED_WORD = {
    "it": re.compile(
        r"(?<![\w.,])({})(?= (?:anni|mesi|giorni|ore|persone|milioni|miliardi|euro|feriti|morti|volte)\b)"
    ),
    "vi": re.compile(r"(?<![\w.,])({})(?= (?:người|triệu|tỷ|ngày|tháng|con|căn|nạn nhân|chiếc|lần|giờ|đối tượng)\b)"),
}
_WORD = re.compile(r"[^\W\d_]+")
#: One capitalised word is a name behind the words that introduce persons and places.
_BEFORE = {
    "it": frozenset("di da in su ad".split()), "vi": frozenset("anh ông chị nước".split()),
    "en": frozenset("in of by from mr mrs".split()),
}  # fmt: skip


class Corrupted(NamedTuple):
    """A text, and where it is wrong: [start, end)."""

    text: str
    start: int
    end: int
    kind: str
    was: str


def corrupt(text: str, kind: str, other_texts: Sequence[str], language: str, rng: random.Random) -> Corrupted | None:
    """The text with one thing wrong, names and sentences out of the others; None where it holds nothing of the kind."""
    if kind == "number":
        return _replace_number(text, language, rng)
    if kind == "name":
        return _replace_name(text, other_texts, language, rng)
    return _insert_sentence(text, other_texts, language, rng)


def _replace(text: str, span: tuple[int, int], new: str, kind: str) -> Corrupted:
    start, end = span
    return Corrupted(text[:start] + new + text[end:], start, start + len(new), kind, text[start:end])


def _replace_number(text: str, language: str, rng: random.Random) -> Corrupted | None:
    words = _NUMBER_WORDS[language]
    number_words = re.compile(_COUNTED_WORD[language].pattern.replace("{}", "|".join(words)))
    spans = [match.span() for match in _DIGITS.finditer(text)] + [match.span() for match in number_words.finditer(text)]
    if not spans:
        return None
    start, end = rng.choice(spans)
    old = text[start:end]
    while True:
        if old in words:
            new = rng.choice(words)
        else:
            digits = [rng.choice("123456789") if at == 0 else rng.choice("0123456789") for at in range(len(old))]
            new = "".join(new if each.isdigit() else each for each, new in zip(old, digits, strict=True))
        if new != old:
            return _replace(text, (start, end), new, "number")


def names_in(text: str, language: str) -> Iterator[tuple[int, int]]:
    """[start, end) of what is surely a name: two capitalised words in mid-sentence, or one behind a word of _BEFORE."""
    run: list[re.Match[str]] = []
    before = ""
    for match in [*_WORD.finditer(text), None]:
        joined = match is not None and (not run or text[run[-1].end() : match.start()] == " ")
        if match is not None and joined and match.group()[0].isupper() and match.group()[1:].islower():
            run.append(match)
            continue
        if run:
            middle = re.search(r"[\w,] \Z", text[max(0, run[0].start() - 2) : run[0].start()])
            if middle and (len(run) > 1 or before in _BEFORE[language]):
                yield run[0].start(), run[-1].end()
        run, before = [], match.group() if match is not None else ""


def _replace_name(text: str, other_texts: Sequence[str], language: str, rng: random.Random) -> Corrupted | None:
    spans = sorted(set(names_in(text, language)))
    if not spans:
        return None
    start, end = rng.choice(spans)
    size = len(text[start:end].split()) > 1
    names = [
        source[a:b]
        for source in other_texts
        for a, b in names_in(source, language)
        if (len(source[a:b].split()) > 1) == size
    ]
    names = [name for name in names if name not in text]
    return _replace(text, (start, end), rng.choice(names), "name") if names else None


def _insert_sentence(text: str, other_texts: Sequence[str], language: str, rng: random.Random) -> Corrupted | None:
    mine = sentences(text, language)
    theirs = [each for source in other_texts for each in sentences(source, language) if len(each.split()) > 6]
    if not mine or not theirs:
        return None
    position, new = rng.randrange(len(mine) + 1), rng.choice(theirs)
    before = " ".join(mine[:position])
    start = len(before) + bool(before)
    return Corrupted(" ".join([*mine[:position], new, *mine[position:]]), start, start + len(new), "sentence", "")
