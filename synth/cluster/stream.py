"""Clusters of rows that come in order of their days, in the memory of what is still open.

With a window of w days a row can only meet rows of the w days around it. So a component of the graph
"distance < threshold" whose last row lies more than w days back is complete: it is agglomerated, returned and
forgotten. A whole archive needs the memory of its last days, whatever its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.items import NewsmillError
from synth.cluster.linkage import by_appearance, check, split
from synth.neighbors.cosine_graph import CosineGraph

if TYPE_CHECKING:
    import numpy as np


class Closed(NamedTuple):
    """Rows whose clusters are complete."""

    #: int [closed] numbers of the rows, counted from 0 over all calls, ascending.
    numbers: np.ndarray
    #: int [closed] cluster of each; no label twice over all calls.
    labels: np.ndarray
    #: int [closed] component of the graph of each; no component twice over all calls.
    components: np.ndarray


class Stream:
    """The clusters that `agglomerate` finds in all rows at once, computed portion by portion."""

    def __init__(
        self, *, distance_threshold: float, window: float, linkage: str = "average", spread: float | None = None,
        advance: Callable[[int], None] | None = None,
    ) -> None:  # fmt: skip
        """
        Args:
            distance_threshold: as for `agglomerate`, but not above 1: from there on all rows of an archive meet.
            window: rows more than this many days apart count as at distance 1.
            spread: a cluster is split until no two of its rows are farther apart (`tightened`); None: as it is.

        Raises:
            NewsmillError: unknown linkage, or a threshold that is above 1 or no number.
        """
        check(distance_threshold, linkage)
        if distance_threshold > 1:
            raise NewsmillError(f"cluster: with a window the threshold is at most 1, not {distance_threshold}")
        self.threshold, self.window, self.linkage, self.spread = distance_threshold, window, linkage, spread
        self.advance = advance
        #: Rows that later ones can still meet: vectors, days, numbers since the beginning, components.
        self._open: tuple[Any, np.ndarray, np.ndarray, np.ndarray] | None = None
        self._seen = self._labels = 0

    def add(self, vectors: Any, days: np.ndarray) -> Closed:
        """Take the next rows; give those whose clusters are complete.

        Args:
            vectors: [n, d] ndarray or CSR, always of the same width.
            days: [n] in ascending order, none before the last one of the call before.

        Raises:
            NewsmillError: the days are out of order.
        """
        import numpy as np

        days = np.asarray(days, dtype=np.float64)
        numbers = np.arange(self._seen, self._seen + len(days))
        self._seen += len(days)
        earlier = None
        if self._open is not None:
            old, old_days, old_numbers, earlier = self._open
            vectors = _stacked(old, vectors)
            days, numbers = np.concatenate([old_days, days]), np.concatenate([old_numbers, numbers])
        if (np.diff(days) < 0).any():
            raise NewsmillError("cluster: the days of a stream must be in order")
        return self._closed(vectors, days, numbers, earlier)

    def finish(self) -> Closed:
        """The rows that are still open."""
        import numpy as np

        if self._open is None:
            empty = np.zeros(0, dtype=np.int64)
            return Closed(empty, empty, empty)
        vectors, days, numbers, earlier = self._open
        self._open = None
        return self._split(vectors, CosineGraph(vectors, days, self.window), numbers, earlier)

    def _closed(self, vectors: Any, days: np.ndarray, numbers: np.ndarray, earlier: np.ndarray | None) -> Closed:
        import numpy as np

        graph = CosineGraph(vectors, days, self.window)
        components = np.arange(graph.n)
        if self.threshold > 0:
            components = by_appearance(graph.components(self.threshold, self.advance, earlier))
        if not graph.n:
            return Closed(numbers, components, components)
        last = np.zeros(components.max() + 1)
        # Days ascend: the last one written is the largest.
        last[components] = days
        # A later row has the last day of these at the earliest.
        is_open = (days[-1] - last <= self.window)[components]
        keep = np.flatnonzero(is_open)
        self._open = (vectors[keep], days[keep], numbers[keep], components[keep])
        return self._split(vectors, graph, numbers, np.where(is_open, -1, components))

    def _split(self, vectors: Any, graph: CosineGraph, numbers: np.ndarray, components: np.ndarray) -> Closed:
        complete = components >= 0
        labels = split(graph, components, self.threshold, self.linkage)
        labels = tightened(vectors, labels, self.spread)[complete]
        parts = components[complete]
        if len(labels):
            # There are never more components than clusters: one offset keeps both apart from all earlier ones.
            labels, parts = by_appearance(labels) + self._labels, by_appearance(parts) + self._labels
            self._labels = int(labels.max()) + 1
        return Closed(numbers[complete], labels, parts)


def agglomerate_stream(portions: Iterable[tuple[Any, np.ndarray]], **options: Any) -> Iterator[Closed]:
    """Rows as their clusters get complete; `portions` of (vectors, days), options of `Stream`."""
    stream = Stream(**options)
    for vectors, days in portions:
        yield stream.add(vectors, days)
    yield stream.finish()


def tightened(vectors: Any, labels: np.ndarray, spread: float | None) -> np.ndarray:
    """The clusters split by complete linkage until no two rows of one are farther apart than `spread`, days aside.

    Args:
        labels: [n] cluster of each row, negative for rows that are left out.
        spread: at least the threshold of the clusters: two rows that are one stay one. None: nothing is split.
    """
    return labels if spread is None else split(CosineGraph(vectors), labels, spread, "complete")


def agglomerate_whole(
    portions: Iterable[tuple[Any, np.ndarray]], *, distance_threshold: float, window: float | None,
    linkage: str = "average", spread: float | None = None, advance: Callable[[int], None] | None = None,
) -> Iterator[Closed]:  # fmt: skip
    """The same of all rows at once, for what no stream can do: no window, or a threshold above 1."""
    import numpy as np

    check(distance_threshold, linkage)
    whole, days = None, [np.zeros(0)]
    for vectors, part in portions:
        whole = vectors if whole is None else _stacked(whole, vectors)
        days.append(part)
    if whole is None:
        return
    graph = CosineGraph(whole, np.concatenate(days), window)
    components = np.arange(graph.n)
    if distance_threshold > 0:
        components = graph.components(distance_threshold, advance)
    labels = tightened(whole, split(graph, components, distance_threshold, linkage), spread)
    yield Closed(np.arange(graph.n), by_appearance(labels), components)


def _stacked(old: Any, new: Any) -> Any:
    import numpy as np
    from scipy import sparse

    if not sparse.issparse(new):
        return np.concatenate([old, np.asarray(new)])
    return sparse.vstack([old, new], format="csr")
