"""Edges from single precision are those of double precision, whatever is compared in the same call.

Covers synth.neighbors.tiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, vstack

from synth.neighbors import tiles
from synth.neighbors.cosine_graph import CosineGraph
from synth.neighbors.tiles import tile_edges


def rows_of(seed: int, n: int, sparse: bool) -> Any:
    rng = np.random.default_rng(seed)
    rows = np.abs(rng.normal(size=(n, 30))) * (rng.uniform(size=(n, 30)) < rng.uniform(0.02, 0.9, size=30))
    return csr_matrix(rows) if sparse else rows - 0.3


def edges(graph: CosineGraph, threshold: float) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for left, right, _ in tile_edges(graph, threshold, 0):
        found |= {(min(pair), max(pair)) for pair in zip(left.tolist(), right.tolist(), strict=True)}
    return found


@pytest.mark.parametrize("sparse", [False, True])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6), n=st.integers(2, 50), tile=st.integers(1, 20), window=st.sampled_from([None, 0.0, 2.5])
)
def test_edges_at_thresholds_that_are_distances(
    sparse: bool, seed: int, n: int, tile: int, window: float | None
) -> None:
    """Single precision alone would err on every one of these."""
    rows = rows_of(seed, n, sparse)
    days = np.random.default_rng(seed).integers(0, 12, size=n).astype(float)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE_ROWS", (tile, tile, tile))
        graph = CosineGraph(rows, days, window)
        left, right = np.triu_indices(n, 1)
        distances = graph.pair_distances(left, right)
        for threshold in np.unique(distances[distances < 0.999])[::17].tolist():
            expected = {
                (i, j) for i, j, d in zip(left.tolist(), right.tolist(), distances, strict=True) if d < threshold
            }
            assert edges(graph, threshold) == expected


@pytest.mark.parametrize("sparse", [False, True])
def test_a_distance_hangs_on_its_two_rows_alone(sparse: bool) -> None:
    rows = rows_of(3, 60, sparse)
    left, right = np.triu_indices(60, 1)
    whole = CosineGraph(rows).pair_distances(left, right)
    for i, j, distance in list(zip(left, right, whole, strict=True))[::37]:
        part = CosineGraph(vstack([rows[i], rows[j]]).tocsr() if sparse else rows[[i, j]])
        assert part.pair_distances(np.array([0]), np.array([1]))[0] == distance
        assert part.pair_distances(np.array([1]), np.array([0]))[0] == distance


def test_columns_by_hash_cost_no_more_than_their_entries() -> None:
    rows = csr_matrix((np.ones(4), ([0, 0, 1, 1], [5, 2**31 - 3, 5, 7])), shape=(2, 2**31 - 1))
    graph = CosineGraph(rows)
    assert graph.rows.shape[1] == 3
    assert graph.pair_distances(np.array([0]), np.array([1]))[0] == pytest.approx(0.5)
    assert rows.shape[1] == 2**31 - 1


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 60), old=st.integers(0, 60), window=st.sampled_from([None, 3.0]))
def test_known_components_are_not_compared_again(seed: int, n: int, old: int, window: float | None) -> None:
    rows, days = rows_of(seed, n, True), np.sort(np.random.default_rng(seed).uniform(0, 20, size=n))
    old = min(old, n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "TILE_ROWS", (4, 4, 4))
        whole = CosineGraph(rows, days, window).components(0.6)
        earlier = CosineGraph(rows[:old], days[:old], window).components(0.6)
        found = CosineGraph(rows, days, window).components(0.6, earlier=earlier)
    assert ((found[:, None] == found) == (whole[:, None] == whole)).all()
