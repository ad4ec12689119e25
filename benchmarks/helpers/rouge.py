"""ROUGE-1, ROUGE-2 and ROUGE-L against several references, by the measure of `train evaluate`."""

from __future__ import annotations

from collections.abc import Sequence

from train.metrics.overlap import rouge as against
from train.metrics.words import words

NAMES = ("ROUGE-1", "ROUGE-2", "ROUGE-L")


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """F of words, of pairs of neighbours and of the longest common subsequence: means over the references, 0 to 1."""
    found = [against(words(text), words(reference)) for reference in references]
    one, two, longest = (sum(scores[name] for scores in found) / len(found) for name in ("rouge1", "rouge2", "rougeL"))
    return one, two, longest
