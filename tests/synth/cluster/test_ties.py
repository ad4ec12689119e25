"""Where several partitions are right, the one found is one of them: all that any order of merging ties can give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix
from sklearn.metrics.pairwise import cosine_distances

from synth.cluster import agglomerate
from synth.cluster import linkage as module

Partition = frozenset[frozenset[int]]
REDUCE = {"average": np.mean, "complete": np.max, "single": np.min}
#: Distances nearer than this may tie in one computation and not in another.
NEAR = 1e-9


def right_partitions(distances: np.ndarray, threshold: float, linkage: str) -> set[Partition]:
    """Every end of agglomeration, whichever of the nearest pairs merges first."""
    ends: set[Partition] = set()
    seen: set[Partition] = set()

    def merge(partition: Partition) -> None:
        if partition in seen:
            return
        seen.add(partition)
        clusters = sorted(partition, key=sorted)
        heights = {
            (a, b): float(REDUCE[linkage](distances[np.ix_(list(a), list(b))]))
            for i, a in enumerate(clusters)
            for b in clusters[i + 1 :]
        }
        least = min(heights.values(), default=np.inf)
        if least >= threshold:
            ends.add(partition)
            return
        for (a, b), height in heights.items():
            if height <= least + NEAR:
                merge(partition - {a, b} | {a | b})

    merge(frozenset(frozenset([i]) for i in range(len(distances))))
    return ends


def as_partition(labels: np.ndarray) -> Partition:
    return frozenset(frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist()))


@pytest.mark.parametrize("small", [2, 8_000])
@pytest.mark.parametrize("linkage", list(REDUCE))
@settings(max_examples=60, deadline=None)
@given(
    rows=hnp.arrays(
        np.float64, st.tuples(st.integers(2, 8), st.just(4)), elements=st.sampled_from([0.0, 1.0, 1.0, 2.0])
    ),
    threshold=st.sampled_from([0.0513, 0.2117, 0.3519, 0.5123, 0.7131, 0.9517]),
    window=st.sampled_from([None, 1.0]),
    sparse=st.booleans(),
    data=st.data(),
)
def test_one_of_the_right_partitions(
    small: int, linkage: str, rows: np.ndarray, threshold: float, window: float | None, sparse: bool, data: Any
) -> None:
    days = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))), dtype=float)
    distances = cosine_distances(rows)
    np.fill_diagonal(distances, 0.0)
    if window is not None:
        distances[np.abs(days[:, None] - days[None, :]) > window] = 1.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CONDENSED_ROWS", small)
        patch.setattr(module, "BATCHED_ROWS", min(small, 48))
        found = agglomerate(
            csr_matrix(rows) if sparse else rows,
            distance_threshold=threshold, linkage=linkage, days=days, window=window,
        )  # fmt: skip
    assert as_partition(found) in right_partitions(distances, threshold, linkage)


def test_the_oracle_knows_of_ties() -> None:
    """A row between two others: it can go with either."""
    rows = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    assert right_partitions(cosine_distances(rows), 0.4, "average") == {
        frozenset([frozenset([0, 1]), frozenset([2])]),
        frozenset([frozenset([1, 2]), frozenset([0])]),
    }


@pytest.mark.parametrize("linkage", list(REDUCE))
def test_the_same_rows_give_the_same_partition(linkage: str) -> None:
    rows = np.random.default_rng(0).integers(0, 3, size=(200, 4)).astype(float)
    first = agglomerate(rows, distance_threshold=0.2117, linkage=linkage)
    for _ in range(3):
        assert (agglomerate(rows, distance_threshold=0.2117, linkage=linkage) == first).all()
