"""Kappa, Spearman and Krippendorff's alpha against libraries and published examples, weighted as if drawn so often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from synth.ratings.measures import SCALES, alpha, marks_of, mean, spearman, weighted_kappa

HALVES = st.integers(0, 10).map(lambda number: number / 2)
PAIRS = st.lists(st.tuples(HALVES, HALVES), min_size=2, max_size=40)


@settings(max_examples=100, deadline=None)
@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    ours = float(weighted_kappa(left, right, np.ones(len(pairs))))
    if len(set(left) | set(right)) == 1:
        assert np.isnan(ours)
        return
    theirs = cohen_kappa_score((left * 2).astype(int), (right * 2).astype(int), labels=range(11), weights="quadratic")
    assert ours == pytest.approx(theirs)


@settings(max_examples=100, deadline=None)
@given(PAIRS)
def test_spearman_is_that_of_scipy(pairs: list[tuple[float, float]]) -> None:
    left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    if len(set(left)) == 1 or len(set(right)) == 1:
        assert not np.isfinite(spearman(left, right, np.ones(len(pairs))))
    else:
        assert float(spearman(left, right, np.ones(len(pairs)))) == pytest.approx(spearmanr(left, right).statistic)


# Krippendorff (2011), four observers of twelve units with missing values.
UNITS = [[1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1],
         [2, 2, 2, 2], [5, 5, 5], [1, 1], [3]]  # fmt: skip


@pytest.mark.parametrize(("scale", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_the_published_example(scale: str, value: float) -> None:
    assert float(alpha(marks_of(UNITS), scale)) == pytest.approx(value, abs=5e-4)


def by_definition(items: list[list[Any]], scale: str) -> float:
    """Alpha from the differences of all pairs, written as the definition has it."""
    several = [marks for marks in items if len(marks) > 1]
    every = sorted(mark for marks in several for mark in marks)

    def apart(one: Any, other: Any) -> float:
        if scale == "nominal":
            return float(one != other)
        if scale == "interval":
            return float(one - other) ** 2
        low, high = min(one, other), max(one, other)
        between = sum(low <= mark <= high for mark in every)
        return (between - (every.count(low) + every.count(high)) / 2) ** 2

    observed = sum(
        apart(a, b) / (len(m) - 1) for m in several for i, a in enumerate(m) for j, b in enumerate(m) if i != j
    )
    expected = sum(apart(a, b) for i, a in enumerate(every) for j, b in enumerate(every) if i != j) / (len(every) - 1)
    return 1 - observed / expected if expected else float("nan")


ITEMS = st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=15)


@settings(max_examples=200, deadline=None)
@given(ITEMS, st.sampled_from(SCALES))
def test_alpha_is_as_defined(items: list[list[int]], scale: str) -> None:
    marks = marks_of(items)
    ours = float(alpha(marks, scale)) if len(marks) else float("nan")
    theirs = by_definition(items, scale) if len(marks) else float("nan")
    assert ours == pytest.approx(theirs, nan_ok=True)


def test_names_need_no_order() -> None:
    words = [["accept", "accept"], ["reject", "edit"], ["edit", "edit"], ["accept", "reject", "accept"]]
    numbers = [[{"accept": 7, "edit": 1, "reject": 4}[word] for word in marks] for marks in words]
    assert float(alpha(marks_of(words), "nominal")) == pytest.approx(float(alpha(marks_of(numbers), "nominal")))
    assert float(alpha(marks_of(words), "nominal")) == pytest.approx(by_definition(words, "nominal"))


@pytest.mark.parametrize("scale", SCALES)
def test_large_numbers_keep_their_digits(scale: str) -> None:
    chance = np.random.default_rng(1)
    items = [[float(mark) for mark in chance.integers(0, 3, 3)] for _ in range(40)]
    moved = [[mark + 1e7 for mark in marks] for marks in items]
    assert float(alpha(marks_of(moved), scale)) == pytest.approx(float(alpha(marks_of(items), scale)), abs=1e-6)


MEASURES: list[Callable[..., Any]] = [weighted_kappa, spearman]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(HALVES, HALVES, st.integers(0, 3)), min_size=2, max_size=20))
def test_a_weight_is_that_many_copies(rows: list[tuple[float, float, int]]) -> None:
    """Two resamples at once; the second is the items as they are."""
    one, other, times = (np.array(column) for column in zip(*rows, strict=True))
    times[0] += 1
    weights = np.array([times, np.ones(len(rows))], float)
    copies = np.repeat(one, times), np.repeat(other, times)
    for measure in MEASURES:
        both = measure(one, other, weights)
        assert float(both[0]) == pytest.approx(float(measure(*copies, np.ones(times.sum()))), nan_ok=True)
        assert float(both[1]) == pytest.approx(float(measure(one, other, np.ones(len(rows)))), nan_ok=True)
    assert mean(one, weights) == pytest.approx([copies[0].mean(), one.mean()])
    items = [[a, b] for a, b, _ in rows]
    for scale in SCALES:
        drawn = [marks for marks, count in zip(items, times, strict=True) for _ in range(count)]
        assert float(alpha(marks_of(items), scale, weights)[0]) == pytest.approx(
            float(alpha(marks_of(drawn), scale)), nan_ok=True
        )
