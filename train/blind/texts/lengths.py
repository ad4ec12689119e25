"""One length for the texts of a prompt, cut at the ends of sentences: who writes longer is known by that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise

from train.blind.texts.forms import sentence_ends

#: Texts are not cut below so many words because one of them is short: there would be nothing left to rate.
SHORTEST = 30
#: A text of half the length is taken where lengths then differ by half of this share less.
_PRICE = 0.2


def shorter(text: str, words: int, language: str = "") -> str:
    """The first sentences of a text, `words` words at most; words with a mark where the first sentence is longer."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    if len(ends) <= words:
        return text
    cut = text[: ends[words - 1]]
    whole = [end for end in sentence_ends(text, language) if end <= len(cut)]
    return cut[: whole[-1]] if whole else f"{cut} […]"


def equal(texts: Sequence[str], language: str = "", most: int | None = None) -> list[str]:
    """The texts of one prompt, each up to the end of a sentence, so that their lengths in words are as near as may be.

    most: words of each at most. Empty texts stay and bound nothing.
    """
    full = [text for text in texts if text.strip()]
    if most is not None:
        full = [shorter(text, most, language) for text in full]
    if len(full) > 1:
        goal = _goal([_lengths(text, language) for text in full])
        full = [_cut(text, goal, language) for text in full]
    rest = iter(full)
    return [next(rest) if text.strip() else text for text in texts]


def spread(counts: Sequence[int]) -> float:
    """How unequal lengths are: the longest less the shortest, as a share of the longest; 0 of fewer than two."""
    return (max(counts) - min(counts)) / max(counts) if len(counts) > 1 and max(counts) else 0.0


def _lengths(text: str, language: str) -> list[tuple[int, int]]:
    """(words, offset) at each end of a sentence, and at the text's end."""
    offsets = sorted({*sentence_ends(text, language), len(text)})
    counts = accumulate(len(text[start:end].split()) for start, end in pairwise([0, *offsets]))
    return list(zip(counts, offsets, strict=True))


def _goal(lengths: Sequence[Sequence[tuple[int, int]]]) -> int:
    """The number of words at which the texts' sentences end nearest to each other; longer ones are preferred."""
    shortest = max(SHORTEST, min(each[-1][0] for each in lengths))
    goals = sorted({words for each in lengths for words, _ in each if words <= shortest * 1.1} | {shortest})

    def cost(goal: int) -> float:
        counts = [_nearest(each, goal)[0] for each in lengths]
        return spread(counts) + _PRICE * max(0.0, 1 - min(counts) / shortest)

    return min(goals, key=lambda goal: (cost(goal), -goal))


def _nearest(lengths: Sequence[tuple[int, int]], goal: int) -> tuple[int, int]:
    return min(lengths, key=lambda each: (abs(each[0] - goal), each[0]))


def _cut(text: str, goal: int, language: str) -> str:
    lengths = _lengths(text, language)
    words, offset = _nearest(lengths, goal)
    # One long sentence of somebody who sets no full stops.
    if words > goal * 1.5 and words > SHORTEST:
        return shorter(text, goal, language)
    return text[:offset].strip()
