"""Texts that are near in words: candidates by MinHash and bands (LSH), each checked by its true Jaccard similarity.

A text is the set of its runs of neighbouring words (shingles). Its MinHash signature has one smallest hash in each of
128 places; two texts agree in a place with the probability of their Jaccard similarity (Broder, 1997). Places are cut
into bands: texts that agree in a whole band become candidates (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets,
3.4), and only what the sets themselves say is believed.

The signatures come from rensa (R-MinHash, Rust), which takes our hashes as they are: 5 times as fast as datasketch
2.0.0 for texts of 40 words, 30 times for 400. Its own LSH and deduplicators, like datasketch's, believe the estimate,
and a text without words is near to any other such text: so these are not used. No signature is stored: another version
may make other ones (0.5.0 did), which changes who becomes a candidate once in some thousand pairs at the threshold
itself, and no similarity.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from synth.near_duplicates.shingles import WordHasher, mixed, shingle_sets

if TYPE_CHECKING:
    import numpy as np

#: Places of a signature, and what draws the hash functions.
PERMUTATIONS, SEED = 128, 1
#: Pairs exactly at the threshold that no band may find, at most.
_MISSED = 1e-3
#: Texts whose members are sorted at once.
_PORTION = 50_000
#: More than rounding can take from a size.
_ROUNDING = 1e-6
#: More than a set has members.
_PLACES = 2**32


class Found(NamedTuple):
    """A kept text that is near to another."""

    row: int
    score: float


def bands_of(threshold: float, permutations: int = PERMUTATIONS) -> tuple[int, int]:
    """(bands, places of a band): the widest bands that miss one in a thousand pairs at the threshold at most.

    Wider bands have fewer candidates in vain. At .7: 32 of 4, which miss 1 in 6,700; at .75 they miss 1 in 190,000.
    """
    for places in range(permutations, 1, -1):
        bands = permutations // places
        if (1 - threshold**places) ** bands <= _MISSED:
            return bands, places
    return permutations, 1


class NearTexts:
    """The sets of many texts, and for a text the kept ones that are near to it.

    Memory: 8 bytes for each different shingle of a text and 8 for each band, some 600 bytes for a text of 40 words.
    """

    def __init__(self, threshold: float, shingle: int) -> None:
        """
        Args:
            threshold: Jaccard similarity from which two texts are near, 0 < threshold <= 1.
            shingle: words of a run.
        """
        self.threshold, self.shingle = threshold, shingle
        self.bands, self.places = bands_of(threshold)
        #: |A & B| of near sets, of |A| + |B|.
        self._needed = threshold / (1 + threshold)
        self._hasher = WordHasher()
        #: All sets, one after the other; an array grows in place, where joined parts would be there twice.
        self._members, self._bounds = array("Q"), array("q", [0])
        self._keys: list[np.ndarray] = []
        #: token (see `_prefix_tokens`) -> (size of the set, place of the token in it) -> kept texts. Most tokens have
        #: a single text: then one number stands for a mapping, which takes five times as much.
        self._kept: dict[int, int | dict[tuple[int, int], list[int]]] = {}
        #: kept text -> its turn.
        self._turns: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def add(self, texts: Sequence[str]) -> None:
        """More texts; they are numbered from 0 in the order they come. Some thousands at a time."""
        members, bounds = shingle_sets(*self._hasher(texts), self.shingle)
        self._bounds.extend((bounds[1:] + self._bounds[-1]).tolist())
        self._members.frombytes(members.tobytes())
        self._keys.append(self._band_keys(members, bounds))

    def _band_keys(self, members: np.ndarray, bounds: np.ndarray) -> np.ndarray:
        """uint64 [texts, bands]: the same number where all places of a band agree."""
        import numpy as np
        from rensa import RMinHash

        matrix = RMinHash.digest_matrix_from_flat_token_hashes(members, bounds, PERMUTATIONS, SEED)
        signatures = np.array(matrix.to_rows(), dtype=np.uint64).reshape(-1, PERMUTATIONS)
        places = signatures[:, : self.bands * self.places].reshape(-1, self.bands, self.places)
        keys = np.zeros(places.shape[:2], dtype=np.uint64)
        for position in range(self.places):
            keys = mixed(keys + places[:, :, position] + np.uint64(1))
        return keys

    def close(self) -> np.ndarray:
        """No more texts come; the numbers of those that share a band with another, int [m]: others are near to none."""
        import numpy as np

        keys = np.concatenate(self._keys) if self._keys else np.zeros((0, self.bands), dtype=np.uint64)
        self._keys = []
        self._sets = np.frombuffer(self._members, dtype=np.uint64) if self._members else np.zeros(0, dtype=np.uint64)
        self._starts = np.frombuffer(self._bounds, dtype=np.int64)
        # A text without words has a signature, too, and all such agree: it is near to nothing.
        rows = _sharing(keys, np.flatnonzero(np.diff(self._starts)))
        self._place_of = np.full(len(self), -1, dtype=np.int64)
        self._place_of[rows] = np.arange(len(rows))
        self._prefix_tokens, self._token_starts = _prefix_tokens(self._sets, self._starts, rows, self.threshold)
        return rows

    def nearest(self, row: int) -> Found | None:
        """The kept text that is nearest to this one, of equals the one kept first; None where none is near."""
        import numpy as np

        own, candidates = int(self._starts[row + 1] - self._starts[row]), set[int]()
        for position, token in enumerate(self._own_tokens(row)):
            for (size, offset), rows in self._having(token):
                # The first common member with all that come after it: more they cannot have in common.
                if min(own - position, size - offset) >= self._needed * (own + size) - _ROUNDING:
                    candidates.update(rows)
        if not candidates:
            return None
        # In the order in which they were kept, whatever led to them.
        near_rows = np.array(sorted(candidates, key=self._turns.__getitem__), dtype=np.int64)
        scores = self.jaccard(row, near_rows)
        best = int(scores.argmax())
        return Found(int(near_rows[best]), float(scores[best])) if scores[best] >= self.threshold else None

    def keep(self, row: int) -> None:
        """From now on this text may be the nearest of others."""
        self._turns[row] = len(self._turns)
        size = int(self._starts[row + 1] - self._starts[row])
        for position, token in enumerate(self._own_tokens(row)):
            entry = self._kept.get(token)
            if entry is None:
                self._kept[token] = row * _PLACES + position
                continue
            if isinstance(entry, int):
                entry = self._kept[token] = {self._size_and_place(entry): [entry // _PLACES]}
            entry.setdefault((size, position), []).append(row)

    def _having(self, token: int) -> Iterable[tuple[tuple[int, int], list[int]]]:
        """((size of the set, place of the token in it), kept texts) for those that have the token."""
        entry = self._kept.get(token)
        if entry is None:
            return ()
        if isinstance(entry, int):
            return ((self._size_and_place(entry), [entry // _PLACES]),)
        return entry.items()

    def _size_and_place(self, only: int) -> tuple[int, int]:
        row, position = divmod(only, _PLACES)
        return int(self._starts[row + 1] - self._starts[row]), position

    def _own_tokens(self, row: int) -> list[int]:
        position = int(self._place_of[row])
        if position < 0:
            return []
        result: list[int] = self._prefix_tokens[
            self._token_starts[position] : self._token_starts[position + 1]
        ].tolist()
        return result

    def jaccard(self, row: int, rows: np.ndarray) -> np.ndarray:
        """[others] true Jaccard similarity of their sets to that of `row`; 0 for two texts without words."""
        import numpy as np

        if not len(rows):
            return np.zeros(0)
        own = self._sets[self._starts[row] : self._starts[row + 1]]
        sizes = self._starts[rows + 1] - self._starts[rows]
        if not len(own):
            return np.zeros(len(rows))
        members, owner = _gathered(self._sets, self._starts, rows)
        position = np.minimum(np.searchsorted(own, members), len(own) - 1)
        both = np.bincount(owner, own[position] == members, minlength=len(rows))
        return both / (len(own) + sizes - both)


def _sharing(keys: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Those of `rows` that have the key of another of them in some band, ascending."""
    import numpy as np

    result = np.zeros(len(rows), dtype=bool)
    for band in range(keys.shape[1] if len(rows) else 0):
        column = keys[rows, band]
        order = np.argsort(column)
        equal = column[order][1:] == column[order][:-1]
        result[order[1:][equal]] = True
        result[order[:-1][equal]] = True
    return rows[result]


def _prefix_tokens(
    sets: np.ndarray, starts: np.ndarray, rows: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """(uint64 [tokens] the rarest members of each row's set, one row after the other; int64 [rows + 1] bounds).

    With all sets in one order of members, rare before frequent, two sets of similarity J share one of their first
    |A| - ceil(J |A|) + 1 members, each by its own size (Bayardo, Ma, Srikant, 2007: prefix filtering). Hence nothing is
    lost, and texts that all have most of a form letter, but are not near, are not compared each with each.
    """
    import numpy as np

    # How frequent, counted in 2**22 buckets: any order that all sets share will do.
    buckets = np.zeros(2**22, dtype=np.int64)
    parts: list[tuple[np.ndarray, np.ndarray]] = [(sets[:0], rows[:0])]
    portions = [rows[start : start + _PORTION] for start in range(0, len(rows), _PORTION)]
    for part in portions:
        buckets += np.bincount(_bucket(_gathered(sets, starts, part)[0]), minlength=len(buckets))
    for part in portions:
        members, owners = _gathered(sets, starts, part)
        order = np.lexsort((members, buckets[_bucket(members)], owners))
        sizes = starts[part + 1] - starts[part]
        ends = np.cumsum(sizes)
        position = np.arange(len(members)) - np.repeat(ends - sizes, sizes)
        # A little off for rounding: one member more does no harm.
        lengths = sizes - np.ceil(threshold * sizes - _ROUNDING).astype(np.int64) + 1
        parts.append((members[order][position < np.repeat(lengths, sizes)], lengths))
    tokens, counts = (np.concatenate(side) for side in zip(*parts, strict=True))
    return tokens, np.concatenate([[0], np.cumsum(counts)])


def _bucket(members: np.ndarray) -> np.ndarray:
    import numpy as np

    return (members >> np.uint64(42)).astype(np.int64)


def _gathered(sets: np.ndarray, starts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(members of these sets, one after the other; int the place in `rows` of each)."""
    import numpy as np

    sizes = starts[rows + 1] - starts[rows]
    ends = np.cumsum(sizes)
    position = np.arange(sizes.sum()) - np.repeat(ends - sizes - starts[rows], sizes)
    return sets[position], np.repeat(np.arange(len(rows)), sizes)
