"""How many texts and raters show a difference of a given size: power, from variances of prompts, raters and the rest.

A mark's difference between two authors varies by its prompt, by its rater (each likes one of them a little more), and
by the rest. Drawn are the sums of squares that such marks give, which for normal ones are chi-squared, and the interval
of `train blind --read` of each draw: power is the share of draws whose interval is on the right side of 0.
benchmarks/train/bench_blind.py compares it with whole simulations, whose marks are 1 to 5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from train.blind.statistics.two_way import FEW_RATERS, LEVEL, Components
from train.metrics.bootstrap import FEW

if TYPE_CHECKING:
    import numpy as np

#: Variances of differences between two authors' marks from 1 to 5 (relevance): medians over the 91 pairs of 14 systems
#: in DialSummEval (M. Gao and X. Wan, NAACL 2022; 100 dialogues, three raters).
POINTS = Components(prompt=0.35, rater=0.034, rest=0.90)
#: Variances of preferences (1, a half where tied, 0): medians over the ten pairs of models in PandaLM's test set (500
#: comparisons, three raters), but the raters', who hardly differ there because only what they agreed on was kept:
#: that is of preferences by DialSummEval's marks.
SHARES = Components(prompt=0.164, rater=0.004, rest=0.031)
#: What the table shows.
PROMPTS, RATERS = (10, 20, 30, 40, 60, 80, 120, 160, 240, 320), (1, 2, 3, 4, 5, 6, 8, 10)
#: No plan needs more texts of one author.
MOST = 5000
#: Numbers of texts that are tried beyond the table.
_BEYOND = (450, 640, 900, 1300, 1800, 2500, 3500, MOST)
_DRAWS = 4000


def power(effect: float, parts: Components, prompts: int, raters: int) -> float:
    """Probability that the interval of a true difference is on its side of 0.

    Args:
        effect: the difference, in points or as a share less a half.
        parts: variances of one mark's difference.
        prompts: texts by each author; below ten there is no verdict.
        raters: who mark all of them; one or two speak for themselves alone.
    """
    import numpy as np

    if prompts < FEW:
        return 0.0
    generator = np.random.default_rng(0)
    error, reach = (_of_few if raters < FEW_RATERS else _of_several)(generator, parts, prompts, raters)
    return float((abs(effect) + error * generator.standard_normal(_DRAWS) > reach).mean())


def _squares(generator: np.random.Generator, variance: float, freedom: int) -> np.ndarray:
    """[draws] mean squares whose expectation is the variance."""
    return variance * generator.chisquare(freedom, _DRAWS) / freedom


def _of_few(generator: np.random.Generator, parts: Components, prompts: int, raters: int) -> tuple[float, np.ndarray]:
    """(standard error, [draws] half of the interval) where prompts alone are drawn."""
    from scipy import stats

    variance = (parts.prompt + parts.rest / raters) / prompts
    reach = float(stats.t.ppf((1 + LEVEL) / 2, prompts - 1))
    return variance**0.5, reach * _squares(generator, variance, prompts - 1) ** 0.5


def _of_several(
    generator: np.random.Generator, parts: Components, prompts: int, raters: int
) -> tuple[float, np.ndarray]:
    """(standard error, [draws] half of the interval): the wider of Student's t and the two-way bootstrap."""
    import numpy as np
    from scipy import stats

    cells, free = prompts * raters, (prompts - 1, raters - 1, (prompts - 1) * (raters - 1))
    expected = (raters * parts.prompt + parts.rest, prompts * parts.rater + parts.rest, parts.rest)
    squares = [_squares(generator, each, freedom) for each, freedom in zip(expected, free, strict=True)]
    # As `two_way.components`: negative variances count as none.
    by_prompt, by_rater = (np.maximum(each, squares[2]) / cells for each in squares[:2])
    rest = squares[2] / cells
    variance = by_prompt + by_rater - rest
    spread = by_prompt**2 / free[0] + by_rater * (by_rater - rest) / free[1] + rest**2 / free[2]
    student = stats.t.ppf((1 + LEVEL) / 2, variance**2 / np.maximum(spread, 1e-300)) * variance**0.5
    shares = [(prompts - 1) / prompts, (raters - 1) / raters, free[2] / cells]
    bootstrap = sum(share * each for share, each in zip(shares, squares, strict=True)) / cells
    error = (parts.prompt / prompts + parts.rater / raters + parts.rest / cells) ** 0.5
    return error, np.maximum(student, float(stats.norm.ppf((1 + LEVEL) / 2)) * bootstrap**0.5)


def required_prompts(effect: float, parts: Components, raters: int, level: float) -> int | None:
    """The fewest prompts that give so much power with so many raters; None where no number does.

    Power may fall again where raters differ more than prompts: the more texts, the more the interval rests on the few
    raters alone. So the first number of a row that is enough counts, not the last.
    """
    row = (*PROMPTS, *_BEYOND)
    first = next((number for number in row if power(effect, parts, number, raters) >= level), None)
    if first is None:
        return None
    low, high = max((number + 1 for number in row if number < first), default=FEW), first
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(effect, parts, middle, raters) >= level else (middle + 1, high)
    return low


def power_table(effect: float, parts: Components) -> dict[int, dict[int, float]]:
    """prompts -> raters -> power."""
    return {prompts: {raters: power(effect, parts, prompts, raters) for raters in RATERS} for prompts in PROMPTS}
