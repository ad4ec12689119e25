"""Intervals: hand-worked, beside scipy's, and whether they cover what they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from train.metrics.bootstrap import paired

ONES = [(1.0, 1.0)] * 6


def means(values: list[float]) -> list[tuple[float, float]]:
    return [(value, 1.0) for value in values]


def test_the_difference_of_means_is_exact() -> None:
    told = paired(means([1, 2, 3, 4]), means([2, 2, 5, 5]), list("abcd"))
    assert told.difference == pytest.approx(1.0)
    assert (told.rows, told.groups) == (4, 4)
    assert told.low is not None
    assert told.high is not None
    assert told.low <= 1.0 <= told.high


def test_the_difference_of_ratios_weighs_rows_by_their_denominator() -> None:
    # 10 nats over 5 tokens and 2 over 1 against 5 over 5 and 1 over 1: 2 - 1 = 1 nat a token.
    told = paired([(5.0, 5.0), (1.0, 1.0)], [(10.0, 5.0), (2.0, 1.0)], ["a", "b"])
    assert told.difference == pytest.approx(1.0)
    assert (told.low, told.high) == (pytest.approx(1.0), pytest.approx(1.0))
    assert told.excludes_zero
    squared = paired([(6.0, 6.0)] * 2, [(12.0, 6.0)] * 2, ["a", "b"], transform=np.exp)
    assert squared.difference == pytest.approx(math.e**2 - math.e)


def test_no_difference_has_an_empty_interval_at_zero() -> None:
    told = paired(ONES, ONES, list("abcdef"))
    assert (told.difference, told.low, told.high, told.excludes_zero) == (0.0, 0.0, 0.0, False)


def test_one_event_gives_no_interval() -> None:
    told = paired(ONES, means([2.0] * 6), ["a"] * 6)
    assert (told.difference, told.low, told.high, told.groups) == (1.0, None, None, 1)
    assert not told.excludes_zero
    with pytest.raises(ValueError, match="no rows"):
        paired([], [], [])


def test_the_same_seed_draws_the_same() -> None:
    values = np.random.default_rng(3).normal(size=20).tolist()
    one, same, other = (
        paired(means(values), means(values[::-1]), [str(n) for n in range(20)], seed=s) for s in (1, 1, 2)
    )
    assert one == same
    assert one != other


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.0, 0.0, 1.0, 1e6]), st.floats(-5, 5), st.sampled_from("abcde")),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_the_rows_the_interval_is_one(rows: list[tuple[float, float, str]]) -> None:
    first, second, groups = zip(*rows, strict=True)
    told = paired(means(list(first)), means(list(second)), groups, draws=200)
    if len(set(groups)) == 1:
        assert told.low is None
        return
    assert told.low is not None
    assert told.high is not None
    assert math.isfinite(told.low)
    assert told.low <= told.high
    most = max(abs(one - other) for one, other in zip(first, second, strict=True))
    assert -most * 1.001 <= told.low
    assert told.high <= most * 1.001


def test_it_is_scipys_interval_where_every_row_is_an_event() -> None:
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(0)
    before, after = generator.exponential(size=60), generator.exponential(size=60) + 0.4
    ours = paired(means(list(before)), means(list(after)), [str(n) for n in range(60)], draws=20000)
    theirs = stats.bootstrap((after - before,), np.mean, n_resamples=20000, method="BCa", rng=1).confidence_interval
    # Two draws of 20,000 differ by some hundredths of a standard error (0.18).
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)


def test_rows_of_one_event_count_as_one() -> None:
    """Each event four times over: drawn row by row, the interval would be half as wide, and wrong."""
    generator = np.random.default_rng(1)
    gains = generator.normal(size=25)
    events = [str(number) for number in range(25)]
    once = paired(means([0.0] * 25), means(list(gains)), events)
    four = paired(means([0.0] * 100), means(list(np.repeat(gains, 4))), list(np.repeat(events, 4)))
    apart = paired(means([0.0] * 100), means(list(np.repeat(gains, 4))), [str(number) for number in range(100)])
    width = [told.high - told.low for told in (once, four, apart) if told.high is not None and told.low is not None]
    assert width[1] == pytest.approx(width[0])
    assert width[2] == pytest.approx(width[0] / 2, rel=0.15)


def test_the_interval_covers_the_truth_nineteen_times_in_twenty() -> None:
    """Skewed gains (exponential, mean 1) of 40 events with 1 to 4 rows each, 400 times."""
    generator = np.random.default_rng(7)
    held = 0
    for trial in range(400):
        sizes = generator.integers(1, 5, size=40)
        events = np.repeat(np.arange(40), sizes)
        gains = generator.exponential(size=40)[events] + generator.normal(0, 0.3, size=len(events))
        told = paired(
            means([0.0] * len(gains)), means(list(gains)), [str(event) for event in events], seed=trial, draws=600
        )
        assert told.low is not None
        assert told.high is not None
        held += told.low <= 1.0 <= told.high
    assert 0.90 <= held / 400 <= 0.98
