"""How far raters agree: Krippendorff's alpha, for any number of raters, with gaps, on an ordered scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.metrics.bootstrap import bootstrapped

if TYPE_CHECKING:
    import numpy as np

DRAWS = 1000


@dataclass(frozen=True)
class Agreement:
    """alpha: 1 perfect, 0 as by chance; None where it is not defined (fewer than two ratings of an item, or only one
    value in all). low, high: 95 % of the items drawn with replacement. items: those with two ratings at least.
    """

    alpha: float | None
    low: float | None
    high: float | None
    items: int


def alpha(items: Sequence[Sequence[int]], *, ordinal: bool = True) -> float | None:
    """Krippendorff's alpha of items, each its ratings; nominal where not ordinal.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
    """
    pairs = _coincidences(items)
    return _or_none(_alpha(pairs.sum(axis=0), ordinal)) if len(pairs) else None


def agreement(items: Sequence[Sequence[int]], *, ordinal: bool = True, seed: int = 0, draws: int = DRAWS) -> Agreement:
    """Alpha of ratings, ordered or nominal, and its percentile interval, by drawing items with replacement."""
    pairs = _coincidences(items)
    value = alpha(items, ordinal=ordinal)
    if value is None or len(pairs) < 2:
        return Agreement(value, value, value, len(pairs))

    def statistic(index: np.ndarray, axis: int = -1) -> np.ndarray:
        return _alpha(pairs[index].sum(axis=axis - 2), ordinal)

    low, high = bootstrapped(statistic, len(pairs), seed=seed, draws=draws, width=pairs[0].size)
    return Agreement(value, low, high, len(pairs))


def _coincidences(items: Sequence[Sequence[int]]) -> np.ndarray:
    """[items with two ratings at least, values, values]: how often two ratings of one item were this and that; of m
    ratings a pair weighs 1 / (m - 1).
    """
    import numpy as np

    several = [list(ratings) for ratings in items if len(ratings) > 1]
    values = sorted({value for ratings in several for value in ratings})
    counts = np.array([[ratings.count(value) for value in values] for ratings in several], float)
    if not several:
        return np.empty((0, 0, 0))
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(values))
    return np.asarray(pairs / (counts.sum(axis=1) - 1)[:, None, None])


def _alpha(pairs: np.ndarray, ordinal: bool = True) -> np.ndarray:
    """Of coincidences [..., values, values]: [...]; NaN where only one value occurs."""
    import numpy as np

    frequency = pairs.sum(axis=-1)
    # Of an ordered scale: how many ratings lie between two values, half of each end's own.
    rank = frequency.cumsum(axis=-1) - frequency / 2
    distance = (rank[..., :, None] - rank[..., None, :]) ** 2 if ordinal else 1 - np.eye(frequency.shape[-1])
    expected = (frequency[..., :, None] * frequency[..., None, :] * distance).sum(axis=(-1, -2))
    observed = (frequency.sum(axis=-1) - 1) * (pairs * distance).sum(axis=(-1, -2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected == 0, np.nan, 1 - observed / expected))


def _or_none(value: np.ndarray) -> float | None:
    import numpy as np

    return None if np.isnan(value) else float(value)
