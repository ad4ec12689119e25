"""Mean marks by author, and how far each author's are from the first's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from train.blind.statistics.cells import Grid, Mark, added, mean_shares
from train.blind.statistics.two_way import LEVEL, Estimate, estimate


def means(marks: Mapping[str, Sequence[Mark]], bounds: tuple[float, float], seed: int = 0) -> dict[str, dict[str, Any]]:
    """author -> {mean, low, high, reason, marks, texts}.

    Args:
        marks: author -> marks.
        bounds: lowest and highest mark.
        seed: of the draws.
    """
    return {author: _mean(own, bounds, seed) for author, own in marks.items()}


def _mean(marks: Sequence[Mark], bounds: tuple[float, float], seed: int) -> dict[str, Any]:
    if not marks:
        return {"mean": None, "low": None, "high": None, "reason": "no marks", "marks": 0, "texts": 0}
    result = mean_of(marks, bounds, seed)
    return {"mean": result.value, "low": result.low, "high": result.high, "reason": result.reason, "marks": len(marks),
            "texts": result.prompts}  # fmt: skip


def mean_of(marks: Sequence[Mark], bounds: tuple[float, float], seed: int = 0) -> Estimate:
    """The mean of some marks, and its interval."""
    value, shares = mean_shares(*Grid((prompt, rater) for prompt, rater, _ in marks).sums(marks))
    return estimate(value, shares, bounds=bounds, seed=seed)


def share_of(marks: Sequence[Mark], seed: int = 0, level: float | None = None) -> Estimate:
    """The mean of marks from 0 to 1; where all are 0, or all are 1, with Wilson's interval over prompts.

    level: the share of no difference; prompts whose marks are all at it say nothing of one.
    """
    totals, counts = Grid((prompt, rater) for prompt, rater, _ in marks).sums(marks)
    value, shares = mean_shares(totals, counts)
    varied = None if level is None else (totals != level * counts).any(axis=1)
    result = estimate(value, shares, bounds=(0.0, 1.0), varied=varied, seed=seed)
    if result.low is None or value not in (0.0, 1.0):
        return result
    low, high = wilson(round(value * result.prompts), result.prompts)
    return replace(result, low=low, high=high)


def wilson(count: int, of: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    from scipy import stats

    interval = stats.binomtest(count, of).proportion_ci(LEVEL, method="wilson")
    return float(interval.low), float(interval.high)


def difference(first: Sequence[Mark], second: Sequence[Mark], seed: int = 0) -> Estimate | None:
    """Mean of the second less that of the first, on the prompts that both were marked for; None of none."""
    shared = {prompt for prompt, _, _ in first} & {prompt for prompt, _, _ in second}
    if not shared:
        return None
    sides = [[mark for mark in marks if mark[0] in shared] for marks in (first, second)]
    grid = Grid((prompt, rater) for marks in sides for prompt, rater, _ in marks)
    sums = [grid.sums(marks) for marks in sides]
    (before, pulls_before), (after, pulls_after) = (mean_shares(*each) for each in sums)
    varied = _differ(sums)
    return estimate(after - before, added(pulls_after, pulls_before, -1), varied=varied, seed=seed)


def _differ(sums: Sequence[tuple[Any, Any]]) -> Any:
    """[prompts] whether the two authors' marks of a prompt differ."""
    (first, of_first), (second, of_second) = sums
    return ((first != second) | (of_first != of_second)).any(axis=1)


def verdict(result: Estimate, level: float = 0.0) -> str:
    """better, worse or undecided: where the interval lies; undecided, too, where there is none."""
    return {1: "better", -1: "worse", 0: "undecided"}[result.side_of(level)]
