"""`train finetune` takes the weights of the smallest validation loss, and ends where it falls no more.

Covers train.finetune.final.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.huggingface.hf_fixtures import curve, make_folder, recipe

pytestmark = pytest.mark.long

Run = Callable[..., tuple[int, str, str]]
CHAT = {"class_path": "train.data.Chat", "init_args": {"path": "data", "prompt_style": "chatml-it"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("best"))


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """step -> the validation loss that is measured after it, 9 where none is given."""
    values: dict[int, float] = {}

    def measured(trainer: Any, whole: bool) -> dict[str, float]:
        return {"eval_loss": values.get(trainer.state.global_step, 9.0)}

    monkeypatch.setattr("train.huggingface.trainer.Steady.validation_losses", measured)
    return values


def make(folder: Path, out: str, **changes: Any) -> Path:
    train = {"max_steps": 5, "save_interval": 1} | changes.pop("train", {})
    measure = {"interval": 1, "initial_validation": False} | changes.pop("eval", {})
    plain = {"quantize": None, "double_quant": False, "dora": False, "gradient_checkpointing": False}
    return recipe(folder, out_dir=out, checkpoint_dir="llama", train=train, eval=measure, data=CHAT, **plain, **changes)


def adapter(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


def test_the_best_weights_are_taken(folder: Path, train: Run, losses: dict[int, float]) -> None:
    losses |= {1: 3.0, 2: math.nan, 3: 2.0, 4: 2.0, 5: math.nan}
    code, out, told = train("finetune", "--config", make(folder, "middle"), "--json")
    assert code == 0
    outcome = json.loads(out)
    assert outcome["best"] == {"step": 3, "val_loss": 2.0}
    assert (outcome["weights_of_step"], outcome["val_loss"], outcome["steps"]) == (3, 2.0, 5)
    assert "best validation loss 2.0000 after step 3: its weights are taken, not those of the last step, 5" in told
    run = folder / "middle"
    assert json.loads((run / "best/best.json").read_text()) == {"step": 3, "val_loss": 2.0}
    assert adapter(run / "final") == adapter(run / "best")
    assert adapter(run / "final") != adapter(run / "checkpoint-4")
    assert not (run / "final/best.json").exists()
    assert "(best, of step 3)" in train("finetune", "--config", make(folder, "middle"))[1]


def test_the_last_weights_where_they_are_asked_for(folder: Path, train: Run, losses: dict[int, float]) -> None:
    losses |= {3: 2.0}
    path = make(folder, "last", load_best_model_at_end=False)
    code, out, told = train("finetune", "--config", path, "--json")
    assert code == 0
    assert json.loads(out)["weights_of_step"] == 5
    assert "(load_best_model_at_end: false)" in told
    assert adapter(folder / "last/final") == adapter(folder / "last/checkpoint-5")
    assert not (folder / "last/best").exists()


def test_an_interval_that_is_never_reached_is_measured_at_the_end(
    folder: Path, train: Run, losses: dict[int, float]
) -> None:
    losses |= {2: 4.0}
    path = make(folder, "short", train={"max_steps": 2}, eval={"interval": 100, "final_validation": False})
    code, out, _ = train("finetune", "--config", path, "--json")
    assert code == 0
    assert json.loads(out)["best"] == {"step": 2, "val_loss": 4.0}
    assert [row[2] for row in curve(folder / "short")[1:] if row[2]] == ["4"]


def test_the_run_ends_early_and_once_more_after_a_kill(
    folder: Path, train: Run, losses: dict[int, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses |= {1: 3.0, 2: 2.0, 3: 1.95, 4: 2.5}
    changes: dict[str, Any] = {"early_stopping": {"patience": 2, "min_delta": 0.1}, "train": {"max_steps": 9}}
    code, out, told = train("finetune", "--config", make(folder, "early", **changes), "--json")
    assert code == 0
    reason = "stopped early after step 4: the validation loss did not fall below 2.0000 (step 2) by more than 0.1"
    assert len([line for line in told.splitlines() if reason in line]) == 1
    outcome = json.loads(out)
    # The best is the smallest, whatever counts as an improvement.
    assert (outcome["steps"], outcome["weights_of_step"]) == (4, 3)
    with monkeypatch.context() as patch:
        patch.setattr("train.finetune.loop.write_final", lambda *words: (_ for _ in ()).throw(KeyboardInterrupt))
        assert train("finetune", "--config", make(folder, "again", **changes))[0] == 130
    code, out, told = train("finetune", "--config", make(folder, "again", **changes), "--json")
    assert code == 0
    assert json.loads(out)["steps"] == 4
    assert reason in told
    assert curve(folder / "again") == curve(folder / "early")
    assert adapter(folder / "again/final") == adapter(folder / "early/final")


def test_min_delta_without_patience_is_refused(folder: Path, train: Run) -> None:
    code, _, told = train("finetune", "--config", make(folder, "refused", early_stopping={"min_delta": 0.1}))
    assert code == 2
    assert "early_stopping.min_delta has no effect without early_stopping.patience" in told
