"""Intervals over texts and raters: variances that are known, gaps, few of either, and how often the truth is inside.

Covers train.blind.statistics.cells.
"""

from __future__ import annotations

import numpy as np
import pytest

from train.blind.statistics.cells import Grid, added, mean_shares
from train.blind.statistics.two_way import components, error_of, estimate, too_few


def marks(generator: np.random.Generator, prompts: int, raters: int, parts: tuple[float, float, float]) -> np.ndarray:
    """[prompts, raters] of mean 0, with these variances of prompts, raters and the rest."""
    prompt, rater, rest = parts
    return np.asarray(
        generator.normal(0, prompt**0.5, (prompts, 1)) + generator.normal(0, rater**0.5, (1, raters))
        + generator.normal(0, rest**0.5, (prompts, raters))
    )  # fmt: skip


def test_variances_of_a_whole_table_are_those_of_the_analysis_of_variance() -> None:
    values = marks(np.random.default_rng(0), 12, 4, (1, 0.5, 0.3))
    rows, columns, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    squares = [
        4 * ((rows - mean) ** 2).sum() / 11,
        12 * ((columns - mean) ** 2).sum() / 3,
        ((values - rows[:, None] - columns + mean) ** 2).sum() / 33,
    ]
    parts = components(values, np.ones_like(values, dtype=bool))
    assert (parts.prompt, parts.rater, parts.rest) == pytest.approx(
        ((squares[0] - squares[2]) / 4, (squares[1] - squares[2]) / 12, squares[2])
    )
    error, _ = error_of(parts, (1 / 12, 1 / 4), (12, 4), 48)
    assert error**2 == pytest.approx((squares[0] + squares[1] - squares[2]) / 48)


def test_gaps_do_not_bend_the_variances() -> None:
    generator, found = np.random.default_rng(1), []
    for _ in range(200):
        values = marks(generator, 30, 5, (1, 0.5, 0.3))
        present = generator.random(values.shape) < 0.7
        present[:, 0] = True
        parts = components(np.where(present, values, 0), present)
        found.append((parts.prompt, parts.rater, parts.rest))
    assert np.mean(found, axis=0) == pytest.approx((1, 0.5, 0.3), rel=0.12)


@pytest.mark.parametrize("parts", [(0.4, 0.0, 0.6), (0.4, 0.3, 0.6), (0.1, 0.0, 0.1)])
def test_the_truth_is_inside(parts: tuple[float, float, float]) -> None:
    generator, inside = np.random.default_rng(2), 0
    for trial in range(100):
        values = marks(generator, 20, 4, parts)
        found = estimate(values.mean(), values - values.mean(), seed=trial)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 0 <= found.high
    assert inside >= 90


def test_raters_who_differ_widen_the_interval_and_two_cannot_speak_for_others() -> None:
    values = marks(np.random.default_rng(3), 40, 4, (0.3, 0.0, 0.3))
    apart = values + np.array([-1, -0.3, 0.3, 1])
    alike, differing = (estimate(0, each - each.mean()) for each in (values, apart))
    assert differing.high - differing.low > 3 * (alike.high - alike.low)  # type: ignore[operator]
    assert alike.over == "texts and raters"
    two = estimate(0, (apart - apart.mean())[:, [0, 3]])
    assert (two.over, two.components) == ("texts", None)
    assert two.high - two.low < 1  # type: ignore[operator]


def test_bounds_hold_and_the_same_seed_says_the_same() -> None:
    values = marks(np.random.default_rng(4), 12, 3, (1, 1, 1))
    found = estimate(4.9, values - values.mean(), bounds=(1, 5))
    assert found.high == 5
    assert found.low is not None
    assert found.low >= 1
    assert found == estimate(4.9, values - values.mean(), bounds=(1, 5))


@pytest.mark.parametrize(
    ("prompts", "varied", "reason"),
    [(9, None, "too few prompts: 9, 10 needed"), (20, 0, "the same in every prompt"),
     (20, 5, "too few prompts differ: 5, 6 needed"), (10, 6, ""), (10, None, "")],
)  # fmt: skip
def test_too_little_says_nothing(prompts: int, varied: int | None, reason: str) -> None:
    assert too_few(prompts, varied) == reason


def test_too_few_prompts_give_no_interval() -> None:
    found = estimate(1.0, np.zeros((9, 3)))
    assert (found.value, found.low, found.high, found.side_of(0)) == (1.0, None, None, 0)
    assert found.reason


def test_values_without_any_spread_are_certain() -> None:
    found = estimate(2.0, np.zeros((12, 3)))
    assert (found.low, found.high, found.side_of(0)) == (2, 2, 1)


def test_empty_rows_and_columns_count_for_nothing() -> None:
    values = marks(np.random.default_rng(5), 12, 3, (1, 0, 1))
    wide = np.full((14, 5), np.nan)
    wide[:12, :3] = values
    assert estimate(0, wide) == estimate(0, values)


def test_shares_of_a_mean_and_of_a_difference() -> None:
    grid = Grid([("p", "r"), ("p", "s"), ("q", "r")])
    totals, counts = grid.sums([("p", "r", 1.0), ("p", "r", 3.0), ("q", "r", 5.0)])
    mean, shares = mean_shares(totals, counts)
    assert mean == 3
    assert np.isnan(shares).tolist() == [[False, True], [False, True]]
    assert np.nansum(shares) == 0
    both = added(shares, shares, -1)
    assert np.nansum(np.abs(both)) == 0
    assert np.isnan(both[0, 1])
