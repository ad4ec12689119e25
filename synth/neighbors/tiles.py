"""Edges of the graph "distance < threshold" between unit rows, tile by tile.

A tile's products are first made in single precision: the columns that many rows share as one dense product, those that
few share as a sparse one, and of those between, which cost most and add little, only a bound is taken (Cauchy-Schwarz).
Pairs that this leaves in doubt are computed again in double precision, by a sum whose order depends on the two rows
alone: an edge does not hang on what else is compared in the same call.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.neighbors.unit_rows import BLOCK_ENTRIES, UnitRows

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

#: Rows of a tile. Below the first the calls cost more than the products; above the second tiles, whose halves below the
#: diagonal are computed for nothing, save no more time: dense rows, sparse rows.
TILE_ROWS = (256, 1024, 2048)
#: Columns that this share of the rows have are multiplied densely: a dense multiplication costs about 1/200 of a sparse
#: one, which is needed for the square of the share of all pairs.
_COMMON_SHARE = 0.1
#: The next columns are left out while what they can add to a product stays below this share of what an edge needs. A
#: third less time on synthetic rows than without, the same on real ones; beyond .4 too many real pairs stay in doubt.
_OMITTED_SHARE = 0.2
#: Rows that tell how much columns weigh.
_SAMPLE_ROWS = 1000
#: Days by which windows are taken wider where tiles are chosen, so that rounding leaves out nothing.
_SLACK = 1e-6

Edges = tuple["np.ndarray", "np.ndarray", int]


def exact_edges(rows: UnitRows, threshold: float, old: int) -> Iterator[Edges]:
    """(sources, targets, rows compared) of edges, from blocks in double precision."""
    import numpy as np

    # Above 1 the window parts nothing: what lies outside it is at 1, too.
    days = rows.days if threshold <= 1 else None
    order = np.arange(rows.n) if days is None else np.argsort(days, kind="stable")
    start = 0
    while start < rows.n:
        stop = min(rows.n, start + max(1, BLOCK_ENTRIES // (rows.n - start)))
        last = rows.n
        if days is not None:
            last = int(np.searchsorted(days[order], days[order[stop - 1]] + rows.window + _SLACK, side="right"))
        near, far = order[start:stop], order[start:last]
        sources, targets = (rows.distances(near, far) < threshold).nonzero()
        sources, targets = near[sources], far[targets]
        new = (sources >= old) | (targets >= old)
        yield sources[new], targets[new], stop - start
        start = stop


@dataclass(frozen=True)
class Tile:
    """Some rows in single precision: [m, common] dense and [m, rare] CSR, and [m] lengths of what is in neither."""

    members: np.ndarray
    dense: np.ndarray
    rare: csr_matrix | None
    rest: np.ndarray


def tile_edges(rows: UnitRows, threshold: float, old: int) -> Iterator[Edges]:
    """(sources, targets, rows compared) of edges, tile by tile, on all cores."""
    tiles = TileGrid(rows, threshold, old)
    if len(tiles.starts) <= 2:
        for number in range(len(tiles.starts)):
            yield tiles.edges(number)
        return
    with _one_blas_thread(), ThreadPoolExecutor(_core_count()) as pool:
        # In portions: results that nobody has taken yet must not pile up.
        for first in range(0, len(tiles.starts), 64):
            yield from pool.map(tiles.edges, range(first, min(first + 64, len(tiles.starts))))


class TileGrid:
    """The rows in tiles, in order of days where there is a window, and what each tile is near to."""

    def __init__(self, rows: UnitRows, threshold: float, old: int) -> None:
        import numpy as np

        self.rows, self.threshold, self.old = rows, threshold, old
        days = rows.days
        self.order = np.arange(rows.n) if days is None else np.argsort(days, kind="stable")
        self.days = None if days is None else days[self.order]
        self.starts = np.arange(0, rows.n, self._size())
        self.size = int(self._size())
        self.columns = ColumnSplit(rows, 1.0 - threshold) if rows.sparse else None
        #: Whether the columns left out can make a product smaller as well.
        self.signed = rows.sparse and bool(rows.rows.nnz) and rows.rows.data.min() < 0
        self._tiles: dict[int, Tile] = {}

    def _size(self) -> int:
        low, high = TILE_ROWS[0], TILE_ROWS[2 if self.rows.sparse else 1]
        if self.days is None or not len(self.days):
            return high
        import numpy as np

        at = np.linspace(0, len(self.days) - 1, 64).astype(int)
        width = np.searchsorted(self.days, self.days[at] + self.rows.window, side="right") - at
        return int(min(high, max(low, width.mean() / 4)))

    def edges(self, number: int) -> Edges:
        """Edges of a tile's rows with one another and with those of later tiles."""
        import numpy as np

        own = self._tile(number)
        edges = [(own.members[:0], own.members[:0])]
        partner = TransposedTile(own, self.columns)
        for neighbour in range(number, self._last(number) + 1):
            if self._is_old(number) and self._is_old(neighbour):
                continue
            tile = own if neighbour == number else self._tile(neighbour)
            edges.append(self._between(partner, tile))
        for earlier in [key for key in list(self._tiles) if key < number]:
            self._tiles.pop(earlier, None)
        sources, targets = (np.concatenate(side) for side in zip(*edges, strict=True))
        return sources, targets, len(own.members)

    def _is_old(self, number: int) -> bool:
        return bool((self._members(number) < self.old).all())

    def _members(self, number: int) -> np.ndarray:
        return self.order[self.starts[number] : self.starts[number] + self.size]

    def _last(self, number: int) -> int:
        """The last tile with a row in the window of one of this tile."""
        import numpy as np

        if self.days is None:
            return len(self.starts) - 1
        end = self.days[min(self.starts[number] + self.size, self.rows.n) - 1] + self.rows.window + _SLACK
        return int((np.searchsorted(self.days, end, side="right") - 1) // self.size)

    def _tile(self, number: int) -> Tile:
        import numpy as np

        if number not in self._tiles:
            members = self._members(number)
            rows = self.rows.unit(members)
            if self.columns is None:
                tile = Tile(members, rows.astype("f4"), None, np.zeros(len(members), dtype="f4"))
            else:
                tile = Tile(members, *self.columns.split(rows))
            self._tiles[number] = tile
            return tile
        return self._tiles.get(number) or self._tile(number)

    def _between(self, partner: TransposedTile, tile: Tile) -> tuple[np.ndarray, np.ndarray]:
        """(sources, targets) of edges between two tiles."""
        import numpy as np

        near, floor, doubt = partner.products(tile), 1.0 - self.threshold, self._error(tile)
        near += np.outer(tile.rest, partner.tile.rest)
        flat = np.flatnonzero(near.ravel() > floor - doubt)
        row, column = flat // near.shape[1], flat % near.shape[1]
        sources, targets, cosines = tile.members[row], partner.tile.members[column], near.ravel()[flat]
        cosines -= (1 + self.signed) * tile.rest[row] * partner.tile.rest[column]
        keep = sources != targets
        if self.rows.days is not None:
            keep &= np.abs(self.rows.days[sources] - self.rows.days[targets]) <= self.rows.window
        unsure = np.flatnonzero(keep & (cosines < floor + doubt))
        cells = (row[unsure], column[unsure])
        keep[unsure] = self._in_doubt(sources[unsure], targets[unsure], tile, partner.tile, cells)
        return sources[keep], targets[keep]

    def _in_doubt(
        self,
        sources: np.ndarray,
        targets: np.ndarray,
        tile: Tile,
        neighbour: Tile,
        cells: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:  # fmt: skip
        """[pairs] whether they are edges, in double precision."""
        if not self.rows.sparse or 16 * len(sources) < len(tile.members) * len(neighbour.members):
            return self.rows.pair_distances(sources, targets) < self.threshold
        # So many that all of the tile costs less.
        below: np.ndarray = self.rows.distances(tile.members, neighbour.members)[cells] < self.threshold
        return below

    def _error(self, tile: Tile) -> float:
        """Bound of a product's error: 2^-24 for each term of a sum over unit vectors, and for rounding these."""
        terms = tile.dense.shape[1]
        if self.columns is not None:
            terms += self.columns.longest
        return float((terms + 8) * 2.0**-24)


class ColumnSplit:
    """Which columns of sparse rows are common, which rare, which left out; what no two rows share matters nowhere."""

    def __init__(self, rows: UnitRows, edge_product: float) -> None:
        """
        Args:
            edge_product: cosine from which two rows are an edge.
        """
        import numpy as np

        shares = np.bincount(rows.rows.indices, minlength=rows.rows.shape[1])
        common = shares >= max(2.0, _COMMON_SHARE * rows.n)
        between = (shares > 1) & ~common
        left_out = np.zeros_like(common)
        left_out[self._heavy_columns(rows, shares, np.flatnonzero(between), edge_product * _OMITTED_SHARE)] = True
        #: columns -> position among those of the kind, or -1.
        self.common, self.width = _positions(common), int(common.sum())
        self.rare, self.rest = _positions(between & ~left_out), int((between & ~left_out).sum())
        self.left_out = left_out
        self.longest = int(np.diff(rows.rows.indptr).max(initial=0))

    @staticmethod
    def _heavy_columns(rows: UnitRows, shares: np.ndarray, columns: np.ndarray, most: float) -> np.ndarray:
        """The columns that most rows have, as far as a row's squares in them sum to `most` on average."""
        import numpy as np

        if not len(columns):
            return columns
        sample = rows.unit(np.unique(np.linspace(0, rows.n - 1, _SAMPLE_ROWS).astype(int)))
        squares = np.bincount(sample.indices, sample.data**2, minlength=len(shares)) / sample.shape[0]
        order = columns[np.argsort(-shares[columns], kind="stable")]
        return order[: int(np.searchsorted(np.cumsum(squares[order]), most))]

    def split(self, rows: csr_matrix) -> tuple[np.ndarray, csr_matrix, np.ndarray]:
        """(dense [m, common], CSR [m, rare], lengths [m] of what is left out) in single precision."""
        import numpy as np

        owner = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        positions = self.common[rows.indices]
        inside = positions >= 0
        dense = np.zeros((rows.shape[0], self.width), dtype=np.float32)
        dense[owner[inside], positions[inside]] = rows.data[inside]
        out = self.left_out[rows.indices]
        squares = np.bincount(owner[out], rows.data[out] ** 2, minlength=rows.shape[0])
        # Rounded up: it is a bound.
        rest = (np.sqrt(squares) * (1 + 1e-6)).astype(np.float32)
        return dense, _entries_at(rows, self.rare[rows.indices], self.rest), rest


class TransposedTile:
    """A tile transposed: what other tiles are multiplied with."""

    def __init__(self, tile: Tile, columns: ColumnSplit | None) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        self.tile = tile
        self.lookup = None
        if tile.rare is None or columns is None or not tile.rare.nnz:
            return
        # Columns numbered again, in order of appearance: the product costs as much as their number.
        indices = tile.rare.indices
        self.lookup = np.full(columns.rest, -1, dtype=np.int32)
        positions = np.arange(len(indices), dtype=np.int32)
        self.lookup[indices] = positions
        first = self.lookup[indices] == positions
        self.lookup[indices[first]] = np.arange(int(first.sum()), dtype=np.int32)
        shape = (tile.rare.shape[0], int(first.sum()))
        self.transposed = csr_matrix((tile.rare.data, self.lookup[indices], tile.rare.indptr), shape=shape).T.tocsr()

    def products(self, neighbour: Tile) -> np.ndarray:
        """[neighbour, tile] cosines, in single precision."""
        near: np.ndarray = neighbour.dense @ self.tile.dense.T
        if self.lookup is not None and neighbour.rare is not None:
            rest = _entries_at(neighbour.rare, self.lookup[neighbour.rare.indices], self.transposed.shape[0])
            near += (rest @ self.transposed).toarray()
        return near


def _positions(mask: np.ndarray) -> np.ndarray:
    """[columns] number of each among the chosen ones, or -1."""
    import numpy as np

    return np.where(mask, np.cumsum(mask) - 1, -1).astype(np.int32)


def _entries_at(rows: csr_matrix, positions: np.ndarray, width: int) -> csr_matrix:
    """The entries that have a position, in single precision and moved there; [nnz] -1 for none."""
    import numpy as np
    from scipy.sparse import csr_matrix

    keep = positions >= 0
    bounds = np.concatenate([[0], np.cumsum(keep, dtype=np.int32)])[rows.indptr].astype(np.int32)
    return csr_matrix((rows.data[keep].astype("f4"), positions[keep], bounds), shape=(rows.shape[0], width))


def _core_count() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Tiles are worked on side by side already: threads within each product would only wait for each other."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
