"""The arithmetic of the drift alarm."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from crawler.extensions.drift.statistics import (
    Blocks,
    bin_of,
    clustering,
    is_beyond,
    length_of,
    mann_whitney,
    overdispersion,
    quantiles,
    similarity,
    tail,
)


def test_tail_is_fishers_exact_test() -> None:
    from scipy.stats import fisher_exact

    for bad, total, all_bad, all_total in ((3, 20, 1, 40), (16, 40, 10, 200), (0, 20, 5, 50), (20, 20, 0, 20)):
        table = [[bad, total - bad], [all_bad, all_total - all_bad]]
        assert tail(bad, total, all_bad, all_total) == pytest.approx(fisher_exact(table, "greater")[1], rel=1e-6)


def test_mann_whitney_of_histograms_is_that_of_their_values() -> None:
    from scipy.stats import mannwhitneyu

    dice = random.Random(1)
    one, other = ([dice.randint(low, low + 30) for _ in range(50)] for low in (10, 20))
    chance, larger = mann_whitney(Counter(one), Counter(other))
    expected = mannwhitneyu(one, other, method="asymptotic", use_continuity=False)
    assert chance == pytest.approx(expected.pvalue, rel=1e-6)
    assert larger == pytest.approx(expected.statistic / 2500)
    assert mann_whitney(Counter([5] * 30), Counter([5] * 30)) == (1.0, 0.5)


def test_bins_keep_lengths_to_a_few_per_cent() -> None:
    for length in (1, 7, 60, 1_000, 250_000):
        assert length_of(bin_of(length)) == pytest.approx(length, rel=0.03)
    assert quantiles(Counter(map(bin_of, range(1, 1001))))[2] == pytest.approx(500, rel=0.05)
    assert quantiles(Counter()) == []


def test_what_varied_before_counts_for_less() -> None:
    assert overdispersion([(5, 50), (5, 50), (6, 50)]) == 1.0
    assert overdispersion([(0, 50), (30, 50), (5, 50), (45, 50)]) > 10
    assert overdispersion([(5, 50), (25, 50)]) == 1.0, "two crawls show no variation"
    apart, mixed = Blocks(), Blocks()
    for index in range(400):
        apart.add(index % 200 < 100)
        mixed.add(index % 2)
    assert clustering([apart.note()], 0.25) > 10
    assert clustering([mixed.note()], 0.25) == 1.0
    assert clustering([], 0.25) == 1.0
    assert is_beyond(90, [100, 101, 99])
    assert not is_beyond(90, [100, 80, 99])


def test_similarity_is_that_of_words() -> None:
    assert similarity("Il gatto, il cane", "il cane il gatto") == 1
    assert similarity("a b c d", "a b x y") == 0.5
    assert similarity("", "") == 1
    assert similarity("a", "") == 0
