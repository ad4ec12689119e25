"""Intervals of differences between models measured on the same rows.

Rows of one event are not independent, so events are drawn, not rows. The interval is the wider, on each side, of two:
Student's t on the events' shares of the difference, and the studentised bootstrap (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, chapter 12), each draw divided by its own standard error. The bootstrap follows
skewed differences, t keeps its level where events are few and alike. benchmarks/train/bench_intervals.py shows how
often it covers the truth, beside BCa and percentiles, which are too narrow below some fifty events.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DRAWS, LEVEL = 5000, 0.95
#: Numbers in memory at a time while drawing.
_BATCH = 4_000_000
#: Events from which there is an interval; how many of them must differ: five equal signs are chance once in 16 times.
FEW, DIFFERING = 10, 6
#: Share of a difference or an error that may be rounding: a root of the precision of sums of squares.
_ALIKE = 1e-6
Transform = Callable[["np.ndarray"], "np.ndarray"]


@dataclass(frozen=True)
class Interval:
    """A difference (second minus first) and where it lies with probability `level`.

    low, high: None where too few events say something, for the `reason`.
    """

    difference: float
    low: float | None
    high: float | None
    rows: int
    groups: int
    reason: str = ""

    @property
    def excludes_zero(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired(
    first: Sequence[tuple[float, float]],
    second: Sequence[tuple[float, float]],
    groups: Sequence[str],
    *,
    seed: int = 0,
    draws: int = DRAWS,
    level: float = LEVEL,
    transform: Transform | None = None,
) -> Interval:
    """Difference of two ratios of sums, and its interval.

    Args:
        first: (numerator, denominator) of each row; (value, 1) makes the ratio a mean.
        second: the same of the other model.
        groups: the event of each row; rows of one are drawn together.
        seed: of the draws.
        draws: how many.
        level: probability that the interval is to have.
        transform: of each ratio before the difference is taken, as exp for perplexity.

    Raises:
        ValueError: there are no rows.
    """
    import numpy as np

    if not first:
        raise ValueError("no rows to compare")
    names, member = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    sums = np.zeros((len(names), 4))
    np.add.at(sums, member, np.hstack([np.asarray(first, dtype=float), np.asarray(second, dtype=float)]))
    ratios = _Ratios(sums, transform)
    reason = _too_few(sums)
    if reason:
        return Interval(ratios.difference, None, None, len(first), len(names), reason)
    low, high = _wider(ratios, seed, draws, level)
    return Interval(ratios.difference, low, high, len(first), len(names))


def _too_few(sums: np.ndarray) -> str:
    """Why these events give no interval; "" where they do."""
    if len(sums) < FEW:
        return f"too few events: {len(sums)}, {FEW} needed"
    differing = int((sums[:, :2] != sums[:, 2:]).any(axis=1).sum())
    if differing == 0:
        return "the same in every event"
    if differing < DIFFERING:
        return f"too few events differ: {differing}, {DIFFERING} needed"
    return ""


class _Ratios:
    """The difference of two ratios of sums over events, and its standard error, of all events or of draws.

    sums: [events, 4] numerator and denominator of the first and of the second model.
    """

    def __init__(self, sums: np.ndarray, transform: Transform | None) -> None:
        self.events = len(sums)
        self._transform = transform
        totals = sums.sum(axis=0)
        self._ratios = totals[0] / totals[1], totals[2] / totals[3]
        # Residuals instead of numerators: a draw's ratio is the observed one and a small step, without cancellation.
        self._values = sums.copy()
        self._values[:, 0] -= self._ratios[0] * sums[:, 1]
        self._values[:, 2] -= self._ratios[1] * sums[:, 3]
        self.difference = float(self._of(totals[0] / totals[1], totals[2] / totals[3]))
        self.error = float(self.of_counts(_ones(self.events))[1][0])

    def of_counts(self, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """([draws] differences, [draws] standard errors); counts: [draws, events] how often each event was drawn."""
        import numpy as np

        values = self._values
        left, right = np.triu_indices(4)
        totals, squares = counts @ values, counts @ (values[:, left] * values[:, right])
        steps = totals[:, 0] / totals[:, 1], totals[:, 2] / totals[:, 3]
        before, after = self._ratios[0] + steps[0], self._ratios[1] + steps[1]
        slope_before, slope_after = self._slope(before), self._slope(after)
        # An event's share of the difference is linear in its four sums: with these factors.
        factors = np.stack(
            [-slope_before / totals[:, 1], slope_before * steps[0] / totals[:, 1],
             slope_after / totals[:, 3], -slope_after * steps[1] / totals[:, 3]], axis=1
        )  # fmt: skip
        weights = factors[:, left] * factors[:, right] * np.where(left == right, 1, 2)
        variance = np.maximum((weights * squares).sum(axis=1), 0) * self.events / (self.events - 1 or 1)
        return self._of(before, after), np.sqrt(variance)

    def _of(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        f = self._transform
        return after - before if f is None else f(after) - f(before)

    def _slope(self, ratio: np.ndarray) -> np.ndarray:
        """Of the transform, at each ratio."""
        import numpy as np

        if self._transform is None:
            return np.ones_like(ratio)
        step = 1e-6 * (1 + np.abs(ratio))
        return np.asarray((self._transform(ratio + step) - self._transform(ratio - step)) / (2 * step))


def _ones(events: int) -> np.ndarray:
    import numpy as np

    return np.ones((1, events))


def _wider(ratios: _Ratios, seed: int, draws: int, level: float) -> tuple[float, float]:
    """On each side the farther of Student's t and the studentised bootstrap."""
    from scipy import stats

    if ratios.error <= _ALIKE * abs(ratios.difference):
        return ratios.difference, ratios.difference
    reach = float(stats.t.ppf((1 + level) / 2, ratios.events - 1))
    left, right = _studentised(ratios, seed, draws, level)
    return (
        ratios.difference - max(reach, right) * ratios.error,
        ratios.difference - min(-reach, left) * ratios.error,
    )


def _studentised(ratios: _Ratios, seed: int, draws: int, level: float) -> tuple[float, float]:
    """The quantiles of a draw's distance from the observed difference in its own standard errors.

    Of the draws that have one: those of events that are all alike have none.
    """
    import numpy as np

    steps = []
    for counts in _drawn(ratios.events, seed, draws):
        differences, errors = ratios.of_counts(counts)
        varied = errors > _ALIKE * ratios.error
        steps.append((differences[varied] - ratios.difference) / errors[varied])
    together = np.concatenate(steps)
    if not len(together):
        return 0.0, 0.0
    left = np.quantile(together, (1 - level) / 2, method="lower")
    return float(left), float(np.quantile(together, (1 + level) / 2, method="higher"))


def _drawn(events: int, seed: int, draws: int) -> Iterator[np.ndarray]:
    """[some draws, events] counts of events drawn with replacement, until there are `draws` of them."""
    import numpy as np

    generator = np.random.default_rng(seed)
    size = max(1, _BATCH // events)
    for begin in range(0, draws, size):
        yield generator.multinomial(events, np.full(events, 1 / events), size=min(size, draws - begin)).astype(float)


def bootstrapped(
    statistic: Callable[[np.ndarray, int], np.ndarray],
    count: int,
    *,
    seed: int = 0,
    draws: int = DRAWS,
    level: float = LEVEL,
    width: int = 1,
) -> tuple[float, float]:
    """The percentile interval of a statistic of `count` units drawn with replacement, by `scipy.stats.bootstrap`.

    Args:
        statistic: of the units at the places [..., units], along the axis.
        count: how many units there are.
        seed: of the draws.
        draws: how many.
        level: probability that the interval is to have.
        width: numbers that the statistic holds of each unit, for the memory of a batch.
    """
    import numpy as np
    from scipy import stats

    with warnings.catch_warnings():
        # That the draws are all alike is handled below.
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            (np.arange(count),), statistic, n_resamples=draws, confidence_level=level, method="percentile",
            vectorized=True, batch=max(1, _BATCH // (count * width)), rng=np.random.default_rng(seed),
        )  # fmt: skip
    low, high = result.confidence_interval
    if not low <= high:
        distribution = result.bootstrap_distribution
        low, high = np.nanquantile(distribution, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
