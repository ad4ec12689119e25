"""Krippendorff's alpha: his own example, the ends of the scale, gaps, and an interval that covers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.blind.agreement import agreement, alpha

#: Four observers, twelve units, gaps: "Computing Krippendorff's Alpha-Reliability" (2011), section D.
EXAMPLE = [
    [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1],
    [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
]  # fmt: skip


def test_the_published_example() -> None:
    assert alpha(EXAMPLE, ordinal=False) == pytest.approx(0.743, abs=5e-4)
    assert alpha(EXAMPLE) == pytest.approx(0.815, abs=5e-4)


def test_perfect_agreement_and_agreement_by_chance() -> None:
    assert alpha([[1, 1], [2, 2], [5, 5, 5]]) == 1.0
    drawn = random.Random(0)
    by_chance = alpha([[drawn.randint(1, 5) for _ in range(3)] for _ in range(3000)])
    assert by_chance == pytest.approx(0, abs=0.05)


def test_neighbouring_marks_agree_more_than_distant_ones() -> None:
    near, far = alpha([[1, 2], [4, 5], [1, 1], [5, 5], [3, 3]]), alpha([[1, 5], [4, 1], [1, 1], [5, 5], [3, 3]])
    assert near is not None
    assert far is not None
    assert near > far


@pytest.mark.parametrize("items", [[], [[3], [4]], [[3, 3], [3, 3, 3]]])
def test_what_cannot_be_told_is_none(items: list[list[int]]) -> None:
    assert alpha(items) is None
    assert agreement(items).alpha is None


@given(
    items=st.lists(st.lists(st.integers(1, 5), max_size=4), max_size=12), seed=st.integers(0, 5),
    shift=st.integers(1, 9),
)  # fmt: skip
def test_order_of_raters_and_items_and_names_of_marks_do_not_matter(
    items: list[list[int]], seed: int, shift: int
) -> None:
    told = alpha(items)
    turned = [[mark * shift for mark in reversed(ratings)] for ratings in reversed(items)]
    assert alpha(turned) == (None if told is None else pytest.approx(told))
    assert told is None or told <= 1


def test_the_interval_holds_the_value_and_narrows() -> None:
    few, many = agreement(EXAMPLE, draws=300), agreement(EXAMPLE * 20, draws=300)
    for found in (few, many):
        assert found.alpha is not None
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.alpha <= found.high
    assert (few.items, many.items) == (11, 220)
    assert many.high - many.low < few.high - few.low  # type: ignore[operator]
    assert agreement(EXAMPLE, draws=300) == few
