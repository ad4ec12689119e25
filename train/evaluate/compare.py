"""From rows to a comparison: each model's level, and the differences between models with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from train.evaluate.holdout import Row
from train.evaluate.measure import REFERENCE, Measured, Ratio
from train.metrics import MEASURES
from train.metrics.bootstrap import DRAWS, FEW, LEVEL, Interval, paired

#: Languages listed apart in the results; of one, the whole is the same.
_LANGUAGES = 8


def level(name: str, values: Sequence[Ratio]) -> float | None:
    """The ratio of the sums, for perplexity its exponential; None of nothing, or where it is beyond all numbers."""
    if not values:
        return None
    ratio = math.fsum(value for value, _ in values) / math.fsum(weight for _, weight in values)
    if name != "perplexity":
        return ratio
    return math.exp(ratio) if ratio < 700 else None


def levels(model: Measured, rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """measure -> {value, rows} of the rows that have it."""
    by_measure = {}
    for name in MEASURES:
        values = [model.values[name][row.id] for row in rows if row.id in model.values[name]]
        if values:
            by_measure[name] = {"value": level(name, values), "rows": len(values)}
    return by_measure


def by_language(model: Measured, rows: Sequence[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """language -> its levels; {} where all rows are of one language."""
    languages = sorted({row.language for row in rows})
    if len(languages) < 2:
        return {}
    return {
        language or "unknown": levels(model, [row for row in rows if row.language == language])
        for language in languages[:_LANGUAGES]
    }


def differences(
    models: Sequence[Measured], rows: Sequence[Row], *, seed: int, draws: int = DRAWS, confidence: float = LEVEL
) -> list[dict[str, Any]]:
    """Of each pair of models (second minus first) the difference in each measure that both have, and its interval."""
    pairs = []
    for first, second in combinations([model for model in models if model.kind != REFERENCE], 2):
        measures = {}
        for name in MEASURES:
            if interval := _difference(name, first, second, rows, seed, draws, confidence):
                measures[name] = _as_row(name, interval)
        pairs.append({"first": first.name, "second": second.name, "measures": measures})
    return pairs


def _difference(
    name: str, first: Measured, second: Measured, rows: Sequence[Row], seed: int, draws: int, confidence: float
) -> Interval | None:
    before, after = first.values[name], second.values[name]
    both = [row for row in rows if row.id in before and row.id in after]
    if not both:
        return None
    transform = None
    if name == "perplexity":
        import numpy as np

        transform = np.exp
        if max(level("loss", [values[row.id] for row in both]) or 0 for values in (before, after)) > 500:
            return None
    return paired(
        [before[row.id] for row in both], [after[row.id] for row in both], [row.group or row.id for row in both],
        seed=seed, draws=draws, level=confidence, transform=transform,
    )  # fmt: skip


def _as_row(name: str, interval: Interval) -> dict[str, Any]:
    better = MEASURES[name].better
    verdict = ""
    if interval.excludes_zero and better:
        verdict = "better" if (interval.difference > 0) == (better == "higher") else "worse"
    return {
        "difference": interval.difference, "low": interval.low, "high": interval.high, "rows": interval.rows,
        "events": interval.groups, "excludes_zero": interval.excludes_zero, "verdict": verdict,
    }  # fmt: skip


def cautions(pairs: Sequence[dict[str, Any]], events_known: bool) -> list[str]:
    """What a reader of the intervals must know."""
    lines = []
    groups = [measure["events"] for pair in pairs for measure in pair["measures"].values()]
    if groups and min(groups) < 2:
        lines.append("one event alone gives no interval")
    elif groups and min(groups) < FEW:
        lines.append(f"with fewer than {FEW} events intervals are too narrow: take them as hints")
    if groups and not events_known:
        lines.append("events are not known, so rows were drawn one by one: intervals are too narrow if some are of one")
    if sum(len(pair["measures"]) for pair in pairs) > 10:
        lines.append("of many intervals at 95 %, one in twenty excludes 0 by chance")
    return lines
