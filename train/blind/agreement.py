"""How far raters agree: Krippendorff's alpha, for any number of raters, with gaps, on an ordered scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

DRAWS = 1000


@dataclass(frozen=True)
class Agreement:
    """alpha: 1 perfect, 0 as by chance; None where it cannot be told (fewer than two ratings of an item, or only one
    value ever given). low, high: 95 % of the items drawn anew. items: those with two ratings at least."""

    alpha: float | None
    low: float | None
    high: float | None
    items: int


def alpha(items: Sequence[Sequence[int]], *, ordinal: bool = True) -> float | None:
    """Krippendorff's alpha of items, each the ratings that it got; nominal where not ordinal.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).
    """
    counts = _counts(items)
    return None if counts is None else _alpha(_coincidences(counts).sum(axis=0), ordinal)


def agreement(items: Sequence[Sequence[int]], *, seed: int = 0, draws: int = DRAWS) -> Agreement:
    """Alpha of ordered ratings and its percentile interval, by drawing items with replacement."""
    import numpy as np

    counts = _counts(items)
    if counts is None:
        return Agreement(None, None, None, 0)
    matrices = _coincidences(counts)
    told = _alpha(matrices.sum(axis=0), True)
    generator = np.random.default_rng(seed)
    weights = generator.multinomial(len(matrices), np.full(len(matrices), 1 / len(matrices)), size=draws)
    found = [_alpha(np.tensordot(weight, matrices, axes=1), True) for weight in weights]
    values = [value for value in found if value is not None]
    if told is None or not values:
        return Agreement(told, None, None, len(matrices))
    low, high = np.quantile(values, [0.025, 0.975])
    return Agreement(told, float(low), float(high), len(matrices))


def _counts(items: Sequence[Sequence[int]]) -> np.ndarray | None:
    """[items, values] how often each value was given, of items with two ratings at least; None without any."""
    import numpy as np

    paired = [ratings for ratings in items if len(ratings) > 1]
    values = sorted({value for ratings in paired for value in ratings})
    if not paired:
        return None
    return np.array([[list(ratings).count(value) for value in values] for ratings in paired], dtype=float)


def _coincidences(counts: np.ndarray) -> np.ndarray:
    """[items, values, values]: how often two ratings of one item were this and that; m ratings weigh 1/(m-1) a pair."""
    import numpy as np

    pairs = counts[:, :, None] * counts[:, None, :]
    diagonal = np.arange(counts.shape[1])
    pairs[:, diagonal, diagonal] -= counts
    return np.asarray(pairs / (counts.sum(axis=1) - 1)[:, None, None])


def _alpha(coincidences: np.ndarray, ordinal: bool) -> float | None:
    import numpy as np

    given = coincidences.sum(axis=1)
    total = given.sum()
    distance = 1.0 - np.eye(len(given))
    if ordinal:
        # Ranks: how many ratings lie from one value to the other, half of each end's own.
        reached = given.cumsum() - given / 2
        distance = (reached[:, None] - reached[None, :]) ** 2
    expected = float((np.outer(given, given) * distance).sum())
    if expected == 0:
        return None
    return float(1 - (total - 1) * (coincidences * distance).sum() / expected)
