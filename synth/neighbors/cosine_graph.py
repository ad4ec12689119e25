"""Rows compared by cosine: the graph "distance < threshold" and its connected components."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from synth.neighbors.tiles import Edges, exact_edges, tile_edges
from synth.neighbors.unit_rows import UnitRows

if TYPE_CHECKING:
    import numpy as np

#: Edges kept before they are merged into the components.
EDGES_AT_ONCE = 4_000_000


class CosineGraph(UnitRows):
    """Unit rows as the nodes of a graph whose edges are the pairs below a distance."""

    def components(
        self, threshold: float, advance: Callable[[int], None] | None = None, earlier: np.ndarray | None = None
    ) -> np.ndarray:
        """Connected components of the graph "distance < threshold", int [n].

        Args:
            earlier: components of the first rows, from an earlier call: pairs of these are not compared again.
        """
        parts = Components(self.n, earlier)
        advance = advance or (lambda _: None)
        for sources, targets, compared in self.edges(threshold, 0 if earlier is None else len(earlier)):
            parts.add(sources, targets)
            advance(compared)
        return parts.labels()

    def edges(self, threshold: float, old: int = 0) -> Iterator[Edges]:
        """(sources, targets, rows compared) of pairs below the threshold; a pair comes with the tile of its first row.

        Args:
            old: pairs of so many first rows are not compared.
        """
        # From 1 on the pairs that share no column, or no window, are edges too, or in doubt: no shortcut is left.
        compare = exact_edges if threshold > 0.999 else tile_edges
        return compare(self, threshold, old)


class Components:
    """Connected components of a graph whose edges come in portions."""

    def __init__(self, n: int, earlier: np.ndarray | None) -> None:
        import numpy as np

        self._labels = np.arange(n)
        self._edges: list[tuple[np.ndarray, np.ndarray]] = []
        self._count = 0
        if earlier is not None and len(earlier):
            _, first, inverse = np.unique(earlier, return_index=True, return_inverse=True)
            self.add(np.arange(len(earlier)), first[inverse])

    def add(self, sources: np.ndarray, targets: np.ndarray) -> None:
        self._edges.append((sources, targets))
        self._count += len(sources)
        if self._count > EDGES_AT_ONCE:
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
        sources = self._labels[np.concatenate([edge[0] for edge in self._edges])]
        targets = self._labels[np.concatenate([edge[1] for edge in self._edges])]
        # Booleans, not counts: an edge that is met 256 times would sum to none in a byte.
        graph = coo_matrix((np.ones(len(sources), dtype=bool), (sources, targets)), shape=(n, n))
        _, merged = connected_components(graph, directed=False)
        self._labels = merged[self._labels]
        self._edges, self._count = [], 0
