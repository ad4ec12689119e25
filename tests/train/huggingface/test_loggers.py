"""Loggers of a run: what they are given, that a run goes on in them, that none is worth a run, and what is missing.

Stand-ins of the packages, which the project does not install.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from train.errors import TrainError
from train.huggingface import loggers
from train.huggingface.loggers import Loggers, check

SETTINGS = {"optimizer.init_args.lr": 0.1, "system": "x" * 900}
ROWS: list[dict[str, Any]] = [
    {"step": 1, "loss": 2.0, "learning_rate": 0.1, "grad_norm": None},
    {"step": 2, "loss": 1.5, "learning_rate": 0.1, "grad_norm": 3.0},
    {"step": 2, "val_loss": 1.75, "epoch": 1.0},
]


class Wandb(types.ModuleType):
    """Keeps what it is given."""

    class Settings:
        model_fields = {"console": None, "disable_git": None}  # noqa: RUF012

        def __init__(self, **words: Any) -> None:
            self.words = words

    def __init__(self) -> None:
        super().__init__("wandb")
        self.begun: list[dict[str, Any]] = []
        self.logged: list[tuple[int, dict[str, float]]] = []

    def init(self, **words: Any) -> Any:
        random.random()
        self.begun.append(words)
        return types.SimpleNamespace(
            log=lambda values, step: self.logged.append((step, values)), finish=lambda: self.logged.append((-1, {}))
        )


class Client:
    """MLflow's, its runs kept over its instances."""

    runs: dict[str, dict[str, Any]] = {}  # noqa: RUF012
    addresses: list[str] = []  # noqa: RUF012

    def __init__(self, address: str) -> None:
        self.addresses.append(address)

    def get_experiment_by_name(self, name: str) -> Any:
        return types.SimpleNamespace(experiment_id="1") if self.runs else None

    def create_experiment(self, name: str) -> str:
        return "1"

    def create_run(self, number: str, run_name: str) -> Any:
        name = f"run{len(self.runs)}"
        self.runs[name] = {"name": run_name, "params": {}, "metrics": [], "status": ""}
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=name))

    def log_param(self, run: str, key: str, value: str) -> None:
        self.runs[run]["params"][key] = value

    def log_metric(self, run: str, name: str, value: float, step: int) -> None:
        self.runs[run]["metrics"].append((name, step, value))

    def update_run(self, run: str, status: str) -> None:
        self.runs[run]["status"] = status

    def set_terminated(self, run: str) -> None:
        self.runs[run]["status"] = "FINISHED"


@pytest.fixture
def wandb(monkeypatch: pytest.MonkeyPatch) -> Wandb:
    module = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", module)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    return module


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> type[Client]:
    module = types.ModuleType("mlflow")
    setattr(module, "MlflowClient", Client)  # noqa: B010
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(Client, "runs", {})
    monkeypatch.setattr(Client, "addresses", [])
    return Client


def trained(names: list[str], run: Path, resumed_at: int | None = None, last_step: int = 0) -> None:
    reports = Loggers(names, run, SETTINGS, resumed_at, last_step)
    for row in ROWS if resumed_at is None else [*ROWS[1:], {"step": 3, "loss": 1.0}]:
        reports.add(row)
    reports.end()


def test_rows_are_given_under_the_loggers_names(wandb: Wandb, tmp_path: Path) -> None:
    trained(["wandb"], tmp_path)
    assert wandb.logged == [
        (1, {"train/loss": 2.0, "train/learning_rate": 0.1}),
        (2, {"train/loss": 1.5, "train/learning_rate": 0.1, "train/grad_norm": 3.0}),
        (2, {"eval/loss": 1.75, "eval/epoch": 1.0}), (-1, {}),
    ]  # fmt: skip
    assert wandb.begun[0]["config"] == SETTINGS


def test_all_lies_in_the_runs_folder_and_offline(wandb: Wandb, mlflow: type[Client], tmp_path: Path) -> None:
    trained(["wandb", "mlflow"], tmp_path)
    assert (wandb.begun[0]["mode"], wandb.begun[0]["dir"]) == ("offline", str(tmp_path))
    assert wandb.begun[0]["settings"].words == {"disable_git": True, "console": "off"}
    assert mlflow.addresses == [(tmp_path / "mlflow").as_uri()]


def test_a_run_that_goes_on_is_the_same_run_and_nothing_twice(
    wandb: Wandb, mlflow: type[Client], tmp_path: Path
) -> None:
    trained(["wandb", "mlflow"], tmp_path)
    trained(["wandb", "mlflow"], tmp_path, resumed_at=1, last_step=2)
    assert len({begun["id"] for begun in wandb.begun}) == len(mlflow.runs) == 1
    run = mlflow.runs["run0"]
    losses = [(step, value) for name, step, value in run["metrics"] if name == "train/loss"]
    assert losses == [(1, 2.0), (2, 1.5), (3, 1.0)]
    assert run["status"] == "FINISHED"
    assert len(run["params"]["system"]) == 500


def test_a_run_that_begins_anew_is_another(mlflow: type[Client], tmp_path: Path) -> None:
    trained(["mlflow"], tmp_path)
    trained(["mlflow"], tmp_path)
    assert len(mlflow.runs) == 2


def test_what_a_logger_draws_changes_nothing(wandb: Wandb, tmp_path: Path) -> None:
    random.seed(3)
    expected = random.random()
    random.seed(3)
    Loggers(["wandb"], tmp_path, {}, None, 0)
    assert wandb.begun
    assert random.random() == expected


def test_a_logger_that_fails_ends_with_a_line(
    wandb: Wandb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wandb, "init", lambda **_: types.SimpleNamespace(log=None, finish=lambda: None))
    trained(["wandb"], tmp_path)
    assert capsys.readouterr().err.count("wandb failed") == 1


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("mlflow", "wandb") else find(name))
    check(())
    with pytest.raises(TrainError, match=r"mlflow, wandb not installed: pip install 'newsmill\[mlflow,wandb\]'"):
        check(("mlflow", "wandb"))


def test_a_damaged_list_of_names_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / loggers.NAMES).write_text("{")
    assert loggers.name_in(tmp_path, "wandb", lambda: "a") == "a"
    assert loggers.name_in(tmp_path, "wandb", lambda: "b") == "a"
    assert json.loads((tmp_path / loggers.NAMES).read_text()) == {"wandb": "a"}


def test_tensorboard_has_the_losses(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    trained(["tensorboard"], tmp_path)
    assert list((tmp_path / "tensorboard").glob("events*"))
