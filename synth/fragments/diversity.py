"""How diverse texts are: different n-grams, self-BLEU, spread of their vectors, length. Linear in the texts."""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from synth.language.segmentation import words

#: Orders of n-grams of which the different ones are counters, and the longest of BLEU.
DISTINCT, ORDERS = (1, 2, 3), 4
#: Of a precision of 0 in BLEU: half a match (Chen and Cherry, 2014, method 1 with a larger epsilon).
_SMOOTHING = 0.5


def diversity(texts: Sequence[str]) -> dict[str, Any]:
    """{texts, words, distinct_1, distinct_2, distinct_3, self_bleu, spread}; None for what so few texts cannot say.

    Returns:
        words: mean length; distinct_N: different n-grams of all, 0 to 1; self_bleu: mean BLEU-4 of each text with all
        others as its references, 0 to 1, lower is more diverse (Zhu et al., 2018); spread: mean cosine distance of two
        texts' TF-IDF vectors, 0 to 1.
    """
    tokens = [[word.casefold() for word in words(text)] for text in texts]
    lengths = [len(row) for row in tokens]
    return {
        "texts": len(texts),
        "words": round(sum(lengths) / len(lengths), 1) if lengths else None,
        **{f"distinct_{order}": _rounded(distinct(tokens, order)) for order in DISTINCT},
        "self_bleu": _rounded(self_bleu(tokens)),
        "spread": _rounded(spread(texts)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _grams(row: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(row[start:] for start in range(order)), strict=False))


def distinct(tokens: Sequence[Sequence[str]], order: int) -> float | None:
    """Different n-grams of all texts by all n-grams; None where there are none."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in tokens:
        counts += _grams(row, order)
    return len(counts) / counts.total() if counts else None


def self_bleu(tokens: Sequence[Sequence[str]]) -> float | None:
    """Mean BLEU-4 of each text against all others; None for fewer than two texts with words.

    Linear in the texts: of each n-gram the two highest counts say the highest among the others.
    """
    rows = [row for row in tokens if row]
    if len(rows) < 2:
        return None
    highest = [_two_highest([_grams(row, order) for row in rows]) for order in range(1, ORDERS + 1)]
    lengths = sorted(len(row) for row in rows)
    return sum(_bleu(row, number, highest, lengths) for number, row in enumerate(rows)) / len(rows)


def _two_highest(counters: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """n-gram -> (highest count, text that has it, highest count in any other text)."""
    highest: dict[tuple[str, ...], tuple[int, int, int]] = {}
    for number, counts in enumerate(counters):
        for gram, count in counts.items():
            best, owner, second = highest.get(gram, (0, -1, 0))
            if count > best:
                highest[gram] = (count, number, best)
            elif count > second:
                highest[gram] = (best, owner, count)
    return highest


def _bleu(
    row: Sequence[str], number: int, highest: Sequence[dict[tuple[str, ...], tuple[int, int, int]]], lengths: list[int]
) -> float:
    logarithms = 0.0
    for order in range(1, ORDERS + 1):
        counts = _grams(row, order)
        total = counts.total()
        if not total:
            # As many orders as the text has words.
            return math.exp(logarithms / (order - 1)) * _brevity(len(row), lengths) if order > 1 else 0.0
        matches = 0
        for gram, count in counts.items():
            best, owner, second = highest[order - 1][gram]
            matches += min(count, second if owner == number else best)
        logarithms += math.log((matches or _SMOOTHING) / total)
    return math.exp(logarithms / ORDERS) * _brevity(len(row), lengths)


def _brevity(length: int, lengths: list[int]) -> float:
    """BLEU's penalty by the nearest length among the others, of equals the shorter one."""
    position = bisect.bisect_left(lengths, length)
    around = lengths[max(0, position - 1) : position] + lengths[position + 1 : position + 2]
    nearest = min(around, key=lambda value: (abs(value - length), value))
    return 1.0 if length >= nearest else math.exp(1 - nearest / length)


def spread(texts: Sequence[str]) -> float | None:
    """Mean cosine distance of two texts; None for fewer than two.

    With unit vectors the sum of all similarities is the square of the length of their sum: no pair is looked at.
    """
    import numpy as np

    from synth.embed import load_embedder

    if len(texts) < 2:
        return None
    vectors = load_embedder("tfidf").encode(list(texts))
    total = np.asarray(vectors.sum(axis=0)).ravel()
    own = float(vectors.multiply(vectors).sum()) if hasattr(vectors, "multiply") else float((vectors**2).sum())
    count = len(texts)
    return 1 - (float(total @ total) - own) / (count * (count - 1))
