"""Rows that come day by day fall into the clusters that all of them at once do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from crawler.items import NewsmillError
from synth.cluster import agglomerate
from synth.cluster.stream import Stream, agglomerate_stream


def archive(seed: int, n: int, *, span: float, sparse: bool) -> tuple[Any, np.ndarray]:
    rng = np.random.default_rng(seed)
    days = np.sort(rng.integers(0, max(1, int(span)), size=n) + rng.choice([0.0, 0.5], size=n))
    centres = rng.normal(size=(max(1, n // 5), 8))
    rows = centres[rng.integers(len(centres), size=n)] + 0.5 * rng.normal(size=(n, 8))
    return (csr_matrix(np.abs(rows) * (rng.uniform(size=rows.shape) < 0.6)) if sparse else rows), days


def streamed(rows: Any, days: np.ndarray, portion: int, **options: Any) -> list[int]:
    labels = np.full(len(days), -1)
    parts = ((rows[start : start + portion], days[start : start + portion]) for start in range(0, len(days), portion))
    for numbers, found, _ in agglomerate_stream(parts, **options):
        assert (labels[numbers] == -1).all()
        labels[numbers] = found
    return labels.tolist()


def groups(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(i for i, other in enumerate(labels) if other == label) for label in set(labels)}


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 80),
    portion=st.integers(1, 30),
    span=st.floats(1, 40),
    window=st.sampled_from([0.0, 0.5, 2.0, 7.0]),
    threshold=st.floats(0.02, 0.95),
    linkage=st.sampled_from(["average", "complete", "single"]),
    sparse=st.booleans(),
)
def test_as_all_at_once(
    seed: int, n: int, portion: int, span: float, window: float, threshold: float, linkage: str, sparse: bool
) -> None:
    rows, days = archive(seed, n, span=span, sparse=sparse)
    options: dict[str, Any] = {"distance_threshold": threshold, "linkage": linkage, "window": window}
    expected = agglomerate(rows, days=days, **options)
    found = streamed(rows, days, portion, **options)
    assert -1 not in found
    assert groups(found) == groups(expected.tolist())


def test_what_is_complete_is_forgotten() -> None:
    rng = np.random.default_rng(0)
    stream, open_rows, most = Stream(distance_threshold=0.3, window=2.0), 0, 0
    for day in range(60):
        closed = stream.add(rng.normal(size=(20, 40)), np.full(20, float(day)))
        open_rows += 20 - len(closed.numbers)
        most = max(most, open_rows)
    assert most < 100


def test_an_empty_portion_and_an_empty_stream() -> None:
    stream = Stream(distance_threshold=0.3, window=2.0)
    assert stream.finish()[0].tolist() == []
    assert stream.add(np.ones((2, 3)), np.array([1.0, 1.0]))[0].tolist() == []
    assert stream.add(np.ones((0, 3)), np.zeros(0))[0].tolist() == []
    numbers, labels, _ = stream.finish()
    assert (numbers.tolist(), labels.tolist()) == ([0, 1], [0, 0])


def test_nothing_lies_below_a_threshold_of_zero() -> None:
    assert streamed(np.ones((3, 2)), np.zeros(3), 2, distance_threshold=0.0, window=1.0) == [0, 1, 2]


@pytest.mark.parametrize(
    ("options", "told"),
    [({"linkage": "ward"}, "no linkage"), ({"distance_threshold": 1.2}, "at most 1")],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(NewsmillError, match=told):
        Stream(**({"distance_threshold": 0.5, "window": 1.0} | options))


def test_days_out_of_order_are_refused() -> None:
    stream = Stream(distance_threshold=0.5, window=1.0)
    stream.add(np.ones((1, 2)), np.array([5.0]))
    with pytest.raises(NewsmillError, match="in order"):
        stream.add(np.ones((1, 2)), np.array([4.0]))
