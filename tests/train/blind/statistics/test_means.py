"""Means and differences: on the prompts in common, whoever marked what, with words for what is undecided."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from train.blind.statistics.means import difference, mean_of, means, share_of, verdict, wilson
from train.metrics.bootstrap import paired

RATERS = ("r1", "r2", "r3")


def grid(values: np.ndarray) -> list[tuple[str, str, float]]:
    return [
        (f"p{prompt:02d}", f"r{rater}", float(values[prompt, rater]))
        for prompt in range(values.shape[0])
        for rater in range(values.shape[1])
    ]


def test_a_difference_beyond_doubt_and_one_that_is_none() -> None:
    generator = np.random.default_rng(0)
    first = generator.integers(1, 4, (20, 3)).astype(float)
    better, same = difference(grid(first), grid(first + 1)), difference(grid(first), grid(first[:, ::-1]))
    assert better is not None
    assert (better.value, verdict(better)) == (1, "better")
    assert same is not None
    assert verdict(same) == "undecided"
    worse = difference(grid(first + 1), grid(first))
    assert worse is not None
    assert verdict(worse) == "worse"


def test_only_prompts_in_common_count() -> None:
    first = [("p1", "r", 1.0), ("p2", "r", 5.0)]
    second = [("p2", "r", 4.0), ("p3", "r", 1.0)]
    found = difference(first, second)
    assert found is not None
    assert (found.value, found.prompts) == (-1, 1)
    assert verdict(found) == "undecided"
    assert difference(first, [("p9", "r", 1.0)]) is None


def test_raters_who_marked_one_author_only_are_no_difference_of_authors() -> None:
    """Kind raters mark one author, strict ones the other: the interval knows that the raters differ."""
    generator = np.random.default_rng(1)
    marks = generator.normal(3, 0.5, (30, 6)) + np.array([0.8, 0.8, 0.8, -0.8, -0.8, -0.8]) * generator.uniform(
        0.2, 1.6, 6
    )
    kind = [(f"p{p}", f"r{r}", float(marks[p, r])) for p in range(30) for r in range(3)]
    strict = [(f"p{p}", f"r{r}", float(marks[p, r])) for p in range(30) for r in range(3, 6)]
    found = difference(strict, kind)
    assert found is not None
    assert found.raters == 6
    naive = paired([(v, 1.0) for _, _, v in strict], [(v, 1.0) for _, _, v in kind], [p for p, _, _ in kind])
    assert found.high - found.low > 1.5 * (naive.high - naive.low)  # type: ignore[operator]


def test_one_rater_has_the_interval_of_a_paired_t() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.normal(3, 1, (40, 1)), generator.normal(3.5, 1, (40, 1))
    found = difference(grid(first), grid(second))
    assert found is not None
    low, high = stats.ttest_rel(second[:, 0], first[:, 0]).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.03)
    assert found.over == "texts"


def test_means_by_author_with_none_of_some() -> None:
    table = means({"a": grid(np.full((12, 3), 4.0)), "b": []}, (1, 5))
    assert table["a"] == {"mean": 4, "low": 4, "high": 4, "reason": "", "marks": 36, "texts": 12}
    assert table["b"]["mean"] is None
    assert mean_of([("p", "r", 2.0)], (1, 5)).reason.startswith("too few prompts")


def test_a_share_of_all_is_no_certainty() -> None:
    found = share_of(grid(np.ones((12, 3))))
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(wilson(12, 12)[0])
    assert found.low < 0.9
    assert verdict(share_of(grid(np.ones((12, 3))), level=0.5), 0.5) == "better"
    assert share_of(grid(np.full((12, 3), 0.5)), level=0.5).reason == "the same in every prompt"
