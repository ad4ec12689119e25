"""The folder of a run: whole checkpoints, no gaps in the table, no going on with other settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from train.errors import TrainError
from train.huggingface.run_folder import Metrics, describe
from train.huggingface.settings import Settings
from train.run_folder import KEEP, RunFolder


def run_of(folder: Path, settings: Settings | None = None) -> RunFolder:
    return RunFolder(folder, describe(settings or Settings(), data="10 rows"))


def save(run: RunFolder, step: int) -> Path:
    made = run.partial / f"checkpoint-{step}"
    (made / "deep").mkdir(parents=True)
    (made / "weights").write_bytes(b"w" * 100)
    (made / "deep/state").write_bytes(b"s" * step)
    return run.seal(step)


def test_the_newest_whole_checkpoint_counts(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    assert run.last_checkpoint() == (None, [])
    for step in (2, 10, 4):
        save(run, step)
    assert [path.name for path in run.checkpoints()] == ["checkpoint-4", "checkpoint-10"][-KEEP:]
    assert run.last_checkpoint() == (tmp_path / "checkpoint-10", [])


@pytest.mark.parametrize("damage", ["cut", "missing", "changed", "manifest"])
def test_a_torn_checkpoint_is_skipped_for_the_one_before(tmp_path: Path, damage: str) -> None:
    run = run_of(tmp_path)
    save(run, 2)
    last = save(run, 4)
    if damage == "cut":
        (last / "weights").write_bytes(b"w" * 50)
    elif damage == "changed":
        (last / "weights").write_bytes(b"x" * 100)
    elif damage == "missing":
        (last / "deep/state").unlink()
    else:
        (last / "whole.json").write_text('{"weights": ')
    found, torn = run.last_checkpoint()
    assert found == tmp_path / "checkpoint-2"
    assert len(torn) == 1
    assert str(last) in torn[0]
    run.begin(torn=True)
    assert not last.exists()


def test_a_half_written_checkpoint_does_not_count(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    (run.partial / "checkpoint-6").mkdir(parents=True)
    assert run.checkpoints() == []
    run.begin()
    assert not run.partial.exists()


def test_changed_settings_are_named(tmp_path: Path) -> None:
    run_of(tmp_path).begin()
    run_of(tmp_path, Settings(save_interval=7, eval_interval=3, gradient_checkpointing=True)).check_same()
    other = replace(Settings(), lora_r=32, optimizer_args={"lr": 0.5})
    with pytest.raises(TrainError) as told:
        run_of(tmp_path, other).check_same()
    assert "lora_r was 8, now 32" in str(told.value)
    assert "optimizer.init_args was {'lr': 0.001}, now {'lr': 0.5}" in str(told.value)
    with pytest.raises(TrainError, match="data was '10 rows', now '11 rows'"):
        RunFolder(tmp_path, describe(Settings(), data="11 rows")).check_same()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    run_of(tmp_path).check_same()
    (tmp_path / "final").mkdir()
    with pytest.raises(TrainError, match="did not make: give another out_dir"):
        run_of(tmp_path).check_same()


def test_a_finished_run_is_told_and_kept(tmp_path: Path) -> None:
    run = run_of(tmp_path)
    run.begin()
    assert run.finished() is None
    (tmp_path / ".final").mkdir()
    run.finish({"steps": 5})
    assert run_of(tmp_path).finished() == {"steps": 5}
    with pytest.raises(TrainError, match="seed was 1337, now 1"):
        run_of(tmp_path, Settings(seed=1)).finished()


def test_the_table_goes_on_where_the_checkpoint_is(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    metrics = Metrics(path)
    metrics.begin(None)
    metrics.add(step=0, val_loss=3.0)
    for step in (1, 2, 3):
        metrics.add(step=step, loss=1 / step)
    path.write_text(path.read_text() + "4,0.2")
    again = Metrics(path)
    again.begin(2)
    again.add(step=3, loss=0.5)
    lines = path.read_text().splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["0", "", "3"],
        ["1", "1", ""],
        ["2", "0.5", ""],
        ["3", "0.5", ""],
    ]


def test_train_loss_reads_the_table(tmp_path: Path) -> None:
    from train.run_folder import read_curve

    metrics = Metrics(tmp_path / "metrics.csv", ("preferred",))
    metrics.begin(None)
    metrics.add(step=0, val_loss=3.0)
    metrics.add(step=1, loss=2.5, iter_time=0.25, preferred=0.5)
    metrics.add(step=1, val_loss=2.0)
    assert read_curve(tmp_path / "metrics.csv") == [
        {"step": 0, "val_loss": 3.0},
        {"step": 1, "loss": 2.5, "seconds": 0.25},
        {"step": 1, "val_loss": 2.0},
    ]
