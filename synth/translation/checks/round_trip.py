"""Round trip: a back translation is near the source, by characters (chrF) and by words.

It needs a back translation, which only an engine makes: `round_trip_doubts` is called by who has one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from synth.translation.checks import Check
from synth.translation.pair import RowPair

MEANINGS = {"round_trip": "translated back, the text is far from its source"}
#: chrF (0 to 100) and the similarity of words below both of which a back translation is far: of 500 translations of
#: wmt24pp and their post-edits (odd rows) 3 % are, of translations of other rows 94 %.
CHRF, SIMILARITY = 30.0, 0.5
#: Lengths of the runs of characters, and how much more recall counts than precision (Popović 2015: chrF2).
_ORDERS, _BETA = range(1, 7), 2
_WORD = re.compile(r"\w+")
#: Words of a text that is too short for a verdict.
_LEAST_WORDS = 3


def round_trip_doubts(text: str, back: str) -> list[str]:
    """["round_trip"] where a text and its translation back are far from each other, else [].

    Args:
        text: the source.
        back: what came back, in the source's language.
    """
    if len(_WORD.findall(text)) < _LEAST_WORDS:
        return []
    return ["round_trip"] if chrf(text, back) < CHRF and word_similarity(text, back) < SIMILARITY else []


def chrf(reference: str, hypothesis: str) -> float:
    """chrF2, 0 to 100, as sacrebleu computes it for a sentence (white space left out)."""
    texts = "".join(reference.split()), "".join(hypothesis.split())
    scores = [score for order in _ORDERS if (score := _precision_and_recall(*texts, order)) is not None]
    if not scores:
        return 0.0
    precision = sum(precision for precision, _ in scores) / len(scores)
    recall = sum(recall for _, recall in scores) / len(scores)
    weighted = _BETA**2 * precision + recall
    return 100 * (1 + _BETA**2) * precision * recall / weighted if weighted else 0.0


def _precision_and_recall(reference: str, hypothesis: str, order: int) -> tuple[float, float] | None:
    """Of the runs of so many characters; None where a text is too short to have any."""
    runs = [
        Counter(text[start : start + order] for start in range(len(text) - order + 1))
        for text in (reference, hypothesis)
    ]
    totals = [counts.total() for counts in runs]
    if not all(totals):
        return None
    shared = (runs[0] & runs[1]).total()
    return shared / totals[1], shared / totals[0]


def word_similarity(text: str, back: str) -> float:
    """The cosine of the counts of words, 0 to 1."""
    counts = [Counter(_WORD.findall(side.lower())) for side in (text, back)]
    lengths = [math.sqrt(sum(count**2 for count in side.values())) for side in counts]
    product = sum(count * counts[1][word] for word, count in counts[0].items())
    return product / (lengths[0] * lengths[1]) if all(lengths) else 0.0


def _row_doubts(_: RowPair) -> Iterator[str]:
    """None: the two rows hold no back translation."""
    return iter(())


CHECK = Check(MEANINGS, _row_doubts)
