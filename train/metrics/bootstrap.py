"""Intervals of differences between models measured on the same rows.

Rows of one event are not independent, so events are drawn, not rows. The interval is bias-corrected and accelerated
(BCa; Efron, "Better bootstrap confidence intervals", 1987), by scipy: it covers better than percentiles where events
are few or their differences skewed.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DRAWS, LEVEL = 5000, 0.95
#: Numbers in memory at a time while drawing.
_BATCH = 4_000_000
#: Events from which intervals can be believed.
FEW = 10
Transform = Callable[["np.ndarray"], "np.ndarray"]


@dataclass(frozen=True)
class Interval:
    """A difference (second minus first) and where it lies with probability `level`.

    low, high: None where there are fewer than two groups, of which nothing can be said.
    """

    difference: float
    low: float | None
    high: float | None
    rows: int
    groups: int

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

    def difference(index: np.ndarray, axis: int = -1) -> np.ndarray:
        """Of the groups at [..., groups]: [...]."""
        total = sums[index].sum(axis=axis - 1)
        ratios = total[..., 0] / total[..., 1], total[..., 2] / total[..., 3]
        before, after = ratios if transform is None else (transform(ratio) for ratio in ratios)
        return np.asarray(after - before)

    observed = float(difference(np.arange(len(names))))
    if len(names) < 2:
        return Interval(observed, None, None, len(first), len(names))
    low, high = bootstrapped(difference, len(names), seed=seed, draws=draws, level=level, width=4)
    return Interval(observed, low, high, len(first), len(names))


def bootstrapped(
    statistic: Callable[[np.ndarray, int], np.ndarray],
    count: int,
    *,
    seed: int = 0,
    draws: int = DRAWS,
    level: float = LEVEL,
    width: int = 1,
    method: str = "BCa",
) -> tuple[float, float]:
    """The interval of a statistic of `count` units drawn with replacement, by `scipy.stats.bootstrap`.

    Args:
        statistic: of the units at the places [..., units], along the axis.
        count: how many units there are.
        seed: of the draws.
        draws: how many.
        level: probability that the interval is to have.
        width: numbers that the statistic holds of each unit, for the memory of a batch.
        method: scipy's; BCa gives way to percentiles where it is not defined: all draws alike, or too few and skewed.
    """
    import numpy as np
    from scipy import stats

    with warnings.catch_warnings():
        # That the draws are all alike is handled below.
        warnings.simplefilter("ignore")
        result = stats.bootstrap(
            (np.arange(count),), statistic, n_resamples=draws, confidence_level=level, method=method, vectorized=True,
            batch=max(1, _BATCH // (count * width)), rng=np.random.default_rng(seed),
        )  # fmt: skip
    low, high = result.confidence_interval
    if not low <= high:
        distribution = result.bootstrap_distribution
        low, high = np.nanquantile(distribution, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
