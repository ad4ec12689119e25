"""Intervals: hand-worked, beside scipy's, and whether they cover what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from train.metrics.bootstrap import DIFFERING, FEW, bootstrapped, paired


def means(values: list[float]) -> list[tuple[float, float]]:
    return [(value, 1.0) for value in values]


def events(count: int) -> list[str]:
    return [f"event {number}" for number in range(count)]


def test_the_difference_of_means_is_exact() -> None:
    interval = paired(means([1, 2, 3, 4]), means([2, 2, 5, 5]), list("abcd"))
    assert interval.difference == pytest.approx(1.0)
    assert (interval.rows, interval.groups) == (4, 4)


def test_the_difference_of_ratios_weighs_rows_by_their_denominator() -> None:
    # 10 nats over 5 tokens and 2 over 1 against 5 over 5 and 1 over 1: 2 - 1 = 1 nat a token.
    interval = paired([(5.0, 5.0), (1.0, 1.0)], [(10.0, 5.0), (2.0, 1.0)], ["a", "b"])
    assert interval.difference == pytest.approx(1.0)
    squared = paired([(6.0, 6.0)] * 2, [(12.0, 6.0)] * 2, ["a", "b"], transform=np.exp)
    assert squared.difference == pytest.approx(math.e**2 - math.e)


@pytest.mark.parametrize("count", range(1, FEW))
def test_few_events_give_no_interval_however_far_apart(count: int) -> None:
    """Two rows an event: rows alone would be enough."""
    interval = paired(means([0.0] * 2 * count), means([5.0 + n for n in range(2 * count)]), events(count) * 2)
    assert (interval.low, interval.high, interval.excludes_zero) == (None, None, False)
    assert interval.reason == f"too few events: {count}, 10 needed"


def test_from_ten_events_on_there_is_an_interval_and_no_reason() -> None:
    interval = paired(means([0.0] * FEW), means([5.0 + n for n in range(FEW)]), events(FEW))
    assert interval.excludes_zero
    assert interval.reason == ""


@pytest.mark.parametrize(("count", "reason"), [
    (0, "the same in every event"), (1, "too few events differ: 1, 6 needed"),
    (DIFFERING - 1, "too few events differ: 5, 6 needed"), (DIFFERING, ""),
])  # fmt: skip
def test_events_that_do_not_differ_prove_nothing(count: int, reason: str) -> None:
    second = [1.0 + n / 10 for n in range(count)] + [0.0] * (40 - count)
    interval = paired(means([0.0] * 40), means(second), events(40))
    assert interval.reason == reason
    assert (interval.low is None) == bool(reason)
    assert interval.difference == pytest.approx(sum(second) / 40)


@pytest.mark.parametrize("others", [0, 1, 2])
def test_events_that_differ_alike_have_a_finite_interval(others: int) -> None:
    """Most draws are of events that are all alike: they have no standard error."""
    second = [0.1] * (12 - others) + [0.0] * others
    interval = paired(means([0.0] * 12), means(second), events(12))
    assert interval.low is not None
    assert interval.high is not None
    assert -1 < interval.low <= sum(second) / 12 <= interval.high < 1
    assert (interval.low == interval.high) == (others == 0)


def test_no_rows_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no rows"):
        paired([], [], [])


def test_the_same_seed_draws_the_same() -> None:
    values = np.random.default_rng(3).exponential(size=20).tolist()
    one, same, other = (paired(means([0.0] * 20), means(values), events(20), seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.0, 0.0, 1.0, 1e6]), st.floats(-5, 5), st.sampled_from("abcdefghijklmn")),
        min_size=10,
        max_size=40,
    )
)
def test_whatever_the_rows_the_interval_is_one(rows: list[tuple[float, float, str]]) -> None:
    first, second, groups = zip(*rows, strict=True)
    interval = paired(means(list(first)), means(list(second)), groups, draws=200)
    if len(set(groups)) < FEW:
        assert interval.low is None
    if interval.low is None:
        assert interval.reason
        return
    assert interval.high is not None
    assert math.isfinite(interval.low)
    assert math.isfinite(interval.high)
    assert interval.low <= interval.difference <= interval.high


def test_it_holds_students_interval_and_is_near_it_where_differences_are_alike() -> None:
    gains = np.random.default_rng(0).normal(0.4, 1, size=60)
    interval = paired(means([0.0] * 60), means(list(gains)), events(60), draws=20000)
    low, high = stats.t.interval(0.95, 59, gains.mean(), stats.sem(gains))
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low <= low + 1e-9
    assert interval.high >= high - 1e-9
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.05)


def test_a_skewed_difference_reaches_farther_on_its_long_side() -> None:
    gains = np.random.default_rng(2).exponential(size=30)
    interval = paired(means([0.0] * 30), means(list(gains)), events(30))
    assert interval.low is not None
    assert interval.high is not None
    assert interval.high - interval.difference > 1.1 * (interval.difference - interval.low)


def test_levels_far_from_zero_do_not_change_the_interval() -> None:
    """Ratios of large numbers that differ little: nothing is lost to cancellation."""
    tokens = np.random.default_rng(4).integers(100, 900, size=30).astype(float)
    gains = np.random.default_rng(5).normal(0.01, 0.02, size=30)
    spans = []
    for level in (0.0, 1e5):
        first = list(zip(level * tokens, tokens, strict=True))
        second = list(zip((level + gains) * tokens, tokens, strict=True))
        interval = paired(first, second, events(30))
        assert interval.low is not None
        assert interval.high is not None
        spans.append((interval.low, interval.high))
    assert spans[0] == pytest.approx(spans[1], rel=1e-5)


def test_a_transform_widens_the_interval_by_its_slope() -> None:
    gains = np.random.default_rng(6).normal(0.1, 0.02, size=40)
    plain = paired(means([0.0] * 40), means(list(gains)), events(40))
    tripled = paired(means([0.0] * 40), means(list(gains)), events(40), transform=lambda ratio: 3 * ratio + 7)
    assert None not in (plain.low, plain.high)
    assert (tripled.low, tripled.high) == pytest.approx((3 * (plain.low or 0), 3 * (plain.high or 0)))


def test_rows_of_one_event_count_as_one() -> None:
    """Each event four times over: drawn row by row, the interval would be half as wide, and wrong."""
    gains = np.random.default_rng(1).normal(size=25)
    names = events(25)
    once = paired(means([0.0] * 25), means(list(gains)), names)
    four = paired(means([0.0] * 100), means(list(np.repeat(gains, 4))), list(np.repeat(names, 4)))
    apart = paired(means([0.0] * 100), means(list(np.repeat(gains, 4))), events(100))
    width = [each.high - each.low for each in (once, four, apart) if each.high is not None and each.low is not None]
    assert width[1] == pytest.approx(width[0])
    assert width[2] == pytest.approx(width[0] / 2, rel=0.15)


@pytest.mark.parametrize("count", [10, 40])
def test_the_interval_covers_the_truth_nineteen_times_in_twenty(count: int) -> None:
    """Skewed gains (gamma, mean 2) of events with 1 to 4 rows each, 400 times; benchmarks/train has more shapes."""
    generator = np.random.default_rng(7)
    held = 0
    for trial in range(400):
        member = np.repeat(np.arange(count), generator.integers(1, 5, size=count))
        gains = generator.gamma(2, size=count)[member] + generator.normal(0, 0.3, size=len(member))
        interval = paired(
            means([0.0] * len(gains)), means(list(gains)), [str(event) for event in member], seed=trial, draws=400
        )
        assert interval.low is not None
        assert interval.high is not None
        held += interval.low <= 2.0 <= interval.high
    # Two standard errors of 400 trials around 93 to 97 %.
    assert 0.91 <= held / 400 <= 0.99


@pytest.mark.parametrize("count", [3, 9, 10, 25])
def test_models_that_do_not_differ_get_a_verdict_once_in_twenty_at_most(count: int) -> None:
    generator = np.random.default_rng(11)
    verdicts = 0
    for trial in range(400):
        gains = means(list(generator.normal(size=count)))
        verdicts += paired(means([0.0] * count), gains, events(count), seed=trial, draws=300).excludes_zero
    assert verdicts <= (0 if count < FEW else 29)


def test_a_percentile_interval_is_scipys() -> None:
    values = np.random.default_rng(8).normal(size=50)
    low, high = bootstrapped(lambda index, axis: values[index].mean(axis=axis), 50, draws=4000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=4000, method="percentile", rng=0).confidence_interval
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.03)
