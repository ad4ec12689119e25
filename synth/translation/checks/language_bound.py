"""Rows about their language: never passed unless code finds them right, and constraints of a task that broke."""

from __future__ import annotations

from collections.abc import Iterator

from synth.translation.checks import Check
from synth.translation.language_bound import (
    ANSWER_LANGUAGE,
    CONSTRAINT_BROKEN,
    LANGUAGE_BOUND,
    classify,
    constraint_doubts,
    doubts_of_bound,
)
from synth.translation.pair import RowPair

MEANINGS = {
    LANGUAGE_BOUND: "asks about words, letters or grammar of its language, and no code finds the translation right",
    ANSWER_LANGUAGE: "the task wants its answer in a certain language, and the answer is no longer in it",
    CONSTRAINT_BROKEN: "a demand on the form of the answer, which the source's answer meets, is not met or not made",
}


def _doubts(row: RowPair) -> Iterator[str]:
    # A request without an answer teaches nothing that could be wrong.
    if not any(pair.source.text.strip() for pair in row.texts("output")):
        return
    yield from doubts_of_bound(row.bound, row.source, row.translation, row.language)
    yield from constraint_doubts(row.source, row.translation, row.source_language, row.language)


def _doubts_alone(row: RowPair) -> Iterator[str]:
    """A row about its language that was translated all the same; nobody knows into what."""
    if classify(row.translation, row.language):
        yield LANGUAGE_BOUND


CHECK = Check(MEANINGS, _doubts, _doubts_alone)
