"""Loggers of a run beside metrics.csv: TensorBoard, Weights & Biases, MLflow.

What they write lies in the run's folder, and nothing leaves the machine: another server is named by the variables that
Weights & Biases and MLflow read themselves (WANDB_MODE, MLFLOW_TRACKING_URI …). A run that goes on after a kill goes on
in the same run of the logger. A logger that fails ends with a line, and the training goes on.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from train.atomic_files import write_whole
from train.errors import TrainError, one_line

#: Logger and extra of Newsmill -> what Python imports.
PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow"}
#: In the run's folder: names of the run in the loggers.
NAMES = "loggers.json"
#: Characters of a setting that MLflow keeps.
_LONGEST = 500


class Logger(Protocol):
    """One logger of a run."""

    def add(self, step: int, values: Mapping[str, float]) -> None: ...

    def end(self) -> None: ...


def check(names: Sequence[str]) -> None:
    """See that the packages of the loggers are there.

    Raises:
        TrainError: one is not; says how to get it.
    """
    absent = [name for name in names if importlib.util.find_spec(PACKAGES[name]) is None]
    if absent:
        raise TrainError(f"report_to: {', '.join(absent)} not installed: pip install 'newsmill[{','.join(absent)}]'")


class Loggers:
    """All loggers of a run, of which those that fail are left out.

    last_step: the last step that an earlier process of the run gave them: nothing is given twice.
    """

    def __init__(
        self, names: Sequence[str], run: Path, settings: Mapping[str, Any], resumed_at: int | None, last_step: int
    ) -> None:
        self._last_step = last_step
        if not resumed_at:
            shutil.rmtree(run / "tensorboard", ignore_errors=True)
            (run / NAMES).unlink(missing_ok=True)
        self._loggers: dict[str, Logger] = {}
        state = random.getstate()
        for name in names:
            self._try(name, partial(self._begin, name, run, settings, resumed_at))
        # What a library draws for itself must not change what is trained.
        random.setstate(state)

    def _begin(self, name: str, run: Path, settings: Mapping[str, Any], resumed_at: int | None) -> None:
        self._loggers[name] = _KINDS[name](run, settings, resumed_at)

    def add(self, row: Mapping[str, float | int | None]) -> None:
        """Give them a row of metrics.csv."""
        step = int(row["step"] or 0)
        kind = "eval" if row.get("val_loss") is not None else "train"
        values = {f"{kind}/{name.removeprefix('val_')}": float(value) for name, value in row.items()
                  if name != "step" and value is not None}  # fmt: skip
        if step <= self._last_step:
            return
        for name, logger in list(self._loggers.items()):
            self._try(name, partial(logger.add, step, values))

    def end(self) -> None:
        """Bring all to the disk."""
        for name, logger in list(self._loggers.items()):
            self._try(name, logger.end)

    def _try(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - Of many kinds; no logger is worth a run.
            self._loggers.pop(name, None)
            print(f"finetune: {name} failed ({one_line(error)}): the run goes on without it", file=sys.stderr)


class TensorBoard:
    """Event files in the folder `tensorboard`; steps that are done anew replace the earlier ones."""

    def __init__(self, run: Path, settings: Mapping[str, Any], resumed_at: int | None) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(run / "tensorboard"), purge_step=(resumed_at or 0) + 1)
        if not resumed_at:
            text = json.dumps(dict(settings), indent=2, ensure_ascii=False)
            self._writer.add_text("settings", "    " + text.replace("\n", "\n    "))

    def add(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def end(self) -> None:
        self._writer.close()


class WeightsAndBiases:
    """Runs in the folder `wandb`, offline unless WANDB_MODE says otherwise; `wandb sync` brings them to a server."""

    def __init__(self, run: Path, settings: Mapping[str, Any], resumed_at: int | None) -> None:  # noqa: ARG002
        import wandb

        # Neither the command line, the environment nor the address of a repository is anybody's.
        quiet = {"disable_git": True, "disable_code": True, "save_code": False, "console": "off", "silent": True,
                 "x_disable_meta": True, "x_disable_stats": True}  # fmt: skip
        usable = {name: value for name, value in quiet.items() if name in wandb.Settings.model_fields}
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT") or "newsmill", name=run.name, dir=str(run),
            id=name_in(run, "wandb", lambda: uuid.uuid4().hex[:8]), resume="allow", config=dict(settings),
            mode=os.environ.get("WANDB_MODE") or "offline", settings=wandb.Settings(**usable),
        )  # fmt: skip

    def add(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def end(self) -> None:
        self._run.finish()


class MlFlow:
    """A run in the folder `mlflow`, or on the server that MLFLOW_TRACKING_URI names."""

    def __init__(self, run: Path, settings: Mapping[str, Any], resumed_at: int | None) -> None:  # noqa: ARG002
        from mlflow import MlflowClient

        address = os.environ.get("MLFLOW_TRACKING_URI") or (run / "mlflow").resolve().as_uri()
        # A folder of files: MLflow's other store is a database, which its small package has no driver for.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        self._client = MlflowClient(address)
        self._run = name_in(run, "mlflow", lambda: self._begin(run.name, settings))
        self._client.update_run(self._run, status="RUNNING")

    def _begin(self, name: str, settings: Mapping[str, Any]) -> str:
        experiment = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "newsmill"
        entry = self._client.get_experiment_by_name(experiment)
        number = entry.experiment_id if entry else self._client.create_experiment(experiment)
        run = str(self._client.create_run(number, run_name=name).info.run_id)
        for key, value in settings.items():
            self._client.log_param(run, key.replace("(", "").replace(")", ""), str(value)[:_LONGEST])
        return run

    def add(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._client.log_metric(self._run, name, value, step=step)

    def end(self) -> None:
        self._client.set_terminated(self._run)


_KINDS: dict[str, Callable[[Path, Mapping[str, Any], int | None], Logger]] = {
    "tensorboard": TensorBoard, "wandb": WeightsAndBiases, "mlflow": MlFlow,
}  # fmt: skip


def name_in(run: Path, logger: str, make: Callable[[], str]) -> str:
    """The name of the run in a logger, the same as long as the run's folder is there."""
    path = run / NAMES
    try:
        names = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        names = {}
    if logger not in names:
        names[logger] = make()
        write_whole(path, json.dumps(names))
    return str(names[logger])
