"""Intervals of what raters said about texts: other texts could have been drawn, and other raters asked.

Texts are drawn by their prompt: all texts of one prompt are drawn together. The interval is the wider, on each side, of
two. The first is the percentile interval of the two-way ("pigeonhole") bootstrap, which draws prompts and raters with
replacement, each for itself (A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics, 2007). The second is
Student's t on the variance components of prompts, raters and the rest (Henderson's method I, which allows gaps), with
Satterthwaite's degrees of freedom: with three raters the bootstrap alone holds the truth in 80 of 100 trials where
raters differ. Fewer than three raters cannot speak for others: then prompts alone are drawn, and the result says so.
benchmarks/train/bench_blind.py shows how often the interval covers the truth.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.metrics.bootstrap import DIFFERING, FEW

if TYPE_CHECKING:
    import numpy as np

DRAWS, LEVEL = 2000, 0.95
#: Raters from which the interval speaks of other raters, too.
FEW_RATERS = 3
#: Share of a value that may be rounding.
_ALIKE = 1e-9


@dataclass(frozen=True)
class Components:
    """Variances of one mark of one prompt by one rater: what the prompt, the rater, and the rest of it bring."""

    prompt: float
    rater: float
    rest: float


@dataclass(frozen=True)
class Estimate:
    """A value and where it lies with probability 95 %.

    low, high: None where too little says something, for the `reason`. over: what was drawn. prompts, raters: how many.
    """

    value: float
    low: float | None
    high: float | None
    prompts: int
    raters: int
    over: str
    reason: str = ""
    components: Components | None = None

    def side_of(self, level: float) -> int:
        """1 where the interval is above a level, -1 where it is below, 0 where it holds it or is not there."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > level) - int(self.high < level)


def estimate(
    value: float,
    shares: np.ndarray,
    *,
    bounds: tuple[float, float] | None = None,
    varied: np.ndarray | None = None,
    seed: int = 0,
) -> Estimate:
    """A value and its interval.

    Args:
        value: what was measured.
        shares: [prompts, raters] how far each cell's marks pull the value away from where it is, times the number of
            cells (of a mean: the cell's own value less the mean); NaN where the rater did not mark the prompt.
        bounds: between which the value lies.
        varied: [prompts] which prompts say something of a difference; too few of them give no interval.
        seed: of the draws.
    """
    import numpy as np

    present = ~np.isnan(shares)
    shares, present = (each[present.any(axis=1)][:, present.any(axis=0)] for each in (shares, present))
    prompts, raters = shares.shape
    several = raters >= FEW_RATERS
    over = "texts and raters" if several else "texts"
    reason = too_few(prompts, None if varied is None else int(varied.sum()))
    if reason:
        return Estimate(value, None, None, prompts, raters, over, reason)
    values = np.where(present, shares, 0.0)
    parts = components(values, present) if several else None
    error, freedom = _error(parts, present) if parts else _error_over_prompts(values, present)
    low, high = _reach(error, freedom)
    if error > _ALIKE * max(1.0, abs(value)):
        left, right = _drawn(values, present, several, seed)
        low, high = min(low, left), max(high, right)
    floor, ceiling = bounds or (-np.inf, np.inf)
    return Estimate(
        value, float(max(floor, value + low)), float(min(ceiling, value + high)), prompts, raters, over, "", parts
    )


def too_few(prompts: int, varied: int | None = None) -> str:
    """Why these prompts give no interval; "" where they do. The numbers are those of `train evaluate`."""
    if prompts < FEW:
        return f"too few prompts: {prompts}, {FEW} needed"
    if varied == 0:
        return "the same in every prompt"
    if varied is not None and varied < DIFFERING:
        return f"too few prompts differ: {varied}, {DIFFERING} needed"
    return ""


def components(values: np.ndarray, present: np.ndarray) -> Components:
    """Henderson's method I for prompts crossed with raters, gaps allowed; negative variances count as none.

    Args:
        values: [prompts, raters], 0 where there is no mark.
        present: [prompts, raters] where there is one.
    """
    import numpy as np

    rows, columns, cells = present.sum(axis=1), present.sum(axis=0), int(present.sum())
    total = values.sum() ** 2 / cells
    sums = [
        (values.sum(axis=1) ** 2 / rows).sum() - total,
        (values.sum(axis=0) ** 2 / columns).sum() - total,
        (values**2).sum() - total,
    ]
    # What each sum of squares is expected to hold of the three variances.
    row_share, column_share = (rows**2).sum() / cells, (columns**2).sum() / cells
    expected = np.array([
        [cells - row_share, len(rows) - column_share, len(rows) - 1],
        [len(columns) - row_share, cells - column_share, len(columns) - 1],
        [cells - row_share, cells - column_share, cells - 1],
    ])  # fmt: skip
    prompt, rater, rest = np.linalg.lstsq(expected, np.array(sums), rcond=None)[0]
    return Components(max(0.0, float(prompt)), max(0.0, float(rater)), max(0.0, float(rest)))


def _error(parts: Components, present: np.ndarray) -> tuple[float, float]:
    """(standard error of the mean, Satterthwaite's degrees of freedom)."""
    rows, columns, cells = present.sum(axis=1), present.sum(axis=0), present.sum()
    balance = (float((rows**2).sum() / cells**2), float((columns**2).sum() / cells**2))
    return error_of(parts, balance, (len(rows), len(columns)), int(cells))


def error_of(
    parts: Components, balance: tuple[float, float], counts: tuple[int, int], cells: int
) -> tuple[float, float]:
    """(standard error of a mean, Satterthwaite's degrees of freedom).

    Args:
        parts: variances of one mark.
        balance: sums of squares of the shares of the marks that each prompt, and each rater, has.
        counts: prompts, raters.
        cells: marks.
    """
    rest = parts.rest / cells
    by_prompt, by_rater = parts.prompt * balance[0] + rest, parts.rater * balance[1] + rest
    variance = by_prompt + by_rater - rest
    free = max(1, cells - sum(counts) + 1)
    # What the raters add counts with their few degrees of freedom as far as it is theirs and not the rest's: all of it
    # would make intervals of three raters who are alike half as wide again.
    of_raters = by_rater * (by_rater - rest)
    spread = by_prompt**2 / (counts[0] - 1) + of_raters / (counts[1] - 1) + rest**2 / free
    return variance**0.5, variance**2 / spread if spread > 0 else 1.0


def _error_over_prompts(values: np.ndarray, present: np.ndarray) -> tuple[float, float]:
    """The same where prompts alone are drawn."""
    sums = values.sum(axis=1) / present.sum()
    prompts = len(sums)
    return float((sums**2).sum() * prompts / (prompts - 1)) ** 0.5, prompts - 1.0


def _reach(error: float, freedom: float) -> tuple[float, float]:
    from scipy import stats

    reach = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    return -reach, reach


def _drawn(values: np.ndarray, present: np.ndarray, several: bool, seed: int) -> tuple[float, float]:
    """The quantiles of the value's distance from where it is, over draws of prompts and, if `several`, of raters."""
    import numpy as np

    rows, columns = _draws(*values.shape, several, seed)
    weights = ((rows @ present) * columns).sum(axis=1)
    steps = ((rows @ values) * columns).sum(axis=1)[weights > 0] / weights[weights > 0]
    left, right = np.quantile(steps, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(left), float(right)


@functools.lru_cache(maxsize=2)
def _draws(prompts: int, raters: int, several: bool, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """([draws, prompts], [draws, raters]) how often each was drawn; all authors' marks are drawn alike."""
    import numpy as np

    generator = np.random.default_rng(seed)
    rows = generator.multinomial(prompts, np.full(prompts, 1 / prompts), size=DRAWS).astype(float)
    if not several:
        return rows, np.ones((DRAWS, raters))
    return rows, generator.multinomial(raters, np.full(raters, 1 / raters), size=DRAWS).astype(float)
