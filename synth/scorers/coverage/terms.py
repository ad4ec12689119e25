"""A text in statements, and a statement in terms: what two texts can be seen to share, in any script.

A term is the beginning of a word, a number without its separators, a pair of neighbouring Vietnamese syllables, or a
pair of neighbouring characters where words have no spaces between them. An elided article ("dell'accordo") is none.

Statements end by their own marks alone, never by what follows: a text and one more statement are read as that text is.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from synth.language.tables import languages

#: Letters that name a word whatever its ending: governo and governi, presidente and presidenza.
STEM = 6
#: Thai, Lao, Burmese, Khmer, kana and Han: written without spaces.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_STOP = re.compile(r"[.!?…]+[\"'”’»›)\]}]*(?=\s|\Z)|[。！？؟।]+[”’»」』）]*|\n+")
_APOSTROPHES = "'’ʼ"


class Term(NamedTuple):
    """A term, and how much it says by itself, 0 to 1."""

    key: str
    weight: float


class Statement(NamedTuple):
    """A sentence: where it stands in its text, and its terms in order."""

    start: int
    end: int
    terms: tuple[Term, ...]


def statements(text: str, syllabic: bool = False) -> list[Statement]:
    """The sentences of an NFC text that have a term."""
    rows = (Statement(start, end, tuple(_terms(text[start:end], syllabic))) for start, end in _spans(text))
    return [row for row in rows if row.terms]


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for stop in _STOP.finditer(text):
        yield start, stop.end()
        start = stop.end()
    yield start, len(text)


def _terms(sentence: str, syllabic: bool) -> Iterator[Term]:
    words = list(_words(sentence))
    for in_pairs, group in itertools.groupby(words, key=lambda word: word.unspaced or syllabic):
        run = list(group)
        yield from _pairs(run) if in_pairs else [word.term for word in run]
        if in_pairs:
            yield from (word.term for word in run if word.is_number)


class _Word(NamedTuple):
    """A word, or a character of an unspaced script."""

    term: Term
    unspaced: bool = False
    is_number: bool = False


def _pairs(words: Sequence[_Word]) -> Iterator[Term]:
    if len(words) == 1 and not words[0].is_number:
        yield words[0].term
    for first, second in itertools.pairwise(word.term for word in words):
        yield Term(f"{first.key} {second.key}", first.weight * second.weight)


@functools.cache
def _pattern() -> re.Pattern[str]:
    r"""One character of an unspaced script, or a word with its marks; Python's \w lacks those of Hindi or Arabic."""
    marks = "".join(chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M")
    letter = rf"(?:[^\W_{_UNSPACED}][{marks}]*)"
    return re.compile(rf"(?P<unspaced>[{_UNSPACED}][{marks}]*)|{letter}+(?:(?<=\d)[.,](?=\d){letter}+)*")


def _words(sentence: str) -> Iterator[_Word]:
    first = True
    for match in _pattern().finditer(sentence):
        spelling = match.group()
        if match["unspaced"]:
            yield _Word(Term(spelling, 1.0), unspaced=True)
        elif not _is_elided(sentence, match.end(), spelling):
            yield _word(spelling, first)
        first = False


@functools.lru_cache(maxsize=2**16)
def _word(spelling: str, first: bool) -> _Word:
    return _Word(_term(spelling, first), is_number=any(map(str.isdigit, spelling)))


def _is_elided(sentence: str, end: int, spelling: str) -> bool:
    """Whether a vowel follows the word's apostrophe: "dell'accordo", but not "Trump's" and "O'Hare" at its length."""
    if len(spelling) >= STEM or sentence[end : end + 1] not in (*_APOSTROPHES,):
        return False
    following = unicodedata.normalize("NFD", sentence[end + 1 : end + 3].lower())
    return following[:1] in (*"aeiouh",)


def _term(spelling: str, first: bool) -> Term:
    low = spelling.lower()
    if any(character.isdigit() for character in low):
        return Term(low.replace(".", "").replace(",", ""), 1.0)
    if low in _frequent():
        return Term(low[:STEM], _FREQUENT)
    name = spelling[0].isupper() and not first
    return Term(low[:STEM], 1.0 if name else min(len(low), STEM) / STEM)


#: Weight of a small word; that of others grows with their length, as rare words are long. On realsumm_30 that is worth
#: what document frequencies of an archive are (Pearson within documents .488 for both), and needs no archive.
_FREQUENT = 0.15


@functools.cache
def _frequent() -> frozenset[str]:
    return frozenset().union(*(table.frequent for table in languages().values()))
