"""From rows to a comparison: each model's level, and the differences between models with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from train.evaluate.holdout import Row
from train.evaluate.measure import REFERENCE, Measured, Ratio
from train.metrics import LOSS, LOSS_OF_ANY_TOKENIZER, MEASURES, head_of
from train.metrics.bootstrap import DRAWS, LEVEL, Interval, paired

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
    """Of each pair of models (second minus first) the difference in each measure that both have, and its interval.

    Of measures of one quantity (loss, perplexity, bits …) one gets a verdict: four units of one loss are one finding.
    Of the loss it is nats per token, bits per byte where the tokenizers differ.
    """
    pairs = []
    for first, second in combinations([model for model in models if model.kind != REFERENCE], 2):
        measures = {}
        loss = LOSS_OF_ANY_TOKENIZER if _tokenizers_differ(first, second) else LOSS
        for name in MEASURES:
            if interval := _difference(name, first, second, rows, seed, draws, confidence):
                cautions_of_one = _cautions(name, first, second, interval, rows)
                measures[name] = _as_row(name, head_of(name, loss), interval, cautions_of_one)
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


def _as_row(name: str, head: str, interval: Interval, warned: Sequence[str]) -> dict[str, Any]:
    measure = MEASURES[name]
    verdict = ""
    if interval.excludes_zero and measure.better and head == name:
        verdict = "better" if (interval.difference > 0) == (measure.better == "higher") else "worse"
    return {
        "difference": interval.difference, "low": interval.low, "high": interval.high, "rows": interval.rows,
        "events": interval.groups, "excludes_zero": interval.excludes_zero, "verdict": verdict,
        "same_as": "" if head == name else head, "cautions": list(warned),
    }  # fmt: skip


def _cautions(name: str, first: Measured, second: Measured, interval: Interval, rows: Sequence[Row]) -> list[str]:
    """What a reader of this one difference must know."""
    lines = [interval.reason] if interval.reason else []
    if interval.rows < len(rows):
        lines.append(f"of {interval.rows} of {len(rows)} rows: the others lack it in one model or both")
    if name in ("loss", "perplexity") and _tokenizers_differ(first, second):
        lines.append("the tokenizers differ: losses per token do not compare, bits per byte do")
    return lines


def _tokenizers_differ(first: Measured, second: Measured) -> bool:
    """Whether the same reference has other numbers of tokens."""
    before, after = first.values["loss"], second.values["loss"]
    return any(before[name][1] != after[name][1] for name in before.keys() & after.keys())


def cautions(pairs: Sequence[dict[str, Any]], events_known: bool) -> list[str]:
    """What a reader of all the intervals must know; what concerns one measure stands with it."""
    measures = [row for pair in pairs for row in pair["measures"].values() if not row["same_as"]]
    lines = sorted({line for row in measures for line in row["cautions"] if line.startswith("too few events: ")})
    lines = [f"no verdict: {line}" for line in lines]
    if measures and not events_known:
        lines.append("events are not known, so rows were drawn one by one: intervals are too narrow if some are of one")
    intervals = sum(row["low"] is not None for row in measures)
    if intervals > 10:
        lines.append(f"of {intervals} intervals at 95 %, one in twenty excludes 0 by chance")
    return lines
