"""What a fine-tuning run leaves in its folder: metrics, and the configuration it was started with."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from train.errors import TrainError

_COLUMNS = ("step", "loss", "val_loss", "iter_time")


def metrics_file(run: Path) -> Path:
    """The newest metrics.csv below a run's folder.

    Raises:
        TrainError: there is none.
    """
    files = sorted(run.glob("**/metrics.csv"), key=lambda path: path.stat().st_mtime)
    if not files:
        raise TrainError(f"no metrics.csv below {run}: was it trained with `logger_name: csv`?")
    return files[-1]


def accumulation(run: Path) -> int:
    """Batches an optimizer step is made of, from the run's saved configuration; 1 where there is none."""
    settings = saved_settings(run)
    train = settings.get("train", {})
    return max(1, int(train.get("global_batch_size", 1)) // int(train.get("micro_batch_size", 1)))


def saved_settings(run: Path) -> dict[str, Any]:
    """The configuration that the run was started with; empty where it is not there."""
    import yaml

    saved = run / "final" / "hyperparameters.yaml"
    return dict(yaml.safe_load(saved.read_text(encoding="utf-8"))) if saved.is_file() else {}


def read_curve(path: Path, batches: int = 1) -> list[dict[str, float]]:
    """Rows {step, loss | val_loss, seconds} in the order of training.

    LitGPT's log counts batches under the name `step`; here a step is an optimizer step of `batches` of them. Its last
    validation carries no step: it belongs to the last one.

    Raises:
        TrainError: the file holds no losses.
    """
    curve: list[dict[str, float]] = []
    step = 0
    with path.open(encoding="utf-8", newline="") as lines:
        for line, row in enumerate(csv.DictReader(lines), 2):
            try:
                numbers = {name: float(value) for name, value in row.items() if name in _COLUMNS and value}
            except ValueError as error:
                raise TrainError(f"{path}:{line} holds no numbers: is it LitGPT's own log?") from error
            if "loss" in numbers:
                step = -(-int(numbers.get("step", 0)) // batches)
                curve.append({"step": step, "loss": numbers["loss"], "seconds": numbers.get("iter_time", 0.0)})
            if "val_loss" in numbers and {"step": step, "val_loss": numbers["val_loss"]} not in curve[-2:]:
                curve.append({"step": step, "val_loss": numbers["val_loss"]})
    if not any("loss" in row for row in curve):
        raise TrainError(f"{path} holds no losses: the run ended before its first step")
    return curve
