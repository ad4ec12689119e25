"""Texts and their translations, known by what translation leaves alone: numbers, names, addresses, code, cognates.

A word counts by its first five letters without accents, weighted by how rare it is in both languages. Two texts are
linked where each is the other's nearest by far, and what they share is much. Precision first: how much of either is
found, on human translations, prints benchmarks/scores/bench_parallel_texts.py.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from synth.language.segmentation import without_marks

#: Cosine, weight in common (nats) and the second best's share of the best, chosen on those sets: precision first.
_COSINE, _WEIGHT, _SECOND = 0.2, 16.0, 0.7
#: Lengths in characters of a text and its translation.
_SHORTER, _LONGER = 0.5, 2.2
#: Texts that share a word from which it tells nothing: time stays linear.
_FREQUENT = 200
_WORD = re.compile(r"https?://\S+|\d+(?:[.,:]\d+)*|[^\W\d_]\w*")
_LETTERS = 5


def anchors(text: str) -> frozenset[str]:
    """What of a text a translation may leave alone."""
    return frozenset(anchor for word in _WORD.findall(text) for anchor in _anchors_of(word))


def _anchors_of(word: str) -> Iterator[str]:
    if word[0].isdigit():
        yield "#" + re.sub(r"\D", "", word)
        return
    folded = without_marks(word.casefold())
    if len(folded) >= _LETTERS - 1:
        yield folded[:_LETTERS]
    if word.startswith("http") or "_" in word:
        yield word.rstrip(".,)")


def parallel(texts: Sequence[str], others: Sequence[str]) -> list[tuple[int, int]]:
    """(number of a text, number of its translation among `others`), each at most once."""
    sides = [[anchors(text) for text in side] for side in (texts, others)]
    rarity = [_rarity(side) for side in sides]
    sizes = [[math.sqrt(sum(weights[name] for name in row)) or 1.0 for row in side]
             for side, weights in zip(sides, rarity, strict=True)]  # fmt: skip
    places = _places(sides[1], rarity[0])
    best: dict[int, list[tuple[float, float, int]]] = {}
    nearest: dict[int, list[tuple[float, float, int]]] = {}
    for number, row in enumerate(sides[0]):
        common: dict[int, float] = defaultdict(float)
        for name in sorted(row & places.keys()):
            for other in places[name]:
                common[other] += min(rarity[0][name], rarity[1][name])
        for other, weight in common.items():
            if _SHORTER <= len(others[other]) / max(1, len(texts[number])) <= _LONGER:
                cosine = weight / (sizes[0][number] * sizes[1][other])
                _remember(best, number, (cosine, weight, other))
                _remember(nearest, other, (cosine, weight, number))
    return [(number, rows[0][2]) for number, rows in best.items() if _is_translation(number, rows, nearest)]


def _rarity(rows: Sequence[frozenset[str]]) -> dict[str, float]:
    counts = Counter(name for row in rows for name in row)
    return {name: math.log((1 + len(rows)) / count) for name, count in counts.items()}


def _places(rows: Sequence[frozenset[str]], names: Mapping[str, float]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for name in row & names.keys():
            places[name].append(number)
    return {name: numbers for name, numbers in places.items() if len(numbers) <= _FREQUENT}


def _remember(best: dict[int, list[tuple[float, float, int]]], number: int, row: tuple[float, float, int]) -> None:
    """The two nearest alone."""
    best[number] = sorted([*best.get(number, ()), row], reverse=True)[:2]


def _is_translation(
    number: int, rows: Sequence[tuple[float, float, int]], nearest: Mapping[int, Sequence[tuple[float, float, int]]]
) -> bool:
    cosine, weight, other = rows[0]
    back = nearest[other]
    second = max((side[1][0] for side in (rows, back) if len(side) > 1), default=0.0)
    return back[0][2] == number and cosine >= _COSINE and weight >= _WEIGHT and second <= _SECOND * cosine
