"""Measures of agreement in closed form over weighted items: a resample is a row of weights, so one product does many.

Arguments: values [n] of each item and `weights` [..., n], how often an item is drawn; the result is [...], NaN where
the measure is not defined (a side that does not vary has nothing to agree on).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

#: Scales of Krippendorff's alpha: names, ordered marks, numbers.
SCALES = ("nominal", "ordinal", "interval")
#: A spread below this is none: what is left of rounding.
_NONE = 1e-12


def mean(values: Scores, weights: Scores) -> Scores:
    """The weighted mean."""
    average: Scores = weights @ values / weights.sum(-1)
    return average


def weighted_kappa(first: Scores, second: Scores, weights: Scores) -> Scores:
    """Cohen's kappa with quadratic weights.

    In closed form, 1 - E(a-b)^2 / (var a + var b + (mean a - mean b)^2): the same figure as from the table of counts,
    and scores between whole numbers (means of repeats or raters) need no rounding.
    """
    total = weights.sum(-1)
    sums = [weights @ values / total for values in (first, second, first**2, second**2, (first - second) ** 2)]
    chance = sums[2] - sums[0] ** 2 + sums[3] - sums[1] ** 2 + (sums[0] - sums[1]) ** 2
    return _one_less(sums[4], chance)


def spearman(first: Scores, second: Scores, weights: Scores) -> Scores:
    """Spearman's rank correlation, ties by their mean rank."""
    import numpy

    first_ranks, second_ranks = (_mid_ranks(values, weights) for values in (first, second))
    total = weights.sum(-1, keepdims=True)
    first_ranks, second_ranks = (
        ranks - (weights * ranks).sum(-1, keepdims=True) / total for ranks in (first_ranks, second_ranks)
    )
    spread = numpy.sqrt((weights * first_ranks**2).sum(-1) * (weights * second_ranks**2).sum(-1))
    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.asarray(
            numpy.where(spread > _NONE, (weights * first_ranks * second_ranks).sum(-1) / spread, numpy.nan)
        )


def _mid_ranks(values: Scores, weights: Scores) -> Scores:
    """[..., n]: the mean rank of each item's value."""
    import numpy

    distinct, positions = numpy.unique(values, return_inverse=True)
    counts = numpy.zeros((*weights.shape[:-1], len(distinct)))
    for i in range(len(distinct)):
        counts[..., i] = weights[..., positions == i].sum(-1)
    return numpy.asarray((counts.cumsum(-1) - counts / 2)[..., positions])


def _one_less(observed: Scores, expected: Scores) -> Scores:
    """1 - observed / expected; NaN where nothing is to be expected."""
    import numpy

    with numpy.errstate(divide="ignore", invalid="ignore"):
        return numpy.asarray(numpy.where(expected > _NONE, 1 - observed / expected, numpy.nan))


# ---- Krippendorff's alpha


@dataclass(frozen=True)
class Marks:
    """What raters said of items, those with two marks at least.

    Attributes:
        values: the distinct marks [k]; of names their places.
        counts: how often each item got each of them, [n, k].
    """

    values: Scores
    counts: Scores

    def __len__(self) -> int:
        return len(self.counts)


def marks_of(items: Sequence[Sequence[Any]]) -> Marks:
    """The table of marks; an item with a single mark says nothing of agreement and is left out."""
    import numpy

    several = [marks for marks in items if len(marks) > 1]
    distinct = sorted({mark for marks in several for mark in marks})
    column = {mark: i for i, mark in enumerate(distinct)}
    counts = numpy.zeros((len(several), len(distinct)))
    for row, marks in enumerate(several):
        for mark in marks:
            counts[row, column[mark]] += 1
    are_names = any(isinstance(mark, str) for mark in distinct)
    return Marks(numpy.asarray(range(len(distinct)) if are_names else distinct, float), counts)


def alpha(marks: Marks, scale: str, weights: Scores | None = None) -> Scores:
    """Krippendorff's alpha of nominal, ordinal or interval marks; any number of marks an item.

    Ordered marks are numbers as soon as each stands for its mean rank: the metric of the ordinal scale, the ratings
    between two values and half of each one's own, is the difference of these ranks. Source: K. Krippendorff,
    "Computing Krippendorff's Alpha-Reliability" (2011).
    """
    import numpy

    weights = numpy.ones(len(marks)) if weights is None else weights
    if not len(marks):
        return numpy.full(weights.shape[:-1], numpy.nan)
    frequency = weights @ marks.counts
    total = frequency.sum(-1)
    size = marks.counts.sum(-1)
    if scale == "nominal":
        apart = (size**2 - (marks.counts**2).sum(-1)) / (size - 1)
        return _one_less((total - 1) * (weights @ apart), total**2 - (frequency**2).sum(-1))
    values = marks.values if scale == "interval" else frequency.cumsum(-1) - frequency / 2
    # Around their mean: with sums of squares of large ranks little would be left of the digits.
    values = values - ((frequency * values).sum(-1) / total)[..., None]
    squares, sums = values**2 @ marks.counts.T, values @ marks.counts.T
    observed = (weights * (size * squares - sums**2) / (size - 1)).sum(-1)
    return _one_less((total - 1) * observed, total * (frequency * values**2).sum(-1))
