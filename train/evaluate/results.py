"""The results of a comparison: what results.json holds, and the page and the terminal show."""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.errors import TrainError
from train.evaluate.measure import REFERENCE, Measured, measure_all
from train.evaluate.models import Comparison
from train.evaluate.recipe_of import trained_by

if TYPE_CHECKING:
    from train.evaluate.holdout import Holdout, Row

_EXAMPLES = 8


def compare(
    models: list[Measured], holdout: Holdout, comparison: Comparison, options: argparse.Namespace
) -> dict[str, Any]:
    """Everything that results.json and the page say."""
    from train.evaluate.compare import by_language, cautions, differences, levels
    from train.evaluate.scorer_plugins import load_plugins

    plugins = load_plugins()
    measure_all(models, holdout.rows, holdout.corpus, plugins)
    rows = holdout.rows
    pairs = differences(models, rows, seed=options.seed, draws=options.draws)
    has_events = any(row.group for row in rows)
    warned = cautions(pairs, has_events)
    entries = [
        {"name": model.name, "kind": model.kind, **model.details, "measures": levels(model, rows),
         "trained": trained_by(comparison.models[model.name]) if model.kind == "weights" else None,
         "languages": by_language(model, rows), "missing": unmeasured(model, plugins.reasons)}
        for model in models
    ]  # fmt: skip
    return {
        "date": datetime.now(UTC).date().isoformat(), "data": str(options.data), "split": holdout.split,
        "rows": counts(holdout), "dates": holdout.dates,
        "events": {"known": has_events, "count": len(set(holdout.groups))}, "settings": vars(comparison.settings),
        "bootstrap": {"draws": options.draws, "seed": options.seed, "level": 0.95, "cautions": warned},
        "models": entries, "differences": pairs, "lm_eval": _harness(comparison, models, options),
        "runs": _runs(options.run),
        "examples": examples(models, rows, options.seed),
    }  # fmt: skip


def counts(holdout: Holdout) -> dict[str, Any]:
    """How many rows were held out, left out and measured, by language."""
    return {
        "held_out": holdout.held_out, "seen_in_training": dict(holdout.excluded), "limited": holdout.limited,
        "measured": len(holdout.rows), "languages": dict(Counter(row.language or "unknown" for row in holdout.rows)),
        "training": holdout.training_rows, "training_words": holdout.corpus.words, "unreadable": holdout.skipped,
    }  # fmt: skip


def unmeasured(model: Measured, absent: Mapping[str, str]) -> dict[str, str]:
    """measure -> why the model has none of it."""
    from train.metrics import PLUGGED

    reasons = {PLUGGED[name]: why for name, why in absent.items()}
    return {name: reasons.get(name, why) for name, why in model.reasons.items() if not model.values.get(name)}


def _harness(comparison: Comparison, models: Sequence[Measured], options: argparse.Namespace) -> dict[str, Any] | None:
    if comparison.tasks is None:
        return None
    from train.evaluate.lm_eval import evaluate

    folders = {
        model.name: (comparison.models[model.name], model.details["digest"])
        for model in models
        if model.kind == "weights"
    }
    return evaluate(folders, comparison.tasks, options.out / "lm_eval.json")


def _runs(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Loss curves of runs; {run, missing} where one has none."""
    from train.run_folder import accumulation, final_step, metrics_file, read_curve

    runs: list[dict[str, Any]] = []
    for folder in folders:
        try:
            curve = read_curve(metrics_file(folder), accumulation(folder), final_step(folder))
        except TrainError as error:
            runs.append({"run": str(folder), "curve": [], "missing": str(error)})
            continue
        finite = [{key: value for key, value in row.items() if value == value} for row in curve]
        runs.append({"run": str(folder), "curve": finite, "missing": ""})
    return runs


def examples(models: Sequence[Measured], rows: Sequence[Row], seed: int, most: int = _EXAMPLES) -> list[dict[str, Any]]:
    """Rows to read: where the last model gained and lost most ROUGE-L on the first, and some drawn by the seed.

    Only rows that were measured: none that was seen in training.
    """
    compared = [model for model in models if model.kind != REFERENCE]
    first, last = compared[0].values["rougeL"], compared[-1].values["rougeL"]
    gains = {row.id: last[row.id][0] - first[row.id][0] for row in rows if row.id in first and row.id in last}
    order = sorted(gains, key=lambda name: (-gains[name], name)) if len(compared) > 1 else []
    reasons = {name: "among the largest gains" for name in order[:2] if gains[name] > 0}
    reasons |= {name: "among the largest losses" for name in order[::-1][:2] if gains[name] < 0}
    rest = [row.id for row in rows if row.id not in reasons]
    sample = random.Random(seed).sample(rest, min(len(rest), max(0, most - len(reasons))))
    reasons |= dict.fromkeys(sample, "drawn at random")
    row_of = {row.id: row for row in rows}
    return [_example(row_of[name], why, models) for name, why in reasons.items()]


def _example(row: Row, why: str, models: Sequence[Measured]) -> dict[str, Any]:
    measures = ("rougeL", "chrf", "unsupported", "covered_sources", "covered_training", "repeated", "words")
    return {
        "id": row.id, "why": why, "language": row.language, "date": row.date[:10],
        "request": row.request, "sources": len(row.sources),
        "gist": " ".join((row.sources or [row.request])[0].split()[:24]),
        "texts": [
            {"model": model.name, "kind": model.kind, "text": model.text(row),
             "language": model.language_of(row.id) or row.language,
             **{name: bool(model.lines[row.id].get(name)) for name in ("cut", "prompt_shortened")},
             "measures": {name: model.values[name][row.id][0] for name in measures if row.id in model.values[name]}}
            for model in models if row.id in model.lines
        ],
    }  # fmt: skip
