"""Sentences: none is lost and none added.

Where a sentence is lost, the text is shorter by its length, has fewer sentences, and lacks its question mark and its
words. Each sign alone is weak; their log-likelihood ratios are added up, sentence by sentence.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Sequence

from synth.translation.checks import Check
from synth.translation.checks.length import expansion, spread
from synth.translation.evidence import Evidence
from synth.translation.pair import RowPair, Text

MEANINGS = {
    "sentence_lost": "a sentence of the source has no counterpart",
    "sentence_added": "the translation has a sentence that the source has not",
}
#: Above these sums a sentence is lost, or added (in nats; chosen on the odd rows of human translations).
LOST, ADDED = 1.2, 7.5
#: Of a hundred sentences, those that translators join to the one before, and those that they divide.
_JOINED, _DIVIDED = 0.07, 0.05
#: How many sentences more or fewer are told apart, and terms of the series that is added up for them.
_MOST, _TERMS = 4, 12
_QUESTION = re.compile(r"[?？]")
#: What one question mark too few says of a sentence with one, and of one without; what none too few says.
_MARK_LOST, _OTHER_MARK_LOST, _MARKS_EQUAL = 1.5, -1.0, -2.5


def _row_doubts(row: RowPair) -> Iterator[str]:
    if row.source_language == row.language:
        return
    for pair in row.pairs:
        if not pair.is_untouched and pair.source.words and pair.target.words:
            if evidence_of_loss(pair.source, pair.target, 1 / expansion(pair), pair.evidence_in_target) > LOST:
                yield "sentence_lost"
            if evidence_of_loss(pair.target, pair.source, expansion(pair), pair.evidence_in_source) > ADDED:
                yield "sentence_added"


def evidence_of_loss(source: Text, target: Text, characters: float, words: Evidence) -> float:
    """The largest sum of log-likelihood ratios, in nats, that a sentence of `source` has no counterpart in `target`.

    Args:
        source: the text whose sentences are looked for.
        target: the text where they should be.
        characters: characters of `source` for one of `target`.
        words: what those of `source` have to be found again in.
    """
    parts = source.sentences
    if len(parts) < 2:
        return -math.inf
    return max(_evidence(parts, source, target, characters, words)) - math.log(len(parts))


def _evidence(parts: Sequence[str], source: Text, target: Text, characters: float, words: Evidence) -> Iterator[float]:
    length = len(source.prose.strip())
    ratio = math.log(max(len(target.prose.strip()), 1) * characters / length)
    width = spread(length)
    count = _of_count(len(parts), max(-_MOST, min(_MOST, len(target.sentences) - len(parts))))
    questions = len(_QUESTION.findall(source.prose)) - len(_QUESTION.findall(target.prose))
    for part in parts:
        without = math.log(max(1 - len(part) / length, 0.02))
        gain = ((ratio / width) ** 2 - ((ratio - without) / width) ** 2) / 2
        yield count + gain + _of_question(part, questions) + words.of_absence(part)


@functools.cache
def _of_count(sentence_count: int, more: int) -> float:
    """What it says that a translation has so many sentences more (or fewer) than the source's."""
    return math.log(_frequency(sentence_count - 1, more + 1) / _frequency(sentence_count, more))


def _frequency(sentence_count: int, more: int) -> float:
    """How often translators of so many sentences write so many more: joins and divisions are two Poisson processes."""
    joined, divided = 0.02 + _JOINED * (sentence_count - 1), 0.02 + _DIVIDED * sentence_count
    terms = range(max(0, -more), max(0, -more) + _TERMS)
    return sum(_poisson(divided, term + more) * _poisson(joined, term) for term in terms) + 1e-4


def _poisson(mean: float, events: int) -> float:
    return math.exp(-mean) * mean**events / math.factorial(events)


def _of_question(part: str, questions: int) -> float:
    """A question that is lost leaves a mark too few."""
    if not _QUESTION.search(part):
        return _OTHER_MARK_LOST if questions > 0 else 0.0
    return _MARK_LOST if questions > 0 else _MARKS_EQUAL


CHECK = Check(MEANINGS, _row_doubts)
