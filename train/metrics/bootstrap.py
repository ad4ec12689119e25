"""Intervals of differences between models measured on the same rows.

Rows of one event are not independent, so events are drawn, not rows. The interval is bias-corrected and accelerated
(BCa; Efron, "Better bootstrap confidence intervals", 1987), which covers better than percentiles where events are few
or their differences skewed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DRAWS, LEVEL = 5000, 0.95
#: Numbers drawn in one piece.
_PIECE = 4_000_000
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
        first, second: (numerator, denominator) of each row; (value, 1) makes the ratio a mean.
        groups: the event of each row; rows of one are drawn together.
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
    told = float(_difference(sums.sum(axis=0)[None], transform)[0])
    if len(names) < 2:
        return Interval(told, None, None, len(first), len(names))
    drawn = _draw(sums, draws, seed, transform)
    low, high = _accelerated(told, drawn, _difference(sums.sum(axis=0) - sums, transform), level)
    return Interval(told, low, high, len(first), len(names))


def _difference(sums: np.ndarray, transform: Transform | None) -> np.ndarray:
    """[n, 4] sums of (numerator, denominator) of both -> [n] differences."""
    one, other = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
    return other - one if transform is None else transform(other) - transform(one)


def _draw(sums: np.ndarray, draws: int, seed: int, transform: Transform | None) -> np.ndarray:
    """[draws] differences of as many groups as there are, drawn with replacement."""
    import numpy as np

    generator = np.random.default_rng(seed)
    count = len(sums)
    piece = max(1, _PIECE // count)
    parts = []
    for begin in range(0, draws, piece):
        times = generator.multinomial(count, np.full(count, 1 / count), size=min(piece, draws - begin))
        parts.append(_difference(times @ sums, transform))
    return np.concatenate(parts)


def _accelerated(told: float, drawn: np.ndarray, without: np.ndarray, level: float) -> tuple[float, float]:
    """The BCa interval.

    Args:
        without: the difference with each group left out (jackknife), which tells the acceleration.
    """
    import numpy as np

    normal = NormalDist()
    # Equal ones half: where all draws are the same, there is no bias.
    below = (np.count_nonzero(drawn < told) + np.count_nonzero(drawn == told) / 2) / len(drawn)
    bias = normal.inv_cdf(min(max(below, 0.5 / len(drawn)), 1 - 0.5 / len(drawn)))
    apart = without.mean() - without
    spread = float((apart**2).sum()) ** 1.5
    acceleration = float((apart**3).sum()) / (6 * spread) if spread > 0 else 0.0
    tails = ((1 - level) / 2, (1 + level) / 2)
    shifts = [bias + normal.inv_cdf(tail) for tail in tails]
    if any(acceleration * shift >= 1 for shift in shifts):
        # So few and so skewed that the correction turns over: the plain percentiles.
        ends = list(tails)
    else:
        ends = [normal.cdf(bias + shift / (1 - acceleration * shift)) for shift in shifts]
    low, high = np.quantile(drawn, ends)
    return float(low), float(high)
