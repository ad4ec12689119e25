"""Agglomerative clustering on cosine distances with a threshold, without the n x n matrix.

With a threshold t, average- and complete-linkage clusters never cross the connected components of the graph
"distance < t": a merge below t needs one pair below t. So the components are found from blocks of matrix products, and
only inside a component are points agglomerated, with its own small matrix or, where it is large, by nearest-neighbour
chains that recompute a cluster's distances when they need them. Single-linkage clusters *are* the components.

Nearest-neighbour chains: F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", 1983; exact
for reducible linkages, which average, complete and single are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

LINKAGES = ("average", "complete", "single")
#: Entries of one block of distances: 64 MB of doubles.
_BLOCK = 8_000_000
#: Edges kept before they are merged into the components.
_EDGES = 4_000_000
#: Points up to which a component's own matrix is used: 32 MB of doubles.
_SMALL = 2_000


def agglomerate(
    vectors: np.ndarray | csr_matrix,
    *,
    distance_threshold: float,
    linkage: str = "average",
    days: Sequence[float] | np.ndarray | None = None,
    window: float | None = None,
) -> np.ndarray:
    """Labels of the clusters whose merges lie below a cosine distance.

    The partition is scikit-learn's `AgglomerativeClustering(n_clusters=None, metric="cosine", linkage=linkage,
    distance_threshold=distance_threshold)`. Where distances tie, several partitions are right; the one returned merges
    the pair with the lowest row numbers first, whatever the block size, so it is the same in every run.

    Args:
        vectors: [n, d] ndarray or CSR; rows of any length. A row of zeros is at distance 1 from every other.
        distance_threshold: merges at this distance or above are not made.
        linkage: `average`, `complete` or `single`.
        days: [n] day number of each row; needed with `window`.
        window: rows more than this many days apart count as at distance 1.
    Returns:
        int64 [n], numbered from 0 by first appearance.
    Cost:
        time O(n^2 d), with a window O(n w d) for w rows in a window; memory O(n d + block).
    Raises:
        NewsmillError: unknown linkage, a threshold that is no number, NaN vectors, or days that do not fit.
    """
    import numpy as np

    if linkage not in LINKAGES:
        raise NewsmillError(f"cluster: no linkage {linkage!r}: {', '.join(LINKAGES)}")
    if distance_threshold != distance_threshold:
        raise NewsmillError("cluster: the distance threshold is not a number")
    space = _Space(vectors, days, window)
    if space.n == 0:
        return np.zeros(0, dtype=np.int64)
    if distance_threshold <= 0:
        return np.arange(space.n, dtype=np.int64)
    components = space.components(distance_threshold)
    labels = components if linkage == "single" else _split(space, components, distance_threshold, linkage)
    return _by_appearance(labels)


class _Space:
    """Unit rows and the distances between them, the window applied, computed in blocks."""

    def __init__(self, vectors: Any, days: Any, window: float | None) -> None:
        import numpy as np
        from scipy import sparse

        self.sparse = sparse.issparse(vectors)
        rows = vectors.tocsr().astype(np.float64) if self.sparse else np.asarray(vectors, dtype=np.float64)
        if rows.ndim != 2:
            raise NewsmillError("cluster: vectors must be a matrix, one row a text")
        if not np.isfinite(rows.data if self.sparse else rows).all():
            raise NewsmillError("cluster: some vectors are not finite")
        self.rows = _unit(rows)
        self.n = rows.shape[0]
        self.window = window
        self.days: np.ndarray | None = None
        if window is not None:
            if days is None or len(days) != self.n:
                raise NewsmillError("cluster: a window needs one day for each vector")
            self.days = np.asarray(days, dtype=np.float64)

    def distances(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Dense [left, right] block of modified distances, in [0, 2]."""
        import numpy as np

        product = self.rows[left] @ self.rows[right].T
        block = 1.0 - (product.toarray() if self.sparse else product)
        np.clip(block, 0.0, 2.0, out=block)
        if self.days is not None and self.window is not None:
            block[np.abs(self.days[left][:, None] - self.days[right][None, :]) > self.window] = 1.0
        return block

    def components(self, threshold: float) -> np.ndarray:
        """Connected components of the graph "distance < threshold", int [n]."""
        import numpy as np

        if threshold > 1:
            # Rows without a word in common are below it too: everything hangs together unless shown otherwise.
            return np.zeros(self.n, dtype=np.int64)
        order = np.arange(self.n) if self.days is None else np.argsort(self.days, kind="stable")
        parts = _Components(self.n)
        start = 0
        while start < self.n:
            stop, last = self._block(order, start)
            near = order[start:stop]
            far = order[start:last]
            self._add_edges(parts, near, far, threshold)
            start = stop
        return parts.labels()

    def _block(self, order: np.ndarray, start: int) -> tuple[int, int]:
        """(end of the block that starts here, end of the rows its members can be near to)."""
        import numpy as np

        if self.days is None or self.window is None:
            return min(self.n, start + max(1, _BLOCK // (self.n - start))), self.n
        days = self.days[order]
        reach = int(np.searchsorted(days, days[start] + self.window, side="right"))
        stop = min(self.n, start + max(1, _BLOCK // max(1, 2 * (reach - start))))
        return stop, int(np.searchsorted(days, days[stop - 1] + self.window, side="right"))

    def _add_edges(self, parts: _Components, near: np.ndarray, far: np.ndarray, threshold: float) -> None:
        if self.sparse and self.days is None:
            # Products of sparse rows are mostly zero: an edge is a product above 1 - threshold.
            product = (self.rows[near] @ self.rows[far].T).tocoo()
            keep = 1.0 - product.data < threshold
            parts.add(near[product.row[keep]], far[product.col[keep]])
            return
        left, right = (self.distances(near, far) < threshold).nonzero()
        parts.add(near[left], far[right])


class _Components:
    """Connected components of a graph whose edges come in portions."""

    def __init__(self, n: int) -> None:
        import numpy as np

        self._labels = np.arange(n)
        self._edges: list[tuple[np.ndarray, np.ndarray]] = []
        self._count = 0

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
        graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(n, n))
        _, found = connected_components(graph, directed=False)
        self._labels = found[self._labels]
        self._edges, self._count = [], 0


def _split(space: _Space, components: np.ndarray, threshold: float, linkage: str) -> np.ndarray:
    """Agglomerate inside each component; labels int [n], unique over all."""
    import numpy as np

    order = np.argsort(components, kind="stable")
    bounds = np.flatnonzero(np.diff(components[order])) + 1
    labels = np.zeros(space.n, dtype=np.int64)
    used = 0
    for members in np.split(order, bounds):
        inside = _inside(space, members, threshold, linkage)
        labels[members] = inside + used
        used += int(inside.max()) + 1
    return labels


def _inside(space: _Space, members: np.ndarray, threshold: float, linkage: str) -> np.ndarray:
    import numpy as np
    from scipy.cluster.hierarchy import fcluster
    from scipy.cluster.hierarchy import linkage as hierarchy
    from scipy.spatial.distance import squareform

    if len(members) == 1:
        return np.zeros(1, dtype=np.int64)
    if len(members) == 2 and threshold <= 1:
        # Two rows are a component because they are below the threshold.
        return np.zeros(2, dtype=np.int64)
    if len(members) > _SMALL:
        return _chain(space, members, threshold, linkage)
    matrix = space.distances(members, members)
    matrix = (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 0.0)
    tree = hierarchy(squareform(matrix, checks=False), method=linkage)
    # fcluster merges at the threshold too; scikit-learn does not.
    return fcluster(tree, np.nextafter(threshold, -np.inf), criterion="distance").astype(np.int64) - 1


class _Reach:
    """Distances from one cluster to all others under a linkage, in bounded memory."""

    def __init__(self, space: _Space, members: np.ndarray, linkage: str) -> None:
        import numpy as np

        self.space, self.members, self.linkage = space, members, linkage
        self.cluster = np.arange(len(members))
        self.sizes = np.ones(len(members))
        # Without a window the mean similarity of two clusters is the product of their sums: O(n d) memory and time.
        fast = linkage == "average" and space.days is None
        self.sums: np.ndarray | None = space.rows[members] if fast and not space.sparse else None

    def merge(self, kept: int, gone: int) -> None:
        self.cluster[self.cluster == gone] = kept
        self.sizes[kept] += self.sizes[gone]
        self.sizes[gone] = 0
        if self.sums is not None:
            self.sums[kept] += self.sums[gone]
            self.sums[gone] = 0

    def from_cluster(self, number: int) -> np.ndarray:
        """[clusters] distances; infinite to itself and to clusters that are no more."""
        import numpy as np

        if self.sums is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                far = 1.0 - (self.sums @ self.sums[number]) / (self.sizes * self.sizes[number])
        else:
            far = self._recomputed(number)
        far[self.sizes == 0] = np.inf
        far[number] = np.inf
        return far

    def _recomputed(self, number: int) -> np.ndarray:
        import numpy as np

        own = self.members[self.cluster == number]
        far = np.zeros(len(self.members))
        step = max(1, _BLOCK // len(self.members))
        for start in range(0, len(own), step):
            block = self.space.distances(own[start : start + step], self.members)
            if self.linkage == "average":
                far += np.bincount(self.cluster, weights=block.sum(axis=0), minlength=len(far))
            else:
                np.maximum.at(far, self.cluster, block.max(axis=0))
        if self.linkage == "average":
            with np.errstate(divide="ignore", invalid="ignore"):
                far /= self.sizes * self.sizes[number]
        return far


def _chain(space: _Space, members: np.ndarray, threshold: float, linkage: str) -> np.ndarray:
    """Nearest-neighbour chains; a cluster whose nearest is at the threshold or beyond is finished."""
    import numpy as np

    reach = _Reach(space, members, linkage)
    open_ = np.ones(len(members), dtype=bool)
    chain: list[int] = []
    while True:
        if not chain:
            left = np.flatnonzero(open_ & (reach.sizes > 0))
            if not len(left):
                break
            chain.append(int(left[0]))
        far = reach.from_cluster(chain[-1])
        nearest = int(np.argmin(far))
        if len(chain) > 1 and far[chain[-2]] <= far[nearest]:
            nearest = chain[-2]
        if not far[nearest] < threshold:
            # Reducible linkage: what others merge into never comes nearer than it is now.
            open_[chain.pop()] = False
        elif len(chain) > 1 and nearest == chain[-2]:
            first, second = sorted((chain.pop(), chain.pop()))
            reach.merge(first, second)
            open_[first] = True
        else:
            chain.append(nearest)
    return np.unique(reach.cluster, return_inverse=True)[1].astype(np.int64)


def _unit(rows: Any) -> Any:
    import numpy as np
    from scipy import sparse

    if sparse.issparse(rows):
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        return sparse.diags(1.0 / np.where(lengths > 0, lengths, 1.0)) @ rows
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def _by_appearance(labels: np.ndarray) -> np.ndarray:
    import numpy as np

    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse.ravel()]
