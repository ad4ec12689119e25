"""Near copies of texts, found without comparing each with each.

A text is sketched by the smallest hashes of its word 5-grams (bottom-k; Broder, 1997); how many of the
smallest hashes of both are in either's sketch estimates the Jaccard similarity of the 5-grams.
"""

from __future__ import annotations

import heapq
import zlib
from array import array
from collections.abc import Sequence

from synth.language.segmentation import words

#: Words of a shingle; hashes of a sketch, and how many of them lead to a text: of two texts of which half the shingles
#: are the same, all six smallest differ once in sixty times.
SHINGLE, SKETCH, LEADS = 5, 24, 6
#: Estimated Jaccard similarity from which a text counts as a copy: agency text with another headline and lead.
ALIKE = 0.5
#: Shorter texts say too little to tell a copy from a coincidence.
SHORTEST = 20


class Copies:
    """Names texts such that near copies have one name. Some 700 bytes a text that is no copy."""

    def __init__(self) -> None:
        self._sketches: list[array[int]] = []
        self._places: dict[int, int] = {}

    def name(self, text: str) -> str:
        """The same name for every near copy of a text named before; "" for one too short to tell."""
        sketch = sketch_of(text)
        if not sketch:
            return ""
        leads = sketch[:LEADS]
        for position in sorted({self._places[value] for value in leads if value in self._places}):
            if likeness(sketch, self._sketches[position]) >= ALIKE:
                return f"copy {position}"
        position = len(self._sketches)
        self._sketches.append(array("I", sketch))
        for value in leads:
            # The first keeps the place: a phrase that everybody prints leads to one text, not to all.
            self._places.setdefault(value, position)
        return f"copy {position}"


def sketch_of(text: str) -> list[int]:
    """The smallest hashes of a text's shingles, sorted; [] for a short text."""
    crcs = [zlib.crc32(word.encode()) for word in words(text.lower())]
    if len(crcs) < SHORTEST:
        return []
    # A polynomial of the words' hashes: sums and products of small numbers, where joining texts again would copy them.
    hashes = set(map(_mixed, crcs, crcs[1:], crcs[2:], crcs[3:], crcs[4:]))
    return heapq.nsmallest(SKETCH, hashes)


def _mixed(first: int, second: int, third: int, fourth: int, fifth: int) -> int:
    """One 32-bit hash of five, in which their order counts; the last steps are those of MurmurHash3."""
    value = ((((first * 31 + second) * 31 + third) * 31 + fourth) * 31 + fifth) & 0xFFFFFFFF
    value = ((value ^ (value >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    return value ^ (value >> 16)


def likeness(first: Sequence[int], second: Sequence[int]) -> float:
    """Estimated Jaccard similarity of the shingles of two texts."""
    union = sorted({*first, *second})[: max(len(first), len(second))]
    both = {*first} & {*second}
    return sum(value in both for value in union) / len(union)
