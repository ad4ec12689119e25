"""`agglomerate` makes scikit-learn's partition, without its matrix.

Covers synth.neighbors.unit_rows.
"""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix
from sklearn.cluster import AgglomerativeClustering
from sklearn.metrics.pairwise import cosine_distances

from crawler.items import NewsmillError
from synth.cluster import agglomerate
from synth.cluster import linkage as module
from synth.neighbors import cosine_graph, tiles, unit_rows

LINKAGES = ["average", "complete", "single"]


def pairs(labels: np.ndarray) -> np.ndarray:
    return np.asarray(labels)[:, None] == np.asarray(labels)[None, :]


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return bool((pairs(left) == pairs(right)).all())


def reference(distances: np.ndarray, threshold: float, linkage: str) -> np.ndarray:
    np.fill_diagonal(distances, 0.0)
    model = AgglomerativeClustering(
        n_clusters=None, metric="precomputed", linkage=linkage, distance_threshold=threshold
    )
    return model.fit_predict(distances)


def windowed(vectors: np.ndarray, days: np.ndarray, window: float) -> np.ndarray:
    distances = cosine_distances(vectors)
    distances[np.abs(days[:, None] - days[None, :]) > window] = 1.0
    return distances


def bundles(rng: np.random.Generator, n: int, d: int, *, groups: int, noise: float) -> np.ndarray:
    """Rows around a few directions; lengths differ, as those of raw counts do."""
    centres = rng.normal(size=(groups, d))
    rows = centres[rng.integers(groups, size=n)] + noise * rng.normal(size=(n, d))
    return rows * rng.uniform(0.1, 10, size=(n, 1))


def sparse_rows(rng: np.random.Generator, n: int, d: int, density: float) -> np.ndarray:
    """Non-negative rows with few entries, as those of TF-IDF; some are zero."""
    return rng.uniform(0.1, 1, size=(n, d)) * (rng.uniform(size=(n, d)) < density)


@pytest.mark.parametrize("linkage", LINKAGES)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 60),
    d=st.integers(1, 12),
    noise=st.sampled_from([0.05, 0.3, 1.0]),
    threshold=st.floats(0.001, 1.99),
)
def test_dense_rows_as_scikit_learn(linkage: str, seed: int, n: int, d: int, noise: float, threshold: float) -> None:
    # One dimension has ties only: every distance is 0 or 2.
    rows = bundles(np.random.default_rng(seed), n, d + 1, groups=max(1, n // 6), noise=noise)
    expected = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage=linkage, distance_threshold=threshold
    ).fit_predict(rows)
    assert same(agglomerate(rows, distance_threshold=threshold, linkage=linkage), expected)


@pytest.mark.parametrize("linkage", LINKAGES)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 60),
    density=st.sampled_from([0.05, 0.2, 0.5]),
    threshold=st.floats(0.05, 0.999),
)
def test_sparse_rows_as_scikit_learn(linkage: str, seed: int, n: int, density: float, threshold: float) -> None:
    rows = sparse_rows(np.random.default_rng(seed), n, 30, density)
    expected = reference(cosine_distances(rows), threshold, linkage)
    found = agglomerate(csr_matrix(rows), distance_threshold=threshold, linkage=linkage)
    assert same(found, expected)
    assert same(agglomerate(rows, distance_threshold=threshold, linkage=linkage), expected)


@pytest.mark.parametrize("linkage", LINKAGES)
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(2, 60),
    window=st.floats(0, 12),
    threshold=st.floats(0.05, 0.999),
    sparse=st.booleans(),
)
def test_a_window_as_scikit_learn_on_the_changed_matrix(
    linkage: str, seed: int, n: int, window: float, threshold: float, sparse: bool
) -> None:
    rng = np.random.default_rng(seed)
    rows = sparse_rows(rng, n, 20, 0.4) if sparse else bundles(rng, n, 6, groups=4, noise=0.4)
    days = rng.uniform(0, 20, size=n)
    expected = reference(windowed(rows, days, window), threshold, linkage)
    vectors = csr_matrix(rows) if sparse else rows
    found = agglomerate(vectors, distance_threshold=threshold, linkage=linkage, days=days, window=window)
    assert same(found, expected)


@pytest.mark.parametrize("linkage", ["single", "complete", "average"])
def test_a_window_does_not_part_what_a_threshold_above_one_joins(linkage: str) -> None:
    rng = np.random.default_rng(3)
    rows, days = bundles(rng, 40, 3, groups=5, noise=0.3), rng.uniform(0, 50, size=40)
    for threshold in (1.05, 1.4, 1.9):
        expected = reference(windowed(rows, days, 4), threshold, linkage)
        found = agglomerate(rows, distance_threshold=threshold, linkage=linkage, days=days, window=4)
        assert same(found, expected)


@settings(max_examples=100, deadline=None)
@given(
    rows=hnp.arrays(np.float64, st.tuples(st.integers(2, 14), st.just(3)), elements=st.sampled_from([0.0, 1.0, 2.0])),
    threshold=st.sampled_from([0.05, 0.2, 0.35, 0.5, 0.95]),
)
def test_single_linkage_with_ties_and_zero_rows(rows: np.ndarray, threshold: float) -> None:
    """Single linkage has one right partition whatever ties; no distance of these rows lies at a threshold."""
    expected = reference(cosine_distances(rows), threshold, "single")
    assert same(agglomerate(rows, distance_threshold=threshold, linkage="single"), expected)
    assert same(agglomerate(csr_matrix(rows), distance_threshold=threshold, linkage="single"), expected)


@pytest.mark.parametrize("linkage", LINKAGES)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), copies=st.integers(2, 5), threshold=st.floats(0.01, 0.9))
def test_copies_stay_together(linkage: str, seed: int, copies: int, threshold: float) -> None:
    """Equal rows tie at distance 0 with one another and at equal distances from the rest: one right partition."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(bundles(rng, 12, 5, groups=4, noise=0.3), copies, axis=0)[rng.permutation(12 * copies)]
    expected = reference(cosine_distances(rows), threshold, linkage)
    assert same(agglomerate(rows, distance_threshold=threshold, linkage=linkage), expected)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("window", [None, 5.0])
@pytest.mark.parametrize("linkage", ["average", "complete"])
def test_large_components_by_rounds(
    linkage: str, window: float | None, sparse: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rounds, blocks and portions of edges are made to set in at once: the partition stays."""
    rng = np.random.default_rng(11)
    rows = sparse_rows(rng, 300, 40, 0.2) if sparse else bundles(rng, 300, 8, groups=12, noise=0.8)
    days = rng.uniform(0, 30, size=300)
    for place, name, value in (
        (module, "CONDENSED_ROWS", 3), (module, "BATCHED_ROWS", 2), (module, "BLOCK_ENTRIES", 700),
        (unit_rows, "BLOCK_ENTRIES", 700), (tiles, "BLOCK_ENTRIES", 700), (unit_rows, "PAIR_ENTRIES", 50),
        (cosine_graph, "EDGES_AT_ONCE", 50), (tiles, "TILE_ROWS", (4, 16, 16)),
    ):  # fmt: skip
        monkeypatch.setattr(place, name, value)
    for threshold in (0.3, 0.6, 0.85, 0.97):
        distances = cosine_distances(rows) if window is None else windowed(rows, days, window)
        vectors: Any = csr_matrix(rows) if sparse else rows
        found = agglomerate(vectors, distance_threshold=threshold, linkage=linkage, days=days, window=window)
        assert same(found, reference(distances, threshold, linkage))


@pytest.mark.parametrize("linkage", ["average", "complete"])
@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(3, 60),
    threshold=st.floats(0.05, 1.9),
    sparse=st.booleans(),
    window=st.sampled_from([None, 2.0, 8.0]),
)
def test_rounds_as_scikit_learn(
    linkage: str, seed: int, n: int, threshold: float, sparse: bool, window: float | None
) -> None:
    # What lies outside the window ties at distance 1: from there on several partitions are right.
    assume(window is None or threshold < 1)
    rng = np.random.default_rng(seed)
    rows = bundles(rng, n, 6, groups=max(1, n // 5), noise=0.6)
    days = rng.uniform(0, 20, size=n)
    distances = cosine_distances(rows) if window is None else windowed(rows, days, window)
    vectors: Any = csr_matrix(rows) if sparse else rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CONDENSED_ROWS", 2)
        patch.setattr(module, "BATCHED_ROWS", 2)
        patch.setattr(module, "BLOCK_ENTRIES", 150)
        patch.setattr(tiles, "TILE_ROWS", (3, 7, 7))
        found = agglomerate(vectors, distance_threshold=threshold, linkage=linkage, days=days, window=window)
    assert same(found, reference(distances, threshold, linkage))


@pytest.mark.parametrize("linkage", ["average", "complete"])
def test_many_equal_rows_need_few_rounds(linkage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were all to choose the first of their equals, one pair would merge in a round: cubic time."""
    rounds: list[int] = []
    look = module.ReciprocalMerges.find_nearest

    def counted(self: Any, stale: np.ndarray, nearest: np.ndarray, gaps: np.ndarray) -> None:
        rounds.append(len(stale))
        look(self, stale, nearest, gaps)

    monkeypatch.setattr(module, "CONDENSED_ROWS", 3)
    monkeypatch.setattr(module, "BATCHED_ROWS", 3)
    monkeypatch.setattr(module.ReciprocalMerges, "find_nearest", counted)
    rows = np.repeat(bundles(np.random.default_rng(5), 4, 6, groups=4, noise=0.1), 100, axis=0)
    rows = rows[np.random.default_rng(6).permutation(400)]
    found = agglomerate(rows, distance_threshold=0.9, linkage=linkage)
    assert same(found, reference(cosine_distances(rows), 0.9, linkage))
    assert len(rounds) < 40


@pytest.mark.parametrize("linkage", LINKAGES)
def test_a_merge_at_the_threshold_is_not_made(linkage: str) -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert agglomerate(rows, distance_threshold=1.0, linkage=linkage).tolist() == [0, 1]
    assert agglomerate(csr_matrix(rows), distance_threshold=1.0, linkage=linkage).tolist() == [0, 1]
    assert agglomerate(rows, distance_threshold=1.0 + 1e-9, linkage=linkage).tolist() == [0, 0]
    assert agglomerate(csr_matrix(rows), distance_threshold=1.0 + 1e-9, linkage=linkage).tolist() == [0, 0]


@pytest.mark.parametrize("small", [2, 8_000])
def test_a_merge_at_the_threshold_is_not_made_inside_a_component(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONDENSED_ROWS", small)
    rows = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    assert agglomerate(rows, distance_threshold=1.0, linkage="complete").tolist() == [0, 1, 1]
    assert agglomerate(rows, distance_threshold=1.0 + 1e-9, linkage="complete").tolist() == [0, 0, 0]


@pytest.mark.parametrize("linkage", LINKAGES)
def test_opposite_rows_are_at_two(linkage: str) -> None:
    rows = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert agglomerate(rows, distance_threshold=1.5, linkage=linkage).tolist() == [0, 1]
    assert agglomerate(rows, distance_threshold=2.5, linkage=linkage).tolist() == [0, 0]


def test_zero_rows_are_at_one_from_all_and_from_each_other() -> None:
    rows = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    assert agglomerate(rows, distance_threshold=0.99).tolist() == [0, 1, 2, 0]
    assert agglomerate(csr_matrix(rows), distance_threshold=0.99).tolist() == [0, 1, 2, 0]


def test_labels_are_numbered_by_first_appearance() -> None:
    rows = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 3.0], [5.0, 0.1], [1.0, 1.0]])
    found = agglomerate(rows, distance_threshold=0.1)
    assert found.tolist() == [0, 1, 0, 1, 2]
    assert found.dtype == np.int64


@pytest.mark.parametrize("threshold", [-1.0, 0.0])
def test_nothing_lies_below_a_threshold_of_zero(threshold: float) -> None:
    assert agglomerate(np.ones((3, 2)), distance_threshold=threshold).tolist() == [0, 1, 2]


@pytest.mark.parametrize("vectors", [np.zeros((0, 5)), np.zeros(0), csr_matrix((0, 5)), []])
def test_no_rows(vectors: Any) -> None:
    assert agglomerate(vectors, distance_threshold=0.5).tolist() == []


@pytest.mark.parametrize("vectors", [np.ones((1, 5)), csr_matrix((1, 5)), np.zeros((1, 0))])
def test_one_row(vectors: Any) -> None:
    assert agglomerate(vectors, distance_threshold=0.5).tolist() == [0]


def test_lengths_that_overflow_a_square() -> None:
    rows = np.array([[1e200, 1e200], [1e-200, 1e-200], [1.0, -1.0]])
    assert agglomerate(rows, distance_threshold=0.5).tolist() == [0, 0, 1]
    assert agglomerate(csr_matrix(rows), distance_threshold=0.5).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"linkage": "ward"}, "no linkage 'ward'"),
        ({"distance_threshold": float("nan")}, "not a number"),
        ({"window": 3.0}, "one day for each vector"),
        ({"window": 3.0, "days": [1.0]}, "one day for each vector"),
        ({"window": 3.0, "days": [1.0, float("nan")]}, "not numbers"),
        ({"vectors": np.array([[1.0], [np.nan]])}, "not finite"),
        ({"vectors": csr_matrix(np.array([[1.0], [np.inf]]))}, "not finite"),
        ({"vectors": np.ones(4)}, "matrix"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], told: str) -> None:
    given: dict[str, Any] = {"vectors": np.ones((2, 2)), "distance_threshold": 0.5} | options
    with pytest.raises(NewsmillError, match=told):
        agglomerate(given.pop("vectors"), **given)


def test_every_row_is_counted_once() -> None:
    rng = np.random.default_rng(0)
    rows, days = rng.normal(size=(500, 4)), rng.uniform(0, 9, size=500)
    steps: list[int] = []
    agglomerate(rows, distance_threshold=0.3, days=days, window=1, advance=steps.append)
    assert sum(steps) == 500


def test_memory_stays_far_below_the_matrix() -> None:
    """A busy day after quiet ones: no block may grow with the square of the day."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(9_000, 16))
    days = np.concatenate([np.arange(500) / 2.0, np.full(8_500, 251.0)])
    tracemalloc.start()
    agglomerate(rows, distance_threshold=0.02, days=days, window=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.6 * rows.shape[0] ** 2 * 8


def test_small_components_are_taken_in_bounded_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty events of three articles each: all in one batch would grow with the archive."""
    sizes: list[int] = []
    original = module._batched  # noqa: SLF001 (the batches are not seen from outside)

    def counted(graph: Any, components: Any, threshold: float, linkage: str) -> Any:
        sizes.append(len(components))
        return original(graph, components, threshold, linkage)

    monkeypatch.setattr(module, "_batched", counted)
    monkeypatch.setattr(module, "BATCHED_PAIRS", 10)
    rows = np.repeat(np.eye(40), 3, axis=0)
    labels = agglomerate(rows, distance_threshold=0.5)
    assert labels.tolist() == np.repeat(np.arange(40), 3).tolist()
    assert sum(sizes) == 40
    assert max(sizes) == 4, "three pairs each: the fourth component makes more than ten"


@pytest.mark.parametrize("linkage", ["average", "complete"])
def test_blocks_of_a_large_component_are_bounded(linkage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[int] = []
    distances = cosine_graph.CosineGraph.distances

    def measured(self: Any, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        shapes.append(len(left) * len(right))
        return distances(self, left, right)

    monkeypatch.setattr(cosine_graph.CosineGraph, "distances", measured)
    for name, value in (("CONDENSED_ROWS", 3), ("BATCHED_ROWS", 2), ("BLOCK_ENTRIES", 1_000)):
        monkeypatch.setattr(module, name, value)
    rows = bundles(np.random.default_rng(3), 150, 8, groups=3, noise=0.5)
    days = np.zeros(150)
    found = agglomerate(rows, distance_threshold=0.9, linkage=linkage, days=days, window=1.0)
    assert same(found, reference(cosine_distances(rows), 0.9, linkage))
    assert shapes
    assert max(shapes) <= 1_000
