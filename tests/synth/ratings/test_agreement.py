"""Coefficients against the libraries and published examples, and the tables from the store."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import cohen_kappa_score

from synth.ratings.agreement import (
    AGREED,
    agreement,
    agreement_of,
    alpha,
    icc,
    interval,
    repeatability,
    repeatability_of,
    spearman,
    table,
    weighted_kappa,
)

HALVES = st.integers(0, 10).map(lambda number: number / 2)
PAIRS = st.lists(st.tuples(HALVES, HALVES), min_size=2, max_size=40)


@settings(max_examples=100, deadline=None)
@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    left, right = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    ours = float(weighted_kappa(left, right))
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
        assert not np.isfinite(spearman(left, right))
    else:
        assert float(spearman(left, right)) == pytest.approx(spearmanr(left, right).statistic)


def test_coefficients_of_published_examples() -> None:
    # Shrout and Fleiss (1979), four judges of six targets: ICC(1,1) = .17.
    shrout = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert icc(shrout) == pytest.approx(0.166, abs=5e-4)
    # Krippendorff (2011), four observers of twelve units with missing values: alpha (interval) = .849.
    units = [[1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4],
             [1, 1, 2, 1], [2, 2, 2, 2], [5, 5, 5], [1, 1], [3]]  # fmt: skip
    assert alpha(units) == pytest.approx(0.849, abs=5e-4)


def test_nothing_to_measure() -> None:
    assert icc([]) is icc([[1, 2]]) is icc([[1], [2]]) is icc([[3, 3], [3, 3]]) is None
    assert alpha([]) is alpha([[1], [2]]) is alpha([[3, 3], [3, 3]]) is None
    assert repeatability([])["n"] == 0
    assert agreement([])["kappa"] is None
    assert agreement([(4.0, 4.0)])["kappa"] is None
    assert agreement([(4.0, 4.0)] * 20) | {"kappa": None, "spearman": None} == agreement([(4.0, 4.0)] * 20)


def test_repeatability() -> None:
    told = repeatability([[4, 4, 4], [5, 5, 4], [3, 2, 1], [5]])
    assert (told["n"], told["repeats"], told["identical"]) == (3, 3, round(1 / 3, 4))
    assert told["mean_difference"] == pytest.approx((0 + 2 / 3 + 4 / 3) / 3, abs=1e-4)
    assert repeatability([[4, 4], [2, 2]])["icc"] == 1


def test_an_interval_holds_what_it_should() -> None:
    """Of 60 sets of 80 pairs, nearly all intervals hold the coefficient of the population."""
    chance = np.random.default_rng(7)
    people = chance.integers(0, 6, 200_000).astype(float)
    judge = np.clip(people + chance.normal(0, 1.2, len(people)).round(), 0, 5)
    truth = float(weighted_kappa(judge, people))
    held = 0
    for _ in range(60):
        picked = chance.integers(0, len(people), 80)
        low, high = interval(weighted_kappa, judge[picked], people[picked], 400) or [0.0, 0.0]
        held += low <= truth <= high
    assert held >= 51
    assert interval(weighted_kappa, judge[:9], people[:9]) is None
    assert interval(spearman, judge[:50], people[:50]) == interval(spearman, judge[:50], people[:50])


def rows(database: Any) -> None:
    for number in range(24):
        language = "it" if number < 12 else "vi"
        score = number % 6
        judge = {"model": "m", "accuracy": [score, score], "helpfulness": [1.0, 2.0] if number < 2 else []}
        database.samples.insert_one({"key": f"k{number}", "language": language, "accuracy": score, "judge": judge})
        others = {"a": score, "b": 5 - score if language == "vi" else score}
        for rater, said in others.items():
            database.ratings.insert_one({"item": f"k{number}", "rater": rater, "accuracy": said})
    database.samples.insert_one({"key": "unread", "language": "it", "accuracy": None, "judge": {"accuracy": []}})
    database.ratings.insert_one({"item": "unread", "rater": "a", "accuracy": 1})
    database.ratings.insert_one({"item": "gone", "rater": "a", "accuracy": 1})


def test_from_the_store(database: Any) -> None:
    assert agreement_of(database) == repeatability_of(database) == []
    rows(database)
    told = {(row["dimension"], row["language"]): row for row in agreement_of(database)}
    assert list(told) == [("accuracy", "it"), ("accuracy", "vi"), ("accuracy", "all")]
    italian, vietnamese = told["accuracy", "it"], told["accuracy", "vi"]
    assert (italian["n"], italian["kappa"], italian["spearman"], italian["people_alpha"]) == (12, 1, 1, 1)
    assert italian["kappa_interval"] == [1, 1]
    # Two who contradict each other: their mean says nothing.
    assert (vietnamese["n"], vietnamese["kappa"], vietnamese["spearman"], vietnamese["raters"]) == (12, 0, None, 2)
    assert vietnamese["people_alpha"] < 0
    steady = {(row["dimension"], row["language"]): row for row in repeatability_of(database)}
    assert steady["accuracy", "all"]["identical"] == 1
    assert (steady["helpfulness", "it"]["n"], steady["helpfulness", "it"]["mean_difference"]) == (2, 1)
    assert [row["language"] for row in agreement_of(database, {"language": "vi"})] == ["vi"]


def test_the_table(database: Any) -> None:
    rows(database)
    lines = table(agreement_of(database), AGREED).split("\n")
    assert lines[0].split() == " ".join(AGREED).replace("_", " ").split()
    assert "1.00 to 1.00" in lines[1]
    assert len({len(line) for line in lines}) == 1
