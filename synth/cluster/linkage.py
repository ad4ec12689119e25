"""Agglomerative clustering on cosine distances with a threshold, without the n x n matrix.

With a threshold t, clusters never cross the connected components of the graph "distance < t": a merge below t needs one
pair below t. So the components are found from tiles of matrix products (`synth.neighbors.cosine_graph`), and only
inside a component are points agglomerated, with its own small matrix or, where it is large, by rounds of merging pairs
that are each other's nearest, whose distances are computed in blocks when they are needed. Single-linkage clusters
*are* the components.

Reciprocal nearest neighbours: F. Murtagh, "A survey of recent advances in hierarchical clustering algorithms", 1983;
exact for reducible linkages, which average and complete are.

Ties. Where different pairs are equally near, average and complete linkage have several right partitions, and which is
returned depends on the order of the rows: in a component of up to 8,000 rows it is scipy's, which follows each row's
chain of nearest neighbours from the first row on and takes the first of equals; in a larger one, pairs of clusters
whose numbers differ in the lowest bits merge first. Single linkage has one right partition. Distances that differ in
their last bits by rounding may tie in one and not in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.neighbors.cosine_graph import CosineGraph
from synth.neighbors.unit_rows import BLOCK_ENTRIES, narrowed

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

LINKAGES = ("average", "complete", "single")
#: Points up to which a component's own condensed matrix is used: 256 MB of doubles.
CONDENSED_ROWS = 8_000
#: Points up to which the pairs of many components are computed together: a block each would cost more in calls.
BATCHED_ROWS = 48
#: Pairs of such components at once.
BATCHED_PAIRS = 100_000
#: Distances this near are equal. Among many equal ones both sides must choose alike, or but one pair merges in a round.
_TIE = 1e-11


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
    several right partitions: the one returned depends on the order of the rows alone (see above), so it is the same in
    every run.

    Args:
        vectors: [n, d] ndarray or CSR; rows of any length. A row of zeros is at distance 1 from every other.
        distance_threshold: merges at this distance or above are not made; from 0 down every row stays alone.
        linkage: `average`, `complete` or `single`.
        days: [n] day number of each row; needed with `window`.
        window: rows more than this many days apart count as at distance 1.
        advance: called with how many more rows have been compared with all others.

    Returns:
        int64 [n], numbered from 0 by first appearance.
    Cost:
        time O(n^2 d), with a window O(n w d) for w rows in a window; memory beside the vectors O(n d / 2), with a
        window O(w d), some blocks of 64 MB, and at most 256 MB for one component. Components of more than 8,000 rows
        (loose thresholds) need time O(m^2 d) for m rows.

    Raises:
        NewsmillError: unknown linkage, a threshold that is no number, NaN vectors, or days that do not fit.
    """
    import numpy as np

    check(distance_threshold, linkage)
    graph = CosineGraph(vectors, days, window)
    if distance_threshold <= 0 or graph.n < 2:
        return np.arange(graph.n, dtype=np.int64)
    if distance_threshold > 2:
        return np.zeros(graph.n, dtype=np.int64)
    components = graph.components(distance_threshold, advance)
    return by_appearance(split(graph, components, distance_threshold, linkage))


def check(threshold: float, linkage: str) -> None:
    """Raises NewsmillError where there is no such linkage, or the threshold is no number."""
    if linkage not in LINKAGES:
        raise NewsmillError(f"cluster: no linkage {linkage!r}: {', '.join(LINKAGES)}")
    if threshold != threshold:
        raise NewsmillError("cluster: the distance threshold is not a number")


def split(graph: CosineGraph, components: np.ndarray, threshold: float, linkage: str) -> np.ndarray:
    """Agglomerate inside each component; int labels [n], unique over all.

    Args:
        components: [n] of the graph "distance < threshold"; negative for rows that shall be left out (label -1).
    """
    import numpy as np

    if linkage == "single":
        return components
    order = np.argsort(components, kind="stable")
    order = order[components[order] >= 0]
    bounds = np.flatnonzero(np.diff(components[order])) + 1
    labels = np.full(graph.n, -1, dtype=np.int64)
    starts, ends = np.concatenate([[0], bounds]), np.concatenate([bounds, [len(order)]])
    sizes = ends - starts if len(order) else np.zeros(0, dtype=np.int64)
    # One row, or two that are a component because they are below the threshold.
    labels[order] = np.repeat(np.arange(len(sizes)), sizes)
    next_label = len(sizes)
    for members, inside in _agglomerated(graph, [order[starts[i] : ends[i]] for i in np.flatnonzero(sizes > 2)],
                                         threshold, linkage):  # fmt: skip
        labels[members] = inside + next_label
        next_label += int(inside.max()) + 1
    return labels


def _agglomerated(
    graph: CosineGraph, components: list[np.ndarray], threshold: float, linkage: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(members, labels from 0) of components of three rows or more."""
    batch: list[np.ndarray] = []
    pairs = 0
    for members in components:
        m = len(members)
        if m > CONDENSED_ROWS:
            yield members, ReciprocalMerges(graph, members, threshold, linkage).labels()
        elif m > BATCHED_ROWS:
            yield members, _cut_tree(graph.condensed(members), threshold, linkage, m)
        else:
            batch.append(members)
            pairs += m * (m - 1) // 2
        if pairs > BATCHED_PAIRS:
            yield from _batched(graph, batch, threshold, linkage)
            batch, pairs = [], 0
    yield from _batched(graph, batch, threshold, linkage)


def _batched(
    graph: CosineGraph, components: list[np.ndarray], threshold: float, linkage: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    import numpy as np

    if not components:
        return
    corners = {m: np.triu_indices(m, 1) for m in {len(members) for members in components}}
    sources = np.concatenate([members[corners[len(members)][0]] for members in components])
    targets = np.concatenate([members[corners[len(members)][1]] for members in components])
    distances, offset = graph.pair_distances(sources, targets), 0
    for members in components:
        m = len(members)
        own = distances[offset : offset + m * (m - 1) // 2]
        offset += len(own)
        yield members, _cut_tree(own, threshold, linkage, m)


def _cut_tree(distances: np.ndarray, threshold: float, linkage: str, m: int) -> np.ndarray:
    """[m] labels from a condensed matrix."""
    import numpy as np
    from scipy.cluster.hierarchy import linkage as hierarchy

    if distances.max() < threshold:
        # Neither a mean nor a maximum of these reaches the threshold.
        return np.zeros(m, dtype=np.int64)
    tree = hierarchy(distances, method=linkage)
    merges = int(np.searchsorted(tree[:, 2], threshold, side="left"))
    return _leaf_labels(tree[:merges, :2].astype(np.int64), m)


def _leaf_labels(merges: np.ndarray, m: int) -> np.ndarray:
    """[m] labels after some merges, [merges, 2] as scipy numbers them: the k-th makes cluster m + k."""
    import numpy as np

    parent = np.arange(m + len(merges))
    parent[merges.ravel()] = np.repeat(np.arange(m, m + len(merges)), 2)
    # From the last merge down: who merged later has its root already.
    for node in range(len(parent) - 1, -1, -1):
        parent[node] = parent[parent[node]]
    return np.unique(parent[:m], return_inverse=True)[1]


class ReciprocalMerges:
    """One component without its matrix: in each round all pairs merge that are each other's nearest.

    With a reducible linkage such a pair stays one whatever else merges, so the order of merging does not matter, and a
    merge of others never comes nearer than they were: only who lost its nearest, and what has merged, searches again.
    """

    def __init__(self, graph: CosineGraph, members: np.ndarray, threshold: float, linkage: str) -> None:
        import numpy as np

        self.graph, self.members, self.threshold, self.linkage = graph, members, threshold, linkage
        #: [m] cluster of each row; numbered from 0 to k - 1 in every round.
        self.cluster = np.arange(len(members))
        self.sizes = np.ones(len(members))
        self.rows = graph.unit(members)
        if graph.sparse:
            self.rows, _ = narrowed(self.rows, self.rows)

    def labels(self) -> np.ndarray:
        """int [m] cluster of each row."""
        import numpy as np

        k = len(self.members)
        nearest, gaps, stale = np.zeros(k, dtype=np.int64), np.zeros(k), np.arange(k)
        while True:
            if len(self.sizes) == 1:
                return self.cluster
            self.find_nearest(stale, nearest, gaps)
            first, second = _mutual(nearest, gaps, self.threshold)
            if not len(first):
                return self.cluster
            nearest, gaps, stale = self._merge(first, second, nearest, gaps)

    def _merge(
        self, first: np.ndarray, second: np.ndarray, nearest: np.ndarray, gaps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Join pairs of clusters and number all again; (nearest, gaps, those whose nearest is out of date)."""
        import numpy as np

        k = len(self.sizes)
        target, changed, remaining = np.arange(k), np.zeros(k, dtype=bool), np.ones(k, dtype=bool)
        target[second], remaining[second] = first, False
        changed[first] = changed[second] = True
        number = (np.cumsum(remaining) - 1)[target]
        self.cluster = number[self.cluster]
        self.sizes = np.bincount(self.cluster).astype(np.float64)
        # A cluster that is too far from its nearest stays so: it need not look for the next one.
        outdated = changed | (changed[nearest] & (gaps < self.threshold))
        return number[nearest][remaining], gaps[remaining], np.flatnonzero(outdated[remaining])

    def find_nearest(self, stale: np.ndarray, nearest: np.ndarray, gaps: np.ndarray) -> None:
        """Write nearest and its distance for some of the clusters."""
        import numpy as np

        by_members = self.linkage == "complete" or self.graph.days is not None
        distances = self._from_members if by_members else self._from_sums(self._sums())
        numbers = np.arange(len(self.sizes))
        step = max(1, BLOCK_ENTRIES // len(numbers))
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
            cosines: np.ndarray = product.toarray() if self.graph.sparse else product
            cosines /= self.sizes[part][:, None]
            cosines /= self.sizes[None, :]
            return 1.0 - cosines

        return distances

    def _from_members(self, part: np.ndarray) -> np.ndarray:
        """Mean or largest distances [part, k], from those of all rows, in portions."""
        import numpy as np

        reduce = np.maximum if self.linkage == "complete" else np.add
        order = np.argsort(self.cluster, kind="stable")
        starts = np.searchsorted(self.cluster[order], np.arange(len(self.sizes)))
        position = np.full(len(self.sizes), -1)
        position[part] = np.arange(len(part))
        # Sorted by cluster: what belongs together is reduced together.
        rows = order[position[self.cluster[order]] >= 0]
        far = np.zeros((len(part), len(self.sizes)))
        step = max(1, BLOCK_ENTRIES // len(self.members))
        for start in range(0, len(rows), step):
            own = rows[start : start + step]
            block = reduce.reduceat(self.graph.distances(self.members[own], self.members[order]), starts, axis=1)
            owners, first = np.unique(position[self.cluster[own]], return_index=True)
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
        smallest = int(gaps.argmin())
        first = np.array([min(smallest, int(nearest[smallest]))])
        return first, np.array([max(smallest, int(nearest[smallest]))])
    return first, nearest[first]


def by_appearance(labels: np.ndarray) -> np.ndarray:
    """The labels numbered from 0 in the order in which they appear."""
    import numpy as np

    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse.ravel()]
