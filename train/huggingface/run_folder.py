"""The folder of a run: whole checkpoints only, a loss table without gaps, and no going on with other settings."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

from train.atomic_files import write_whole
from train.errors import TrainError
from train.huggingface.settings import KEYS, Settings

_RUN, _WHOLE, _FINISHED = "run.json", "whole.json", "finished.json"
#: Checkpoints that stay: one that was torn by a failing disk must leave another.
KEEP = 2
#: Settings that may differ when a run goes on: none of them touches the loss of a step, but for dropout's draws.
FREE = frozenset({
    "out_dir", "data_path", "cache", "save_interval", "log_interval", "eval_interval", "eval_max_iters",
    "initial_validation", "final_validation", "gradient_checkpointing", "micro_batch_size", "devices", "num_nodes",
})  # fmt: skip
_RECIPE_KEYS = {name: dotted for dotted, (name, _) in KEYS.items()} | {"optimizer_args": "optimizer.init_args"}


def describe(settings: Settings, **more: Any) -> dict[str, Any]:
    """What the losses of a run depend on, by the recipe's own keys."""
    plain = {field.name: getattr(settings, field.name) for field in fields(settings) if field.name not in FREE}
    return json.loads(json.dumps({_RECIPE_KEYS.get(name, name): value for name, value in plain.items()} | more,
                                 default=str))  # fmt: skip


class RunFolder:
    """out_dir of a run: run.json, metrics.csv, checkpoint-STEP folders, final.

    Every process of a distributed run has one; only `write` parts are for the first alone.
    """

    def __init__(self, folder: Path, described: Mapping[str, Any]) -> None:
        self.folder = folder
        self.described = dict(described)
        self.partial = folder / ".partial"

    def finished(self) -> dict[str, Any] | None:
        """What the finished run said of itself; None while it is not finished.

        Raises:
            TrainError: it was finished with other settings.
        """
        outcome = _read_json(self.folder / "final" / _FINISHED)
        if outcome is not None:
            self.check_same()
        return outcome

    def begun(self) -> bool:
        """Whether a run was started here before."""
        return (self.folder / _RUN).is_file()

    def check_same(self) -> None:
        """See that what the folder holds is this run, or nothing.

        Raises:
            TrainError: it holds a run of other settings, whose keys it names, or something else altogether.
        """
        before = _read_json(self.folder / _RUN)
        if before is None:
            self._check_free()
            return
        changed = [
            f"{key} was {before.get(key)!r}, now {self.described.get(key)!r}"
            for key in sorted({*before, *self.described})
            if before.get(key) != self.described.get(key)
        ]
        if changed:
            raise TrainError(
                f"{self.folder} holds a run of other settings: {'; '.join(changed)}. Give another out_dir, or remove it"
            )

    def _check_free(self) -> None:
        if any(not path.name.startswith(".") for path in self.folder.glob("*")):
            raise TrainError(f"{self.folder} holds something that `train finetune` did not make: give another out_dir")

    def last_checkpoint(self) -> tuple[Path | None, list[str]]:
        """(the newest whole checkpoint, a line for each newer one that is torn)."""
        torn: list[str] = []
        for folder in reversed(self.checkpoints()):
            fault = _fault(folder)
            if fault is None:
                return folder, torn
            torn.append(f"{folder} is torn ({fault}): skipped")
        return None, torn

    def checkpoints(self) -> list[Path]:
        """Checkpoint folders by step."""
        folders = [path for path in self.folder.glob("checkpoint-*") if path.name.removeprefix("checkpoint-").isdigit()]
        return sorted(folders, key=step_of)

    def begin(self, torn: bool = False) -> None:
        """Make the folder ready: settings written, what a killed run left half done removed."""
        shutil.rmtree(self.partial, ignore_errors=True)
        shutil.rmtree(self.folder / ".final", ignore_errors=True)
        write_whole(self.folder / _RUN, json.dumps(self.described, indent=2) + "\n")
        for folder in self.checkpoints():
            if torn and _fault(folder) is not None:
                shutil.rmtree(folder, ignore_errors=True)

    def seal(self, step: int) -> Path:
        """Move the checkpoint of a step, written under `partial`, to its place, and drop the oldest."""
        name = f"checkpoint-{step}"
        partial, checkpoint = self.partial / name, self.folder / name
        manifest = {str(path.relative_to(partial)): _fingerprint(path) for path in sorted(partial.rglob("*"))
                    if path.is_file()}  # fmt: skip
        write_whole(partial / _WHOLE, json.dumps(manifest))
        shutil.rmtree(checkpoint, ignore_errors=True)
        partial.rename(checkpoint)
        shutil.rmtree(self.partial, ignore_errors=True)
        for old in self.checkpoints()[:-KEEP]:
            shutil.rmtree(old, ignore_errors=True)
        return checkpoint

    def finish(self, outcome: Mapping[str, Any]) -> Path:
        """Move the finished model, written under `.final`, to `final`."""
        partial, final = self.folder / ".final", self.folder / "final"
        write_whole(partial / _FINISHED, json.dumps(outcome, indent=2) + "\n")
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        return final


def step_of(checkpoint: Path) -> int:
    """The step of a checkpoint's folder."""
    return int(checkpoint.name.removeprefix("checkpoint-"))


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _fingerprint(path: Path) -> list[Any]:
    """[size, SHA-256], the file synced to the disk first."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())
        return [path.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest()]


def _fault(folder: Path) -> str | None:
    """Why a checkpoint cannot be used; None where it is whole."""
    manifest = _read_json(folder / _WHOLE)
    if manifest is None:
        return f"no readable {_WHOLE}"
    for name, expected in manifest.items():
        try:
            if _fingerprint(folder / name) != expected:
                return f"{name} is not as it was written"
        except OSError:
            return f"{name} is missing"
    return None


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
            self._handle.write(",".join("" if cell is None else f"{cell:.10g}" for cell in cells) + "\n")
            self._handle.flush()
        except OSError as error:
            raise TrainError(f"cannot write {self.path}: {error.strerror or error}") from error


def _step(row: Mapping[str, str]) -> float:
    try:
        return float(row["step"])
    except (KeyError, ValueError):
        return float("inf")
