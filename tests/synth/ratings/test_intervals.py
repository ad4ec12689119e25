"""Intervals: how often they hold the truth, clusters, and what has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from synth.ratings.intervals import clusters_of, count, interval, share_interval
from synth.ratings.measures import alpha, marks_of, mean, spearman, weighted_kappa


@pytest.mark.parametrize("measure", [weighted_kappa, spearman])
def test_it_holds_what_it_should(measure: Callable[..., Any]) -> None:
    """Of 200 sets of 30 pairs, about 190 intervals hold the coefficient of the population; binomial: 179 to 198."""
    chance = np.random.default_rng(7)
    people = chance.integers(0, 6, 100_000).astype(float)
    judge = np.clip(people + chance.normal(0, 1.2, len(people)).round(), 0, 5)
    truth = float(measure(judge, people, np.ones(len(people))))
    held = 0
    for _ in range(200):
        drawn = chance.integers(0, len(people), 30)
        one, other = judge[drawn], people[drawn]
        ends = interval(lambda weights, one=one, other=other: measure(one, other, weights), np.arange(30))
        assert ends is not None
        held += ends[0] <= truth <= ends[1]
    assert 179 <= held <= 198


def test_of_a_mean_it_is_student_s() -> None:
    values = np.random.default_rng(2).normal(1, 2, 40)
    ends = interval(lambda weights: mean(values, weights), np.arange(40), coefficient=False)
    assert ends == pytest.approx(stats.t.interval(0.95, 39, values.mean(), stats.sem(values)), abs=1e-4)


def test_many_clusters_are_dealt_into_groups() -> None:
    """Ten thousand items ask for no ten thousand resamples, and the interval is still Student's within a tenth."""
    values = np.random.default_rng(2).normal(1, 2, 10_000)
    calls = []

    def statistic(weights: Any) -> Any:
        calls.append(weights.size)
        return mean(values, weights)

    ends = interval(statistic, np.arange(10_000), coefficient=False)
    assert ends is not None
    assert sum(calls) == 501 * 10_000
    assert max(calls) <= 1_000_000
    low, high = stats.t.interval(0.95, 9999, values.mean(), stats.sem(values))
    assert ends[1] - ends[0] == pytest.approx(high - low, rel=0.1)


def test_none_where_there_is_none() -> None:
    few = np.arange(9.0)
    assert interval(lambda weights: mean(few, weights), np.arange(9), coefficient=False) is None
    same = marks_of([["a", "a"], ["b", "b"]] * 10)
    assert interval(lambda weights: alpha(same, "nominal", weights), np.arange(20)) is None
    # One item alone makes a difference: without it alpha is not defined.
    lonely = marks_of([["a", "a"]] * 20 + [["a", "b"]])
    assert interval(lambda weights: alpha(lonely, "nominal", weights), np.arange(21)) is None
    assert share_interval(np.ones(9), np.arange(9)) is None


def test_of_a_share_it_is_wilson_s() -> None:
    hits = np.array([1.0] * 30 + [0.0] * 10)
    low, high = stats.binomtest(30, 40).proportion_ci(method="wilson")
    assert share_interval(hits, np.arange(40)) == pytest.approx([low, high], abs=0.01)
    # All near: no certainty, the rule of three.
    ends = share_interval(np.ones(30), np.arange(30))
    assert ends is not None
    assert (0.85 < ends[0] < 0.95, ends[1]) == (True, 1)
    repeated = share_interval(np.repeat(hits, 5), np.repeat(np.arange(40), 5))
    assert repeated == pytest.approx(share_interval(hits, np.arange(40)), abs=0.01)


def test_clusters_are_events_articles_and_originals() -> None:
    samples = [
        {"key": "a", "event": "e1", "sources": [{"link": "x"}]}, {"key": "b", "event": "e1"},
        {"key": "c", "sources": [{"link": "y"}, {"link": "x"}]}, {"key": "d", "provenance": {"translated_from": "c"}},
        {"key": "e", "provenance": {"translated_from": "gone"}},
        {"key": "f", "provenance": {"translated_from": "gone"}},
        {"key": "g", "event": "", "sources": [{"link": ""}, {}], "provenance": None}, {},
    ]  # fmt: skip
    labels = clusters_of(samples)
    assert labels.tolist() == [0, 0, 0, 0, 1, 1, 2, 3]
    assert count(labels) == 4
    assert count(clusters_of([])) == 0
