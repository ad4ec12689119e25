"""Texts as sets of numbers: a 64-bit hash for each word and for each run of neighbouring words.

The hashes are the same in every process and on every machine (BLAKE2b of the word's UTF-8), and 64 bits wide: that two
different runs of a pair of texts meet in one number happens once in 10**15 pairs, so that what is counted with them is
counted exactly.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

from synth.language.segmentation import words

if TYPE_CHECKING:
    import numpy as np

#: Different words remembered with their hashes; then it begins anew.
_REMEMBERED = 2_000_000
#: Odd, half of its bits set: 2**64 divided by the golden ratio.
_FACTOR = 0x9E3779B97F4A7C15


def normalised(text: str) -> str:
    """NFC, without case, every run of white space one space; punctuation stays."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


class _Hashes(dict[str, int]):
    """word -> its hash, made when it is asked for."""

    def __missing__(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode(errors="surrogatepass"), digest_size=8).digest()
        self[word] = value = int.from_bytes(digest, "little")
        return value


class WordHasher:
    """Words (`synth.language.segmentation.words`, without case) to 64-bit hashes."""

    def __init__(self) -> None:
        self._known = _Hashes()

    def __call__(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """(uint64 [words] of all texts, one after the other; int64 [texts + 1] where each begins)."""
        import numpy as np

        if len(self._known) > _REMEMBERED:
            self._known.clear()
        rows = [[*map(self._known.__getitem__, words(text.casefold()))] for text in texts]
        bounds = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=bounds[1:])
        return np.fromiter(chain.from_iterable(rows), dtype=np.uint64, count=int(bounds[-1])), bounds


def runs(hashes: np.ndarray, bounds: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Every run of `length` neighbouring words within a text: (uint64 [runs], int64 [runs] text of each), in order."""
    import numpy as np

    rows = np.flatnonzero(np.diff(bounds) >= length)
    return runs_of(hashes, bounds, rows, length)


def runs_of(hashes: np.ndarray, bounds: np.ndarray, rows: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The same of these texts alone; each has `length` words or more."""
    import numpy as np

    counts = np.diff(bounds)[rows] - length + 1
    owners = np.repeat(rows, counts)
    ends = np.cumsum(counts)
    starts = np.arange(len(owners)) - np.repeat(ends - counts, counts) + bounds[owners]
    # The length counts, or a run of one word would be told by the word alone.
    values = np.full(len(owners), length, dtype=np.uint64)
    for offset in range(length):
        values = values * np.uint64(_FACTOR) + hashes[starts + offset]
    return mixed(values), owners


def mixed(values: np.ndarray) -> np.ndarray:
    """uint64 to uint64, every bit of the result hanging on every bit: the last steps of MurmurHash3 (64 bits)."""
    import numpy as np

    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        values = (values ^ (values >> np.uint64(33))) * np.uint64(factor)
    return values ^ (values >> np.uint64(33))


def shingle_sets(hashes: np.ndarray, bounds: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """The set of runs of each text: (uint64 [members], sorted within a text, each once; int64 [texts + 1] bounds).

    A text of fewer than `length` words is one run as a whole; one without a word has none.
    """
    import numpy as np

    sizes = np.diff(bounds)
    parts = [runs_of(hashes, bounds, np.flatnonzero(sizes == short), short) for short in range(1, length)]
    parts.append(runs(hashes, bounds, length))
    values, owners = (np.concatenate(side) for side in zip(*parts, strict=True))
    order = np.lexsort((values, owners))
    values, owners = values[order], owners[order]
    first = np.ones(len(values), dtype=bool)
    first[1:] = (values[1:] != values[:-1]) | (owners[1:] != owners[:-1])
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owners[first], minlength=len(sizes)), out=starts[1:])
    return values[first], starts
