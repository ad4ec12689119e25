"""Strengths: where a formula gives them, where the likelihood has no maximum, and that the maximum is one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.blind.statistics.bradley_terry import Comparisons, fit, groups


def table(rows: list[tuple[int, int, int, int, int]], covariates: np.ndarray | None = None) -> Comparisons:
    """(first, second, won, tied, lost)."""
    values = np.array(rows)
    width = np.zeros((len(rows), 0)) if covariates is None else covariates
    return Comparisons(values[:, 0], values[:, 1], values[:, 2:].astype(float), width)


def test_two_authors_without_ties_are_the_logarithm_of_the_odds() -> None:
    found = fit(table([(0, 1, 30, 0, 10)]), 2)
    assert found is not None
    assert found.strengths[0] - found.strengths[1] == pytest.approx(math.log(3))
    assert found.ties is None


def test_two_authors_with_ties_follow_davidson() -> None:
    """With two authors the model has as many parameters as shares: it gives them exactly."""
    found = fit(table([(0, 1, 30, 20, 10)]), 2)
    assert found is not None
    assert found.strengths[0] - found.strengths[1] == pytest.approx(math.log(3))
    assert math.exp(found.ties or 0) == pytest.approx(20 / math.sqrt(300))


def test_half_a_win_for_each_tie() -> None:
    found = fit(table([(0, 1, 30, 20, 10)]).halved(), 2)
    assert found is not None
    assert found.strengths[0] - found.strengths[1] == pytest.approx(math.log(40 / 20))


def test_expected_scores_are_the_observed_ones() -> None:
    """What the maximum is: each author's wins and half ties are as many as the model expects (Davidson, 1970)."""
    rows = [(0, 1, 7, 3, 2), (1, 2, 4, 4, 5), (0, 2, 9, 1, 3), (2, 3, 5, 2, 4), (0, 3, 6, 2, 1)]
    found = fit(table(rows), 4)
    assert found is not None
    scores, expected = np.zeros(4), np.zeros(4)
    for first, second, won, tied, lost in rows:
        lead = (found.strengths[first] - found.strengths[second]) / 2
        weights = np.exp([lead, found.ties or 0, -lead])
        chances = weights / weights.sum() * (won + tied + lost)
        scores[[first, second]] += won + tied / 2, lost + tied / 2
        expected[[first, second]] += chances[0] + chances[1] / 2, chances[2] + chances[1] / 2
    assert expected == pytest.approx(scores)
    assert found.strengths.mean() == pytest.approx(0)
    assert np.abs(found.shares.sum(axis=0)).max() < 1e-8


def test_a_side_that_decides_is_no_strength() -> None:
    """The first author is mostly on the left, and the left wins: only the model with the side sees equals."""
    sides = np.array([[1.0], [-1.0]])
    plain, controlled = (
        table([(0, 1, 60, 0, 20), (0, 1, 5, 0, 15)], None),
        table([(0, 1, 60, 0, 20), (0, 1, 5, 0, 15)], sides),
    )
    one, other = fit(plain, 2), fit(controlled, 2)
    assert one is not None
    assert other is not None
    assert one.strengths[0] > 0.2
    assert other.strengths[0] == pytest.approx(0, abs=1e-6)
    assert other.coefficients[0] == pytest.approx(math.log(3))


@pytest.mark.parametrize(
    ("rows", "compared", "scales"),
    [
        ([(0, 1, 3, 0, 2), (2, 3, 1, 1, 0)], 2, 2),
        ([(0, 1, 3, 0, 0)], 1, 2),
        ([(0, 1, 3, 0, 2), (1, 2, 4, 0, 0)], 1, 2),
        ([(0, 1, 0, 1, 0)], 1, 1),
        ([(0, 1, 1, 0, 0), (1, 2, 1, 0, 0), (2, 0, 1, 0, 0)], 1, 1),
    ],
)
def test_who_can_be_put_on_one_scale(rows: list[tuple[int, int, int, int, int]], compared: int, scales: int) -> None:
    authors = max(max(row[:2]) for row in rows) + 1
    together, scaled = groups(table(rows), authors)
    assert (len(set(together.tolist())), len(set(scaled.tolist()))) == (compared, scales)


def test_no_maximum_is_none() -> None:
    assert fit(table([(0, 1, 5, 0, 0)]), 2) is None
    assert fit(table([(0, 1, 0, 5, 0)]), 2) is None
    assert fit(table([(0, 1, 5, 0, 3), (0, 1, 2, 0, 2)], np.array([[1.0], [1.0]])), 2) is None, "not told from strength"


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
             min_size=1, max_size=8).filter(lambda rows: all(row[0] != row[1] and sum(row[2:]) for row in rows))
)  # fmt: skip
def test_where_wins_bind_all_there_is_a_maximum_and_where_nothing_does_there_is_none(
    rows: list[tuple[int, int, int, int, int]],
) -> None:
    authors = sorted({author for row in rows for author in row[:2]})
    comparisons = table([(authors.index(row[0]), authors.index(row[1]), *row[2:]) for row in rows])
    found = fit(comparisons, len(authors))
    by_wins, by_all = (groups(comparisons, len(authors), ties=ties)[1].tolist() for ties in (False, True))
    if len(set(by_wins)) == 1:
        assert found is not None
    if len(set(by_all)) > 1 or not comparisons.outcomes[:, [0, 2]].any():
        assert found is None
    assert found is None or np.isfinite(found.strengths).all()
