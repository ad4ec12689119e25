"""Two texts of a row that differed and are the same once translated: "Correct the sentence" with nothing to correct."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from synth.translation.checks import Check
from synth.translation.pair import RowPair, Text

MEANINGS = {"same_after_translation": "two texts of the row differed and are the same once translated"}


def _doubts(row: RowPair) -> Iterator[str]:
    for first, second in combinations(row.texts("instruction", "input", "output"), 2):
        if (
            _plain(first.target)
            and _plain(first.target) == _plain(second.target)
            and _plain(first.source) != _plain(second.source)
        ):
            yield "same_after_translation"


def _doubts_alone(row: RowPair) -> Iterator[str]:
    """An answer that is its question again."""
    questions = [_plain(pair.target) for pair in row.texts("instruction", "input")]
    if any(_plain(pair.target) in questions for pair in row.texts("output") if pair.target.words):
        yield "same_after_translation"


def _plain(side: Text) -> list[str]:
    return side.text.casefold().split()


CHECK = Check(MEANINGS, _doubts, _doubts_alone)
