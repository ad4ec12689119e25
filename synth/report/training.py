"""What a training run left behind: LitGPT's metrics.csv and saved settings, and texts from before and after."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError

#: Prompts shown with their texts.
TEXTS = 6
#: Points a curve keeps: more than a chart is wide makes the page heavy and shows nothing new.
POINTS = 400


def collect_training(folder: Path) -> dict[str, Any]:
    """{run, curve, summary, settings, texts} of a training run's folder.

    `curve` rows are {step, loss} or {step, val_loss}, step being an optimizer step; `texts` are {id, prompt, before,
    after}.

    Raises:
        NewsmillError: there is no such folder, or a file in it cannot be read.
    """
    if not folder.is_dir():
        raise NewsmillError(f"--training {folder}: no such folder: name a run's out_dir, such as out/tiny-news")
    settings = _settings(folder)
    rows = _metrics(folder, _batches(settings))
    summary = _summary(rows, folder) if rows else None
    val = _thinned([row for row in rows if "val_loss" in row], "val_loss")
    if summary and summary["base_val_loss"] is not None and not any(row["step"] == 0 for row in val):
        val.insert(0, {"step": 0, "val_loss": summary["base_val_loss"]})
    return {
        "run": folder.name,
        "settings": _facts(settings),
        "summary": summary,
        "curve": _thinned([row for row in rows if "loss" in row], "loss") + val,
        "texts": _texts(folder / "generations.jsonl"),
    }


def _settings(folder: Path) -> dict[str, Any]:
    import yaml

    for path in (folder / "final" / "hyperparameters.yaml", folder / "hyperparameters.yaml"):
        if path.is_file():
            try:
                loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError) as error:
                raise NewsmillError(f"cannot read {path}: {' '.join(str(error).split())}") from error
            return loaded if isinstance(loaded, dict) else {}
    return {}


def _batches(settings: Mapping[str, Any]) -> int:
    """Batches that make an optimizer step: LitGPT's log counts batches."""
    train = settings.get("train") or {}
    try:
        return max(1, int(train["global_batch_size"]) // int(train["micro_batch_size"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 1


def _facts(settings: Mapping[str, Any]) -> list[dict[str, str]]:
    """The settings that a reader asks for first."""
    train, data = settings.get("train") or {}, (settings.get("data") or {}).get("init_args") or {}
    optimizer = settings.get("optimizer")
    rate = (optimizer.get("init_args") or {}).get("lr") if isinstance(optimizer, Mapping) else None
    facts = {
        "base model": settings.get("checkpoint_dir"), "precision": settings.get("precision"),
        "quantized": settings.get("quantize"), "LoRA rank": settings.get("lora_r"),
        "LoRA alpha": settings.get("lora_alpha"), "learning rate": rate, "epochs": train.get("epochs"),
        "steps at most": train.get("max_steps"), "rows a step": train.get("global_batch_size"),
        "tokens a row": train.get("max_seq_length"), "prompt style": data.get("prompt_style"),
    }  # fmt: skip
    return [
        {"name": name, "value": str(value)} for name, value in facts.items() if isinstance(value, str | int | float)
    ]


def _metrics(folder: Path, batches: int) -> list[dict[str, float]]:
    """Rows {step, loss, seconds} and {step, val_loss} of the newest metrics.csv, in order; [] without one."""
    paths = sorted(folder.glob("**/metrics.csv"), key=lambda path: (path.stat().st_mtime, path))
    if not paths:
        return []
    rows: list[dict[str, float]] = []
    step = 0
    try:
        with paths[-1].open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row.get("loss"):
                    step = math.ceil(float(row.get("iter") or row.get("step") or 0) / batches)
                    rows.append({"step": step, "loss": float(row["loss"]), "seconds": float(row.get("iter_time") or 0)})
                # The last validation of a run is logged twice, and without a step: it belongs to the last.
                if row.get("val_loss") and {"step": step, "val_loss": float(row["val_loss"])} not in rows[-2:]:
                    rows.append({"step": step, "val_loss": float(row["val_loss"])})
    except (OSError, ValueError, csv.Error) as error:
        raise NewsmillError(f"cannot read {paths[-1]}: {error}") from error
    return rows


def _summary(rows: list[dict[str, float]], folder: Path) -> dict[str, Any]:
    """First and last losses, steps and their pace; a loss that is no number is None, and counted."""
    losses = [row["loss"] for row in rows if "loss" in row]
    val = [row["val_loss"] for row in rows if "val_loss" in row]
    seconds: dict[float, float] = {}
    for row in rows:
        if "loss" in row:
            seconds[row["step"]] = seconds.get(row["step"], 0.0) + row["seconds"]
    pace = statistics.median(seconds.values()) if seconds else 0.0
    base = _base_loss(folder)
    finite = [value for value in val if math.isfinite(value)]
    return {
        "steps": int(max(row["step"] for row in rows)),
        "first_loss": _number(losses[0]) if losses else None,
        "last_loss": _number(losses[-1]) if losses else None,
        # Where the base model was gone, `train loss` gives the first measurement in its place.
        "base_val_loss": None if val and base == _number(val[0]) else base,
        "first_val_loss": _number(val[0]) if val else None,
        "last_val_loss": _number(val[-1]) if val else None,
        "best_val_loss": round(min(finite), 6) if finite else None,
        "steps_per_second": round(1 / pace, 3) if pace else None,
        "not_a_number": sum(not math.isfinite(value) for value in (*losses, *val)),
    }


def _base_loss(folder: Path) -> float | None:
    """Validation loss of the untuned model, where `train loss` measured it."""
    try:
        value = json.loads((folder / "loss.json").read_text(encoding="utf-8")).get("first_val_loss")
    except (OSError, ValueError, AttributeError):
        return None
    return _number(value) if isinstance(value, int | float) else None


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _thinned(rows: list[dict[str, float]], name: str) -> list[dict[str, float]]:
    """At most POINTS rows {step, name}: one mean a step, then means of neighbouring steps."""
    steps: dict[float, list[float]] = {}
    for row in rows:
        if math.isfinite(row[name]):
            steps.setdefault(row["step"], []).append(row[name])
    points = [(step, statistics.fmean(values)) for step, values in sorted(steps.items())]
    width = math.ceil(len(points) / POINTS) or 1
    parts = (points[start : start + width] for start in range(0, len(points), width))
    return [{"step": part[-1][0], name: round(statistics.fmean(value for _, value in part), 6)} for part in parts]


def _texts(path: Path) -> list[dict[str, Any]]:
    """{id, prompt, before, after}, in the order of the file; a prompt answered at neither stage is not there."""
    texts: dict[str, dict[str, Any]] = {}
    for row in _rows(path):
        key, stage = str(row.get("id") or row.get("prompt")), row.get("stage")
        if stage in ("before", "after"):
            entry = texts.setdefault(
                key, {"id": key, "prompt": str(row.get("prompt") or ""), "before": "", "after": ""}
            )
            entry[stage] = str(row.get("text") or "")
    return list(texts.values())[:TEXTS]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise NewsmillError(f"cannot read {path}: {error}") from error
    yield from (row for row in rows if isinstance(row, dict))
