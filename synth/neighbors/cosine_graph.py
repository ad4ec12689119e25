"""Rows compared by cosine: the graph "distance < threshold" and its components, from tiles of matrix products.

A tile's products are first made in single precision: the columns that many rows share as one dense product, those that
few share as a sparse one, and of those between, which cost most and add little, only a bound is taken (Cauchy-Schwarz).
Pairs that this leaves in doubt are computed again in double precision, by a sum whose order depends on the two rows
alone: an edge does not hang on what else is compared in the same call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

#: Entries of one block of distances: 64 MB of doubles.
_BLOCK = 8_000_000
#: Edges kept before they are merged into the components.
_EDGES = 4_000_000
#: Rows of a tile. Below the first the calls cost more than the products; above the second tiles, whose halves below the
#: diagonal are computed for nothing, save no more time: dense rows, sparse rows.
_TILE = (256, 1024, 2048)
#: Columns that this share of the rows have are multiplied densely: a dense multiplication costs about 1/200 of a sparse
#: one, which is needed for the square of the share of all pairs.
_COMMON = 0.1
#: The next columns are left out while what they can add to a product stays below this share of what an edge needs. A
#: third less time on synthetic rows than without, the same on real ones; beyond .4 too many real pairs stay in doubt.
_LEFT_OUT = 0.2
#: Rows that tell how much columns weigh.
_SAMPLE = 1000
#: Days by which windows are taken wider where tiles are chosen, so that rounding leaves out nothing.
_SLACK = 1e-6
#: Entries of the rows whose distances are computed at once, pair by pair.
_ENTRIES = 500_000


class Space:
    """Unit rows and the distances between them, the window applied, computed in blocks."""

    def __init__(
        self,
        vectors: np.ndarray | csr_matrix,
        days: Sequence[float] | np.ndarray | None = None,
        window: float | None = None,
    ) -> None:
        import numpy as np
        from scipy import sparse

        self.sparse = sparse.issparse(vectors)
        self.rows: Any = _canonical(vectors) if self.sparse else _floats(np.asarray(vectors))
        if self.rows.ndim != 2 and self.rows.size:
            raise NewsmillError("cluster: vectors must be a matrix, one row a text")
        self.n = self.rows.shape[0]
        #: [n] what each row is multiplied by to have unit length.
        self.rows, self.scale = _scaled(self.rows, self.sparse)
        self.window = window
        self.days: np.ndarray | None = None
        if window is not None:
            self.days = _checked_days(days, self.n)

    def unit(self, members: np.ndarray | slice) -> Any:
        """Rows of unit length, double precision; a row of zeros stays one."""
        import numpy as np

        part, scale = self.rows[members], self.scale[members]
        if not self.sparse:
            return part * scale[:, None]
        data = part.data * np.repeat(scale, np.diff(part.indptr))
        return type(part)((data, part.indices, part.indptr), shape=part.shape)

    def distances(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Dense [left, right] block of distances, in [0, 2]; 1 where the days are too far apart."""
        import numpy as np

        first, second = self.unit(left), self.unit(right)
        if self.sparse:
            first, second = narrowed(first, second)
            block = (first @ second.T).toarray()
        else:
            block = first @ second.T
        np.subtract(1.0, block, out=block)
        np.clip(block, 0.0, 2.0, out=block)
        if self.days is not None:
            block[np.abs(self.days[left][:, None] - self.days[right][None, :]) > self.window] = 1.0
        return block

    def pair_distances(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """[pairs] distances of row left[i] to right[i]; each depends on its two rows alone, to the last bit."""
        import numpy as np

        out = np.empty(len(left))
        step = max(1, _ENTRIES * self.n // max(1, self.rows.size))
        for start in range(0, len(left), step):
            part = slice(start, start + step)
            first, second = self.unit(left[part]), self.unit(right[part])
            if self.sparse:
                terms = first.multiply(second).tocsr()
                owner = np.repeat(np.arange(terms.shape[0]), np.diff(terms.indptr))
                # One by one in the order of the columns, as a product of the matrices adds them up.
                out[part] = np.bincount(owner, terms.data, minlength=terms.shape[0])
            else:
                out[part] = np.einsum("ij,ij->i", first, second)
        np.clip(1.0 - out, 0.0, 2.0, out=out)
        if self.days is not None:
            out[np.abs(self.days[left] - self.days[right]) > self.window] = 1.0
        return out

    def condensed(self, members: np.ndarray) -> np.ndarray:
        """[m (m - 1) / 2] distances of the pairs i < j, as scipy takes them."""
        import numpy as np

        m = len(members)
        out = np.empty(m * (m - 1) // 2)
        done, step = 0, max(1, _BLOCK // m)
        for start in range(0, m - 1, step):
            block = self.distances(members[start : start + step], members[start:])
            for i, row in enumerate(block[: m - 1 - start]):
                out[done : done + m - 1 - start - i] = row[i + 1 :]
                done += m - 1 - start - i
        return out

    def components(
        self, threshold: float, advance: Callable[[int], None] | None = None, known: np.ndarray | None = None
    ) -> np.ndarray:
        """Connected components of the graph "distance < threshold", int [n].

        Args:
            known: components of the first rows, from an earlier call: pairs of these are not compared again.
        """
        parts = _Components(self.n, known)
        advance = advance or (lambda _: None)
        for left, right, done in self.edges(threshold, 0 if known is None else len(known)):
            parts.add(left, right)
            advance(done)
        return parts.labels()

    def edges(self, threshold: float, old: int = 0) -> Iterator[Edges]:
        """(left, right, rows done) of pairs below the threshold; a pair comes with the tile of its first row.

        Args:
            old: pairs of so many first rows are not compared.
        """
        # From 1 on the pairs that share no column, or no window, are edges too, or in doubt: no shortcut is left.
        compare = _exact_edges if threshold > 0.999 else _tile_edges
        return compare(self, threshold, old)


Edges = tuple["np.ndarray", "np.ndarray", int]


def _exact_edges(space: Space, threshold: float, old: int) -> Iterator[Edges]:
    """(left, right, rows done) of edges, from blocks in double precision."""
    import numpy as np

    # Above 1 the window parts nothing: what lies outside it is at 1, too.
    days = space.days if threshold <= 1 else None
    order = np.arange(space.n) if days is None else np.argsort(days, kind="stable")
    start = 0
    while start < space.n:
        stop = min(space.n, start + max(1, _BLOCK // (space.n - start)))
        last = space.n
        if days is not None:
            last = int(np.searchsorted(days[order], days[order[stop - 1]] + space.window + _SLACK, side="right"))
        near, far = order[start:stop], order[start:last]
        left, right = (space.distances(near, far) < threshold).nonzero()
        left, right = near[left], far[right]
        new = (left >= old) | (right >= old)
        yield left[new], right[new], stop - start
        start = stop


@dataclass(frozen=True)
class _Tile:
    """Some rows in single precision: [m, common] dense and [m, rare] CSR, and [m] lengths of what is in neither."""

    members: np.ndarray
    dense: np.ndarray
    rare: csr_matrix | None
    rest: np.ndarray


def _tile_edges(space: Space, threshold: float, old: int) -> Iterator[Edges]:
    """(left, right, rows done) of edges, tile by tile, on all cores."""
    tiles = _Tiles(space, threshold, old)
    if len(tiles.starts) <= 2:
        for number in range(len(tiles.starts)):
            yield tiles.edges(number)
        return
    with _one_blas_thread(), ThreadPoolExecutor(_cores()) as pool:
        # In portions: results that nobody has taken yet must not pile up.
        for first in range(0, len(tiles.starts), 64):
            yield from pool.map(tiles.edges, range(first, min(first + 64, len(tiles.starts))))


class _Tiles:
    """The rows in tiles, in order of days where there is a window, and what each tile is near to."""

    def __init__(self, space: Space, threshold: float, old: int) -> None:
        import numpy as np

        self.space, self.threshold, self.old = space, threshold, old
        days = space.days
        self.order = np.arange(space.n) if days is None else np.argsort(days, kind="stable")
        self.days = None if days is None else days[self.order]
        self.starts = np.arange(0, space.n, self._size())
        self.size = int(self._size())
        self.columns = _Columns(space, 1.0 - threshold) if space.sparse else None
        #: Whether the columns left out can make a product smaller as well.
        self.signed = space.sparse and bool(space.rows.nnz) and space.rows.data.min() < 0
        self._made: dict[int, _Tile] = {}

    def _size(self) -> int:
        low, high = _TILE[0], _TILE[2 if self.space.sparse else 1]
        if self.days is None or not len(self.days):
            return high
        import numpy as np

        at = np.linspace(0, len(self.days) - 1, 64).astype(int)
        width = np.searchsorted(self.days, self.days[at] + self.space.window, side="right") - at
        return int(min(high, max(low, width.mean() / 4)))

    def edges(self, number: int) -> Edges:
        """Edges of a tile's rows with one another and with those of later tiles."""
        import numpy as np

        own = self._tile(number)
        found = [(own.members[:0], own.members[:0])]
        partner = _Partner(own, self.columns)
        for other in range(number, self._last(number) + 1):
            if self._is_old(number) and self._is_old(other):
                continue
            tile = own if other == number else self._tile(other)
            found.append(self._between(partner, tile))
        for gone in [key for key in list(self._made) if key < number]:
            self._made.pop(gone, None)
        left, right = (np.concatenate(side) for side in zip(*found, strict=True))
        return left, right, len(own.members)

    def _is_old(self, number: int) -> bool:
        return bool((self._members(number) < self.old).all())

    def _members(self, number: int) -> np.ndarray:
        return self.order[self.starts[number] : self.starts[number] + self.size]

    def _last(self, number: int) -> int:
        """The last tile with a row in the window of one of this tile."""
        import numpy as np

        if self.days is None:
            return len(self.starts) - 1
        end = self.days[min(self.starts[number] + self.size, self.space.n) - 1] + self.space.window + _SLACK
        return int((np.searchsorted(self.days, end, side="right") - 1) // self.size)

    def _tile(self, number: int) -> _Tile:
        import numpy as np

        if number not in self._made:
            members = self._members(number)
            rows = self.space.unit(members)
            if self.columns is None:
                tile = _Tile(members, rows.astype("f4"), None, np.zeros(len(members), dtype="f4"))
            else:
                tile = _Tile(members, *self.columns.split(rows))
            self._made[number] = tile
            return tile
        return self._made.get(number) or self._tile(number)

    def _between(self, partner: _Partner, tile: _Tile) -> tuple[np.ndarray, np.ndarray]:
        """(left, right) of edges between two tiles."""
        import numpy as np

        near, floor, doubt = partner.products(tile), 1.0 - self.threshold, self._error(tile)
        near += np.outer(tile.rest, partner.tile.rest)
        flat = np.flatnonzero(near.ravel() > floor - doubt)
        row, column = flat // near.shape[1], flat % near.shape[1]
        left, right, found = tile.members[row], partner.tile.members[column], near.ravel()[flat]
        found -= (1 + self.signed) * tile.rest[row] * partner.tile.rest[column]
        keep = left != right
        if self.space.days is not None:
            keep &= np.abs(self.space.days[left] - self.space.days[right]) <= self.space.window
        unsure = np.flatnonzero(keep & (found < floor + doubt))
        keep[unsure] = self._in_doubt(left[unsure], right[unsure], tile, partner.tile, (row[unsure], column[unsure]))
        return left[keep], right[keep]

    def _in_doubt(
        self, left: np.ndarray, right: np.ndarray, tile: _Tile, other: _Tile, places: tuple[np.ndarray, np.ndarray]
    ) -> np.ndarray:
        """[pairs] whether they are edges, in double precision."""
        if not self.space.sparse or 16 * len(left) < len(tile.members) * len(other.members):
            return self.space.pair_distances(left, right) < self.threshold
        # So many that all of the tile costs less.
        return self.space.distances(tile.members, other.members)[places] < self.threshold

    def _error(self, tile: _Tile) -> float:
        """Bound of a product's error: 2^-24 for each term of a sum over unit vectors, and for rounding these."""
        terms = tile.dense.shape[1]
        if self.columns is not None:
            terms += self.columns.longest
        return float((terms + 8) * 2.0**-24)


class _Columns:
    """Which columns of sparse rows are common, which rare, which left out; what no two rows share matters nowhere."""

    def __init__(self, space: Space, needed: float) -> None:
        """
        Args:
            needed: product of an edge.
        """
        import numpy as np

        shares = np.bincount(space.rows.indices, minlength=space.rows.shape[1])
        common = shares >= max(2.0, _COMMON * space.n)
        between = (shares > 1) & ~common
        left_out = np.zeros_like(common)
        left_out[self._light(space, shares, np.flatnonzero(between), needed * _LEFT_OUT)] = True
        #: columns -> place among those of the kind, or -1.
        self.common, self.width = _places(common), int(common.sum())
        self.rare, self.rest = _places(between & ~left_out), int((between & ~left_out).sum())
        self.left_out = left_out
        self.longest = int(np.diff(space.rows.indptr).max(initial=0))

    @staticmethod
    def _light(space: Space, shares: np.ndarray, columns: np.ndarray, most: float) -> np.ndarray:
        """The columns that most rows have, as far as a row's squares in them sum to `most` on average."""
        import numpy as np

        if not len(columns):
            return columns
        sample = space.unit(np.unique(np.linspace(0, space.n - 1, _SAMPLE).astype(int)))
        squares = np.bincount(sample.indices, sample.data**2, minlength=len(shares)) / sample.shape[0]
        order = columns[np.argsort(-shares[columns], kind="stable")]
        return order[: int(np.searchsorted(np.cumsum(squares[order]), most))]

    def split(self, rows: csr_matrix) -> tuple[np.ndarray, csr_matrix, np.ndarray]:
        """(dense [m, common], CSR [m, rare], lengths [m] of what is left out) in single precision."""
        import numpy as np

        owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        place = self.common[rows.indices]
        inside = place >= 0
        dense = np.zeros((rows.shape[0], self.width), dtype=np.float32)
        dense[owner[inside], place[inside]] = rows.data[inside]
        out = self.left_out[rows.indices]
        squares = np.bincount(owner[out], rows.data[out] ** 2, minlength=rows.shape[0])
        # Rounded up: it is a bound.
        rest = (np.sqrt(squares) * (1 + 1e-6)).astype(np.float32)
        return dense, _kept(rows, self.rare[rows.indices], self.rest), rest


class _Partner:
    """A tile turned on its side: what other tiles are multiplied with."""

    def __init__(self, tile: _Tile, columns: _Columns | None) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        self.tile = tile
        self.lookup = None
        if tile.rare is None or columns is None or not tile.rare.nnz:
            return
        # Columns numbered anew, in order of appearance: the product costs as much as their number.
        used = tile.rare.indices
        self.lookup = np.full(columns.rest, -1, dtype=np.int32)
        places = np.arange(len(used), dtype=np.int32)
        self.lookup[used] = places
        first = self.lookup[used] == places
        self.lookup[used[first]] = np.arange(int(first.sum()), dtype=np.int32)
        shape = (tile.rare.shape[0], int(first.sum()))
        self.turned = csr_matrix((tile.rare.data, self.lookup[used], tile.rare.indptr), shape=shape).T.tocsr()

    def products(self, other: _Tile) -> np.ndarray:
        """[other, tile] cosines, in single precision."""
        near = other.dense @ self.tile.dense.T
        if self.lookup is not None and other.rare is not None:
            rest = _kept(other.rare, self.lookup[other.rare.indices], self.turned.shape[0])
            near += (rest @ self.turned).toarray()
        return near


class _Components:
    """Connected components of a graph whose edges come in portions."""

    def __init__(self, n: int, known: np.ndarray | None) -> None:
        import numpy as np

        self._labels = np.arange(n)
        self._edges: list[tuple[np.ndarray, np.ndarray]] = []
        self._count = 0
        if known is not None and len(known):
            _, first, inverse = np.unique(known, return_index=True, return_inverse=True)
            self.add(np.arange(len(known)), first[inverse])

    def add(self, left: np.ndarray, right: np.ndarray) -> None:
        self._edges.append((left, right))
        self._count += len(left)
        if self._count > _EDGES:
            self._merge()

    def labels(self) -> np.ndarray:
        self._merge()
        return self._labels

    def _merge(self) -> None:
        import numpy as np
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        if not self._edges:
            return
        n = len(self._labels)
        left = self._labels[np.concatenate([edge[0] for edge in self._edges])]
        right = self._labels[np.concatenate([edge[1] for edge in self._edges])]
        # Booleans, not counts: an edge that is met 256 times would sum to none in a byte.
        graph = coo_matrix((np.ones(len(left), dtype=bool), (left, right)), shape=(n, n))
        _, found = connected_components(graph, directed=False)
        self._labels = found[self._labels]
        self._edges, self._count = [], 0


def narrowed(left: csr_matrix, right: csr_matrix) -> tuple[csr_matrix, csr_matrix]:
    """Two CSR matrices without the columns that neither has: products cost as much as the width, however empty."""
    import numpy as np
    from scipy.sparse import csr_matrix

    if left.shape[1] <= left.nnz + right.nnz:
        return left, right
    used, place = np.unique(np.concatenate([left.indices, right.indices]), return_inverse=True)
    first = csr_matrix((left.data, place[: left.nnz], left.indptr), shape=(left.shape[0], len(used)))
    second = csr_matrix((right.data, place[left.nnz :], right.indptr), shape=(right.shape[0], len(used)))
    return first, second


def _places(chosen: np.ndarray) -> np.ndarray:
    """[columns] number of each among the chosen ones, or -1."""
    import numpy as np

    return np.where(chosen, np.cumsum(chosen) - 1, -1).astype(np.int32)


def _kept(rows: csr_matrix, place: np.ndarray, width: int) -> csr_matrix:
    """The entries with a place, in single precision, at that place; [nnz] -1 for none."""
    import numpy as np
    from scipy.sparse import csr_matrix

    keep = place >= 0
    bounds = np.concatenate([[0], np.cumsum(keep, dtype=np.int32)])[rows.indptr].astype(np.int32)
    return csr_matrix((rows.data[keep].astype("f4"), place[keep], bounds), shape=(rows.shape[0], width))


def _floats(rows: np.ndarray) -> np.ndarray:
    """The rows as floats, of the width they have."""
    import numpy as np

    rows = rows if rows.dtype in (np.float32, np.float64) else rows.astype(np.float64)
    if not np.isfinite(rows).all():
        raise NewsmillError("cluster: some vectors are not finite")
    return rows


def _canonical(vectors: Any) -> csr_matrix:
    """CSR with sorted columns, each once a row, and no more columns than entries by far."""
    import numpy as np
    from scipy.sparse import csr_matrix

    rows = vectors.tocsr()
    data = _floats(rows.data)
    if not rows.has_canonical_format:
        rows = csr_matrix((data.copy(), rows.indices.copy(), rows.indptr.copy()), shape=rows.shape)
        rows.sum_duplicates()
        data = rows.data
    indices, width = rows.indices, rows.shape[1]
    if width > 4 * rows.nnz + 1_000_000:
        used, indices = np.unique(indices, return_inverse=True)
        indices, width = indices.astype(np.int32), len(used)
    return csr_matrix((data, indices, rows.indptr), shape=(rows.shape[0], width))


def _scaled(rows: Any, sparse: bool) -> tuple[Any, np.ndarray]:
    """(rows, [n] factors to unit length, 1 for a row of zeros); the rows are new ones where squares do not fit."""
    import numpy as np

    top = np.abs(rows.data if sparse else rows).max(initial=0.0) if rows.shape[0] else 0.0
    squares = _squares(rows, sparse)
    # Below the square root of the smallest number, and above that of the largest, squares are lost.
    if top > 1e15 or (squares < 1e-30).any():
        tops = np.asarray(abs(rows).max(axis=1).toarray() if sparse else np.abs(rows).max(axis=1, initial=0.0)).ravel()
        tops = np.where(tops > 0, tops, 1.0).astype(np.float64)
        if sparse:
            data = rows.data / np.repeat(tops, np.diff(rows.indptr))
            rows = type(rows)((data, rows.indices, rows.indptr), shape=rows.shape)
        else:
            rows = rows / tops[:, None]
        squares = _squares(rows, sparse)
    return rows, 1.0 / np.sqrt(np.where(squares > 0, squares, 1.0))


def _squares(rows: Any, sparse: bool) -> np.ndarray:
    """[n] sums of squares, double precision."""
    import numpy as np

    sums = np.zeros(rows.shape[0])
    if not sparse:
        return np.einsum("ij,ij->i", rows, rows, dtype=np.float64) if rows.size else sums
    step = max(1, _ENTRIES * rows.shape[0] // max(1, rows.nnz))
    for start in range(0, rows.shape[0], step):
        part = rows[start : start + step]
        owner = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
        with np.errstate(over="ignore"):
            squares = part.data.astype(np.float64) ** 2
        sums[start : start + step] = np.bincount(owner, squares, minlength=part.shape[0])
    return sums


def _checked_days(days: Any, n: int) -> np.ndarray:
    import numpy as np

    if days is None or len(days) != n:
        raise NewsmillError("cluster: a window needs one day for each vector")
    numbers = np.asarray(days, dtype=np.float64)
    if np.isnan(numbers).any():
        raise NewsmillError("cluster: some days are not numbers")
    return numbers


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Tiles are worked on side by side already: threads within each product would only wait for each other."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
