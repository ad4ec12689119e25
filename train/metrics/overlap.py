"""What an answer shares with its reference: ROUGE-1, ROUGE-2, ROUGE-L and chrF.

ROUGE: Lin, "ROUGE: a package for automatic evaluation of summaries", 2004; on ASCII the numbers of rouge_score without
its stemmer. chrF: Popović, "chrF: character n-gram F-score for automatic MT evaluation", 2015; the numbers of sacrebleu
(order 6, beta 2, no white space, effective order).
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

_CHARACTERS, _BETA = 6, 2


def rouge(mine: Sequence[str], theirs: Sequence[str]) -> dict[str, float]:
    """{rouge1, rouge2, rougeL}: F of an answer's words to its reference's, 0 to 1; 0 where either has none."""
    return {
        "rouge1": f_score(*_shared(mine, theirs, 1)),
        "rouge2": f_score(*_shared(mine, theirs, 2)),
        "rougeL": f_score(longest_common(mine, theirs), len(mine), len(theirs)),
    }


def f_score(shared: int, mine: int, theirs: int) -> float:
    """F1 of precision shared / mine and recall shared / theirs."""
    return 2 * shared / (mine + theirs) if shared else 0.0


def _shared(mine: Sequence[str], theirs: Sequence[str], size: int) -> tuple[int, int, int]:
    """How many n-grams both have, each as often as in both, and how many each has."""
    own, other_grams = (Counter(zip(*(of[start:] for start in range(size)), strict=False)) for of in (mine, theirs))
    return (own & other_grams).total(), own.total(), other_grams.total()


def longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table at a time as the bits of one number.

    Hyyrö, "Bit-parallel LCS-length computation revisited", 2004: a bit that is 0 in the end is a step of the table.
    """
    masks: dict[str, int] = {}
    for index, word in enumerate(first):
        masks[word] = masks.get(word, 0) | 1 << index
    full = (1 << len(first)) - 1
    row = full
    for word in second:
        hits = row & masks.get(word, 0)
        row = ((row + hits) | (row - hits)) & full
    return len(first) - row.bit_count()


def chrf(answer: str, reference: str) -> float:
    """chrF2, 0 to 100; both are brought to NFC first."""
    mine, theirs = ("".join(unicodedata.normalize("NFC", text).split()) for text in (answer, reference))
    precision = recall = 0.0
    orders = 0
    for size in range(1, _CHARACTERS + 1):
        own, expected = _grams(mine, size), _grams(theirs, size)
        if own and expected:
            shared = (own & expected).total()
            precision += shared / own.total()
            recall += shared / expected.total()
            orders += 1
    if not precision + recall:
        return 0.0
    precision, recall = precision / orders, recall / orders
    return 100 * (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall)


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))
