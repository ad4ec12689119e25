"""Power: what it must be where a formula says so, that it grows with texts and raters, and that it is what happens."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from train.blind.statistics.power import POINTS, PROMPTS, RATERS, SHARES, power, power_table, required_prompts
from train.blind.statistics.two_way import Components, estimate


def test_one_rater_has_the_power_of_a_paired_t() -> None:
    parts = Components(0.5, 0.2, 0.5)
    exact = stats.nct.sf(stats.t.ppf(0.975, 39), 39, 0.4 * 40**0.5)
    assert power(0.4, parts, 40, 1) == pytest.approx(exact, abs=0.02)


def test_it_grows_with_texts_and_with_raters_from_three_on() -> None:
    table = power_table(0.3, POINTS)
    assert list(table) == list(PROMPTS)
    assert list(table[10]) == list(RATERS)
    values = np.array([[row[raters] for raters in RATERS] for row in table.values()])
    assert (np.diff(values, axis=0) > -0.02).all()
    assert (np.diff(values[:, 2:], axis=1) > -0.02).all()
    assert power(0.3, POINTS, 9, 5) == 0


def test_no_difference_is_seen_as_one_side_in_some_two_of_a_hundred() -> None:
    assert power(0.0, POINTS, 80, 5) < 0.03


def test_raters_who_differ_cannot_be_replaced_by_texts() -> None:
    parts = Components(0.3, 0.3, 0.3)
    assert required_prompts(0.3, parts, 3, 0.8) is None
    assert required_prompts(0.3, Components(0.3, 0.0, 0.3), 3, 0.8) is not None


def test_what_is_needed_is_enough_and_one_less_is_not() -> None:
    prompts = required_prompts(0.3, POINTS, 8, 0.8)
    assert prompts is not None
    assert power(0.3, POINTS, prompts, 8) >= 0.8 > power(0.3, POINTS, prompts - 2, 8) - 0.01
    assert required_prompts(3.0, POINTS, 5, 0.8) == 10


@pytest.mark.parametrize(("effect", "parts"), [(0.58, POINTS), (0.3, POINTS), (0.08, SHARES)])
def test_the_line_of_what_is_enough_does_not_contradict_the_table(effect: float, parts: Components) -> None:
    table = power_table(effect, parts)
    for raters in (3, 4, 5):
        least = next((prompts for prompts, row in table.items() if row[raters] >= 0.8), None)
        enough = required_prompts(effect, parts, raters, 0.8)
        if least is not None:
            assert enough is not None
            assert PROMPTS[0] <= enough <= least
    # With three raters more texts lower it again.
    assert effect != 0.58 or table[80][3] > table[320][3] > 0.8


@pytest.mark.parametrize(("effect", "parts", "prompts", "raters"), [(0.4, POINTS, 40, 4), (0.15, SHARES, 60, 3)])
def test_it_is_how_often_the_interval_excludes_0(effect: float, parts: Components, prompts: int, raters: int) -> None:
    generator, seen = np.random.default_rng(0), 0
    for trial in range(150):
        values = (
            effect + generator.normal(0, parts.prompt**0.5, (prompts, 1))
            + generator.normal(0, parts.rater**0.5, (1, raters))
            + generator.normal(0, parts.rest**0.5, (prompts, raters))
        )  # fmt: skip
        seen += estimate(values.mean(), values - values.mean(), seed=trial).side_of(0) == 1
    assert seen / 150 == pytest.approx(power(effect, parts, prompts, raters), abs=0.1)
