"""Words that say one thing and words that say its opposite, looked up in the tables of a language."""

from __future__ import annotations

import functools

from synth.language.tables import languages
from synth.scorers.faithful.names import fold, is_syllabic

#: (number of the pair of opposites, side of it) of each pair that a word belongs to.
Sides = tuple[tuple[int, int], ...]


@functools.lru_cache(maxsize=2**16)
def opposite_sides(language: str, word: str) -> Sides:
    """Of a folded word, or of two with a blank between."""
    exact, beginnings = _opposites(language)
    return exact.get(word, ()) + tuple(
        side for size in range(2, len(word) + 1) for side in beginnings.get(word[:size], ())
    )


@functools.cache
def _opposites(language: str) -> tuple[dict[str, Sides], dict[str, Sides]]:
    """(word -> sides, beginning of words -> sides)."""
    exact: dict[str, Sides] = {}
    beginnings: dict[str, Sides] = {}
    whole = is_syllabic(language)
    for number, pair in enumerate(languages()[language].polarity.opposites):
        for side, entries in enumerate(pair):
            for entry in entries:
                word = " ".join(fold(part) for part in entry.removesuffix(".").split(" "))
                table = exact if whole or entry.endswith(".") or " " in entry else beginnings
                table[word] = (*table.get(word, ()), (number, side))
    return exact, beginnings


@functools.lru_cache(maxsize=2**16)
def is_polar(language: str, word: str) -> bool:
    """Whether a folded word belongs to a pair, alone or as the first of two."""
    return bool(opposite_sides(language, word)) or word in _first_words(language)


@functools.cache
def _first_words(language: str) -> frozenset[str]:
    return frozenset(word.split(" ")[0] for word in _opposites(language)[0] if " " in word)
