"""A translation translated back, beside its source: what both share in letters (chrF) and in words (cosine).

chrF: Popović, "chrF: character n-gram F-score for automatic MT evaluation", 2015, order 6, beta 2, without white space.
`train.metrics.overlap` has the same function: neither package may import the other.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.embed import Embedder

_CHARACTERS, _BETA = 6, 2
#: chrF below which a text that came back has no more in common with its source than another text of the language: the
#: highest of 400 pairs of different rows of Alpaca (their median is 18, the 99th percentile 32).
UNRELATED = 35.0


def chrf(text: str, reference: str) -> float:
    """chrF2, 0 to 100; both are brought to NFC first."""
    own_text, reference_text = ("".join(unicodedata.normalize("NFC", part).split()) for part in (text, reference))
    precision = recall = 0.0
    orders = 0
    for size in range(1, _CHARACTERS + 1):
        own, expected = _grams(own_text, size), _grams(reference_text, size)
        if own and expected:
            shared = (own & expected).total()
            precision += shared / own.total()
            recall += shared / expected.total()
            orders += 1
    if not precision + recall:
        return 0.0
    precision, recall = precision / orders, recall / orders
    return 100 * (1 + _BETA**2) * precision * recall / (_BETA**2 * precision + recall)


def cosine(text: str, reference: str, embedder: Embedder) -> float:
    """Cosine of two texts' vectors, -1 to 1."""
    rows = embedder.encode([text, reference])
    product = rows[:1] @ rows[1:].T
    return float((product.toarray() if hasattr(product, "toarray") else product)[0, 0])


def _grams(text: str, size: int) -> Counter[str]:
    return Counter(text[start : start + size] for start in range(len(text) - size + 1))
