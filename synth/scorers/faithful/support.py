"""How well the sources support each sentence of an answer, by its words: 0 to 1, whatever case they are written in.

Three shares of a sentence's words, joined: those that any source has; the runs of three of them that any has; and those
that one sentence of a source has in the same order. The first tells of what nobody said, the others of what is put
together from here and there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from synth.scorers.faithful.reading import SourceReading

#: What the three shares count for: words, order within one sentence, runs of three.
WEIGHTS = (4.0, 1.0, 1.0)
#: Sentences of all sources, those with most of the words, whose order is looked at.
_CANDIDATES = 3
#: Words of a sentence whose order is compared.
_LONGEST = 200


class Support(NamedTuple):
    """Of one sentence: how well it is supported, 0 to 1; the number of its best source, None where none has a word."""

    value: float
    source: int | None


def sentence_supports(sentences: Sequence[Sequence[str]], readings: Sequence[SourceReading]) -> list[Support]:
    """Of each sentence, given by the stems of its words."""
    return [_support(stems, readings) for stems in sentences]


def _support(stems: Sequence[str], readings: Sequence[SourceReading]) -> Support:
    if not stems:
        return Support(1.0 if readings else 0.0, None)
    candidates = _candidates(stems, readings)
    if not candidates:
        return Support(0.0, None)
    words = sum(any(stem in reading.sentences for reading in readings) for stem in stems) / len(stems)
    runs = list(zip(stems, stems[1:], stems[2:], strict=False))
    whole = sum(any(run in reading.runs for reading in readings) for run in runs) / len(runs) if runs else words
    order, source = max((_in_order(stems, readings[number].units.stems[at]), -number) for number, at in candidates)
    shares = (words, order / min(len(stems), _LONGEST), whole)
    value = sum(weight * share for weight, share in zip(WEIGHTS, shares, strict=True)) / sum(WEIGHTS)
    return Support(value, -source)


def _candidates(stems: Sequence[str], readings: Sequence[SourceReading]) -> list[tuple[int, int]]:
    """(source, sentence) of those that share most stems."""
    shared: Counter[tuple[int, int]] = Counter()
    for stem in dict.fromkeys(stems):
        for number, reading in enumerate(readings):
            for at in reading.sentences.get(stem, ()):
                shared[number, at] += 1
    return [place for place, _ in shared.most_common(_CANDIDATES)]


def _in_order(mine: Sequence[str], theirs: Sequence[str]) -> int:
    """The length of their longest common subsequence (Hyyrö 2004: a row of the table is the bits of a number)."""
    mine, theirs, places = mine[:_LONGEST], theirs[:_LONGEST], dict[str, int]()
    for at, stem in enumerate(theirs):
        places[stem] = places.get(stem, 0) | 1 << at
    full = (1 << len(theirs)) - 1
    row = full
    for stem in mine:
        match = row & places.get(stem, 0)
        row = (row + match | row - match) & full
    return len(theirs) - row.bit_count()
