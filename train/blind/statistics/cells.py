"""Marks laid out as prompts by raters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: (prompt, rater, value) of a mark.
Mark = tuple[str, str, float]


class Grid:
    """The prompts and raters of some marks, and sums over the marks of each prompt by each rater."""

    def __init__(self, marks: Iterable[tuple[str, str]]) -> None:
        pairs = list(marks)
        self.prompts = {name: number for number, name in enumerate(sorted({prompt for prompt, _ in pairs}))}
        self.raters = {name: number for number, name in enumerate(sorted({rater for _, rater in pairs}))}

    def sums(self, marks: Sequence[Mark]) -> tuple[np.ndarray, np.ndarray]:
        """([prompts, raters] sum of the values, [prompts, raters] how many there are)."""
        import numpy as np

        totals = np.zeros((len(self.prompts), len(self.raters)))
        counts = np.zeros_like(totals)
        for prompt, rater, value in marks:
            totals[self.prompts[prompt], self.raters[rater]] += value
            counts[self.prompts[prompt], self.raters[rater]] += 1
        return totals, counts


def mean_shares(totals: np.ndarray, counts: np.ndarray) -> tuple[float, np.ndarray]:
    """(the mean of all marks, [prompts, raters] how far each cell pulls it, as `two_way.estimate` takes it)."""
    import numpy as np

    value = float(totals.sum() / counts.sum())
    shares = (totals - value * counts) * (counts > 0).sum() / counts.sum()
    return value, np.where(counts > 0, shares, np.nan)


def added(first: np.ndarray, second: np.ndarray, sign: float = 1.0) -> np.ndarray:
    """Shares of a sum of two values (of a difference, with sign -1): those of each, weighted to the cells of both."""
    import numpy as np

    cells = (~np.isnan(first) | ~np.isnan(second)).sum()
    parts = [np.nan_to_num(each) * (cells / max(1, (~np.isnan(each)).sum())) for each in (first, second)]
    return np.where(np.isnan(first) & np.isnan(second), np.nan, parts[0] + sign * parts[1])
