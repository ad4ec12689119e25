"""What a run of the Hugging Face backend is known by, and its loss table, which has no gaps."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

from train.atomic_files import write_whole
from train.errors import TrainError
from train.huggingface.settings import KEYS, Settings

#: Settings that may differ when a run goes on: none of them touches the loss of a step, but for dropout's draws.
FREE = frozenset({
    "out_dir", "data_path", "cache", "save_interval", "log_interval", "eval_interval", "eval_max_iters",
    "initial_validation", "final_validation", "load_best_model_at_end", "patience", "min_delta",
    "gradient_checkpointing", "micro_batch_size", "devices", "num_nodes", "report_to",
})  # fmt: skip
#: Of the table's numbers.
PRECISION = ".10g"
_RECIPE_KEYS = {name: dotted for dotted, (name, _) in KEYS.items()} | {"optimizer_args": "optimizer.init_args"}


def describe(settings: Settings, **more: Any) -> dict[str, Any]:
    """What the losses of a run depend on, by the recipe's own keys."""
    plain = {field.name: getattr(settings, field.name) for field in fields(settings) if field.name not in FREE}
    return json.loads(json.dumps({_RECIPE_KEYS.get(name, name): value for name, value in plain.items()} | more,
                                 default=str))  # fmt: skip


class Metrics:
    """out_dir/metrics.csv: a row each for training and validation losses, in the columns `train loss` reads."""

    COLUMNS = ("step", "loss", "val_loss", "iter_time", "learning_rate", "grad_norm", "epoch")

    def __init__(self, path: Path, more: tuple[str, ...] = ()) -> None:
        self.path = path
        self.columns = (*self.COLUMNS, *more)
        self._handle: TextIO | None = None

    def begin(self, step: int | None) -> None:
        """Keep the rows up to a step that a checkpoint goes on from; None starts anew."""
        rows = [] if step is None else [row for row in self._rows() if _step(row) <= step]
        lines = [",".join(self.columns), *(",".join(row.get(name) or "" for name in self.columns) for row in rows)]
        write_whole(self.path, "\n".join(lines) + "\n")
        self._handle = self.path.open("a", encoding="utf-8")

    def last_step(self) -> int:
        """The step of the last row; 0 without rows."""
        return max((int(_step(row)) for row in self._rows() if math.isfinite(_step(row))), default=0)

    def evaluations(self, step: int) -> list[tuple[int, float]]:
        """(step, validation loss) of the rows up to a step, in their order."""
        rows = [row for row in self._rows() if row.get("val_loss") and _step(row) <= step]
        return [(int(_step(row)), float(row["val_loss"])) for row in rows]

    def last(self, column: str) -> tuple[int, float] | None:
        """(step, value) of the last row that has one."""
        values = [(int(float(row["step"])), float(row[column])) for row in self._rows() if row.get(column)]
        return values[-1] if values else None

    def _rows(self) -> list[dict[str, str]]:
        if not self.path.is_file():
            return []
        with self.path.open(encoding="utf-8", newline="") as lines:
            # A line torn by a kill lacks its last columns.
            return [row for row in csv.DictReader(lines) if None not in row.values() and None not in row]

    def add(self, **row: float | int | None) -> None:
        """Append a row; on disk as soon as this returns, as far as a killed process is concerned.

        Raises:
            TrainError: the disk is full.
        """
        if self._handle is None:
            return
        cells = [row.get(name) for name in self.columns]
        try:
            self._handle.write(",".join("" if cell is None else f"{cell:{PRECISION}}" for cell in cells) + "\n")
            self._handle.flush()
        except OSError as error:
            raise TrainError(f"cannot write {self.path}: {error.strerror or error}") from error


def _step(row: Mapping[str, str]) -> float:
    try:
        return float(row["step"])
    except (KeyError, ValueError):
        return float("inf")
