"""ROUGE-1, ROUGE-2 and ROUGE-L against several references, by the measure of `train evaluate`."""

from __future__ import annotations

from collections.abc import Sequence

from train.metrics.overlap import rouge as against
from train.metrics.words import words

NAMES = ("ROUGE-1", "ROUGE-2", "ROUGE-L")
#: The same three as `train.metrics.overlap` calls them.
KEYS = ("rouge1", "rouge2", "rougeL")


def rouge(text: str, references: Sequence[str]) -> tuple[float, float, float]:
    """F of words, of pairs of neighbours and of the longest common subsequence: means over the references, 0 to 1."""
    scores = [against(words(text), words(reference)) for reference in references]
    rouge_1, rouge_2, rouge_l = (sum(each[name] for each in scores) / len(scores) for name in KEYS)
    return rouge_1, rouge_2, rouge_l
