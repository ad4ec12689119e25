"""Agglomerative clustering on cosine distances with a threshold, without the n x n matrix.

With a threshold t, clusters never cross the connected components of the graph "distance < t": a merge below t needs one
pair below t. So the components are found from blocks of matrix products, and only inside a component are points
agglomerated, with its own small matrix or, where it is large, by rounds of merging pairs that are each other's nearest,
whose distances are computed in blocks when they are needed. Single-linkage clusters *are* the components.

Reciprocal nearest neighbours: F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", 1983;
exact for reducible linkages, which average and complete are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
#: Points up to which a component's own condensed matrix is used: 256 MB of doubles.
_SMALL = 8_000
#: Distances this near are equal. Among many equal ones both sides must choose alike, or but one pair merges in a round.
_TIE = 1e-11
#: Rows of a block with a window, at least: below that the calls cost more than the products.
_ROWS = 256


def agglomerate(
    vectors: np.ndarray | csr_matrix,
    *,
    distance_threshold: float,
    linkage: str = "average",
    days: Sequence[float] | np.ndarray | None = None,
    window: float | None = None,
    advance: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Labels of the clusters whose merges lie below a cosine distance.

    The partition is scikit-learn's `AgglomerativeClustering(n_clusters=None, metric="cosine", linkage=linkage,
    distance_threshold=distance_threshold)`. Where different pairs are equally near, average and complete linkage have
    several right partitions: the one returned depends on the order of the rows alone, so it is the same in every run.

    Args:
        vectors: [n, d] ndarray or CSR; rows of any length. A row of zeros is at distance 1 from every other.
        distance_threshold: merges at this distance or above are not made; from 0 down every row stays alone.
        linkage: `average`, `complete` or `single`.
        days: [n] day number of each row; needed with `window`.
        window: rows more than this many days apart count as at distance 1.
        advance: told how many more rows have been compared with all others.
    Returns:
        int64 [n], numbered from 0 by first appearance.
    Cost:
        time O(n^2 d), with a window O(n w d) for w rows in a window; memory O(n d), some blocks of 64 MB, and at most
        256 MB for one component. Components of more than 8,000 rows (loose thresholds) need time O(m^2 d) for m rows.
    Raises:
        NewsmillError: unknown linkage, a threshold that is no number, NaN vectors, or days that do not fit.
    """
    import numpy as np

    if linkage not in LINKAGES:
        raise NewsmillError(f"cluster: no linkage {linkage!r}: {', '.join(LINKAGES)}")
    if distance_threshold != distance_threshold:
        raise NewsmillError("cluster: the distance threshold is not a number")
    space = _Space(vectors, days, window)
    if distance_threshold <= 0 or space.n < 2:
        return np.arange(space.n, dtype=np.int64)
    if distance_threshold > 2:
        return np.zeros(space.n, dtype=np.int64)
    components = space.components(distance_threshold, advance or (lambda _: None))
    labels = components if linkage == "single" else _split(space, components, distance_threshold, linkage)
    return _by_appearance(labels)


class _Space:
    """Unit rows and the distances between them, the window applied, computed in blocks."""

    def __init__(self, vectors: Any, days: Any, window: float | None) -> None:
        import numpy as np
        from scipy import sparse

        self.sparse = sparse.issparse(vectors)
        rows = vectors.tocsr().astype(np.float64) if self.sparse else np.asarray(vectors, dtype=np.float64)
        if rows.ndim != 2 and rows.size:
            raise NewsmillError("cluster: vectors must be a matrix, one row a text")
        if not np.isfinite(rows.data if self.sparse else rows).all():
            raise NewsmillError("cluster: some vectors are not finite")
        self.n = rows.shape[0]
        self.rows = _unit(rows) if self.n else rows
        self.window = window
        self.days: np.ndarray | None = None
        if window is not None:
            self.days = _checked_days(days, self.n)

    def distances(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Dense [left, right] block of distances, in [0, 2]; 1 where the days are too far apart."""
        import numpy as np

        block = 1.0 - self.products(left, right)
        np.clip(block, 0.0, 2.0, out=block)
        if self.days is not None:
            block[np.abs(self.days[left][:, None] - self.days[right][None, :]) > self.window] = 1.0
        return block

    def products(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Dense [left, right] block of cosines."""
        if not self.sparse:
            return self.rows[left] @ self.rows[right].T
        first, second = _narrowed(self.rows[left], self.rows[right])
        return (first @ second.T).toarray()

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

    def components(self, threshold: float, advance: Callable[[int], None]) -> np.ndarray:
        """Connected components of the graph "distance < threshold", int [n]."""
        import numpy as np

        # Above 1 the window parts nothing: what lies outside it is at 1, too.
        days = self.days if threshold <= 1 else None
        order = np.arange(self.n) if days is None else np.argsort(days, kind="stable")
        sorted_days = None if days is None else days[order]
        parts = _Components(self.n)
        start = 0
        while start < self.n:
            stop, last = self._block(sorted_days, start)
            self._add_edges(parts, order[start:stop], order[start:last], threshold)
            advance(stop - start)
            start = stop
        return parts.labels()

    def _block(self, days: np.ndarray | None, start: int) -> tuple[int, int]:
        """(end of the block that starts here, end of the rows its members can be near to)."""
        import numpy as np

        if days is None:
            return min(self.n, start + max(1, _BLOCK // (self.n - start))), self.n
        width = int(np.searchsorted(days, days[start] + self.window, side="right")) - start
        rows = max(_ROWS, width)
        while True:
            stop = min(self.n, start + rows)
            last = int(np.searchsorted(days, days[stop - 1] + self.window, side="right"))
            # A busy day at the end of a quiet block reaches far beyond its beginning's window.
            if rows == 1 or (stop - start) * (last - start) <= _BLOCK:
                return stop, last
            rows //= 2

    def _add_edges(self, parts: _Components, near: np.ndarray, far: np.ndarray, threshold: float) -> None:
        import numpy as np

        if not self.sparse or threshold > 1:
            left, right = (self.distances(near, far) < threshold).nonzero()
            parts.add(near[left], far[right])
            return
        # Products of sparse rows are mostly zero, and at distance 1: never an edge.
        first, second = _narrowed(self.rows[near], self.rows[far])
        product = (first @ second.T).tocoo()
        keep = 1.0 - product.data < threshold
        left, right = near[product.row[keep]], far[product.col[keep]]
        if self.days is not None:
            inside = np.abs(self.days[left] - self.days[right]) <= self.window
            left, right = left[inside], right[inside]
        parts.add(left, right)


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
        # Booleans, not counts: an edge that is met 256 times would sum to none in a byte.
        graph = coo_matrix((np.ones(len(left), dtype=bool), (left, right)), shape=(n, n))
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

    if len(members) <= 2:
        # One row, or two that are a component because they are below the threshold.
        return np.zeros(len(members), dtype=np.int64)
    if len(members) > _SMALL:
        return _Rounds(space, members, threshold, linkage).labels()
    tree = hierarchy(space.condensed(members), method=linkage)
    # fcluster merges at the threshold too; scikit-learn does not.
    return fcluster(tree, np.nextafter(threshold, -np.inf), criterion="distance").astype(np.int64) - 1


class _Rounds:
    """One component without its matrix: in each round all pairs merge that are each other's nearest.

    With a reducible linkage such a pair stays one whatever else merges, so the order of merging does not matter, and a
    merge of others never comes nearer than they were: only who lost its nearest, and what has merged, looks again.
    """

    def __init__(self, space: _Space, members: np.ndarray, threshold: float, linkage: str) -> None:
        import numpy as np

        self.space, self.members, self.threshold, self.linkage = space, members, threshold, linkage
        #: [m] cluster of each row; numbered from 0 to k - 1 in every round.
        self.cluster = np.arange(len(members))
        self.sizes = np.ones(len(members))
        self.rows = space.rows[members]
        if space.sparse:
            self.rows, _ = _narrowed(self.rows, self.rows)

    def labels(self) -> np.ndarray:
        """int [m] cluster of each row."""
        import numpy as np

        k = len(self.members)
        nearest, gaps, stale = np.zeros(k, dtype=np.int64), np.zeros(k), np.arange(k)
        while True:
            if len(self.sizes) == 1:
                return self.cluster
            self._look(stale, nearest, gaps)
            first, second = _mutual(nearest, gaps, self.threshold)
            if not len(first):
                return self.cluster
            nearest, gaps, stale = self._merge(first, second, nearest, gaps)

    def _merge(
        self, first: np.ndarray, second: np.ndarray, nearest: np.ndarray, gaps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Join pairs of clusters and number all anew; (nearest, gaps, those that must look again)."""
        import numpy as np

        k = len(self.sizes)
        target, changed, kept = np.arange(k), np.zeros(k, dtype=bool), np.ones(k, dtype=bool)
        target[second], kept[second] = first, False
        changed[first] = changed[second] = True
        number = (np.cumsum(kept) - 1)[target]
        self.cluster = number[self.cluster]
        self.sizes = np.bincount(self.cluster).astype(np.float64)
        # A cluster that is too far from its nearest stays so: it need not look for the next one.
        again = changed | (changed[nearest] & (gaps < self.threshold))
        return number[nearest][kept], gaps[kept], np.flatnonzero(again[kept])

    def _look(self, stale: np.ndarray, nearest: np.ndarray, gaps: np.ndarray) -> None:
        """Write nearest and its distance for some of the clusters."""
        import numpy as np

        by_members = self.linkage == "complete" or self.space.days is not None
        distances = self._from_members if by_members else self._from_sums(self._sums())
        numbers = np.arange(len(self.sizes))
        step = max(1, _BLOCK // len(numbers))
        for start in range(0, len(stale), step):
            part = stale[start : start + step]
            far = distances(part)
            far[np.arange(len(part)), part] = np.inf
            ties = (part[:, None] ^ numbers[None, :]) * (_TIE / len(numbers))
            nearest[part] = (far + ties).argmin(axis=1)
            gaps[part] = far[np.arange(len(part)), nearest[part]]

    def _sums(self) -> Any:
        """[k, d] sum of each cluster's rows."""
        import numpy as np
        from scipy.sparse import csr_matrix

        m = len(self.members)
        belongs = csr_matrix((np.ones(m), (self.cluster, np.arange(m))), shape=(len(self.sizes), m))
        return belongs @ self.rows

    def _from_sums(self, sums: Any) -> Callable[[np.ndarray], np.ndarray]:
        """Mean distances [part, k]: the mean cosine of two clusters is the product of their mean rows."""

        def distances(part: np.ndarray) -> np.ndarray:
            product = sums[part] @ sums.T
            product = product.toarray() if self.space.sparse else product
            product /= self.sizes[part][:, None]
            product /= self.sizes[None, :]
            return 1.0 - product

        return distances

    def _from_members(self, part: np.ndarray) -> np.ndarray:
        """Mean or largest distances [part, k], from those of all rows, in portions."""
        import numpy as np

        reduce = np.maximum if self.linkage == "complete" else np.add
        order = np.argsort(self.cluster, kind="stable")
        starts = np.searchsorted(self.cluster[order], np.arange(len(self.sizes)))
        place = np.full(len(self.sizes), -1)
        place[part] = np.arange(len(part))
        # Sorted by cluster: what belongs together is reduced together.
        rows = order[place[self.cluster[order]] >= 0]
        far = np.zeros((len(part), len(self.sizes)))
        step = max(1, _BLOCK // len(self.members))
        for start in range(0, len(rows), step):
            own = rows[start : start + step]
            block = reduce.reduceat(self.space.distances(self.members[own], self.members[order]), starts, axis=1)
            owners, first = np.unique(place[self.cluster[own]], return_index=True)
            far[owners] = reduce(far[owners], reduce.reduceat(block, first, axis=0))
        if self.linkage == "average":
            far /= self.sizes[part][:, None] * self.sizes[None, :]
        return far


def _mutual(nearest: np.ndarray, gaps: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of clusters, the lower number first, that are each other's nearest below the threshold."""
    import numpy as np

    numbers = np.arange(len(nearest))
    first = numbers[(nearest[nearest] == numbers) & (numbers < nearest) & (gaps < threshold)]
    if not len(first) and gaps.min() < threshold:
        # Distances that differ by less than their last bits can point in a circle: then any of the smallest will do.
        one = int(gaps.argmin())
        first = np.array([min(one, int(nearest[one]))])
        return first, np.array([max(one, int(nearest[one]))])
    return first, nearest[first]


def _checked_days(days: Any, n: int) -> np.ndarray:
    import numpy as np

    if days is None or len(days) != n:
        raise NewsmillError("cluster: a window needs one day for each vector")
    numbers = np.asarray(days, dtype=np.float64)
    if np.isnan(numbers).any():
        raise NewsmillError("cluster: some days are not numbers")
    return numbers


def _narrowed(left: Any, right: Any) -> tuple[Any, Any]:
    """Two CSR matrices without the columns that neither has: products cost as much as the width, however empty."""
    import numpy as np
    from scipy.sparse import csr_matrix

    if left.shape[1] <= left.nnz + right.nnz:
        return left, right
    used, place = np.unique(np.concatenate([left.indices, right.indices]), return_inverse=True)
    first = csr_matrix((left.data, place[: left.nnz], left.indptr), shape=(left.shape[0], len(used)))
    second = csr_matrix((right.data, place[left.nnz :], right.indptr), shape=(right.shape[0], len(used)))
    return first, second


def _unit(rows: Any) -> Any:
    """Rows over their lengths; first over their largest entries, whose squares may not fit a double."""
    import numpy as np
    from scipy import sparse

    for norm in (_largest_entries, _lengths):
        sizes = norm(rows)
        scale = 1.0 / np.where(sizes > 0, sizes, 1.0)
        rows = (sparse.diags(scale) @ rows).tocsr() if sparse.issparse(rows) else rows * scale[:, None]
    return rows


def _largest_entries(rows: Any) -> np.ndarray:
    import numpy as np
    from scipy import sparse

    if not rows.shape[1]:
        return np.zeros(rows.shape[0])
    top = abs(rows).max(axis=1)
    return np.asarray(top.toarray() if sparse.issparse(top) else top).ravel()


def _lengths(rows: Any) -> np.ndarray:
    import numpy as np
    from scipy import sparse

    if sparse.issparse(rows):
        return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return np.linalg.norm(rows, axis=1)


def _by_appearance(labels: np.ndarray) -> np.ndarray:
    import numpy as np

    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse.ravel()]
