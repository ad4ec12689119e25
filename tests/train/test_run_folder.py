"""What a run's folder says of it: the curve, the weights that were taken, whether a model is the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from train.errors import TrainError
from train.licence import Licence, write_licence
from train.run_folder import RunFolder, final_step, lock, model_fingerprint, read_curve


def test_the_last_validation_belongs_to_the_weights_that_were_taken(tmp_path: Path) -> None:
    """LitGPT gives it no step."""
    path = tmp_path / "metrics.csv"
    path.write_text("loss,step,val_loss\n3.0,2,\n,2,2.5\n2.0,4,\n,4,2.75\n,0,2.25\n", encoding="utf-8")
    assert final_step(tmp_path) is None
    assert read_curve(path, 2)[-1] == {"step": 2, "val_loss": 2.25}
    (tmp_path / "final").mkdir()
    (tmp_path / "final/finished.json").write_text(json.dumps({"weights_of_step": 1}), encoding="utf-8")
    assert final_step(tmp_path) == 1
    curve = read_curve(path, 2, final_step(tmp_path))
    assert [row["step"] for row in curve if "val_loss" in row] == [1, 2, 1]


def test_a_model_is_known_by_its_files(tmp_path: Path) -> None:
    assert model_fingerprint("google/gemma") is None
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(bytes(range(256)) * 40_000)
    before = model_fingerprint(tmp_path)
    (tmp_path / "README.md").write_text("of no weight", encoding="utf-8")
    assert model_fingerprint(tmp_path) == before
    weights.write_bytes(bytes(range(255, -1, -1)) * 40_000)
    changed = model_fingerprint(tmp_path)
    assert changed != before
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    assert model_fingerprint(tmp_path) != changed


def test_a_folder_is_free_again_after_its_run(tmp_path: Path) -> None:
    for _ in range(2):
        with lock(tmp_path / "run"):
            assert (tmp_path / "run/.lock").is_file()


def test_every_folder_of_weights_carries_the_terms_of_the_model(tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "terms.html").write_text("all of them")
    write_licence(
        Licence("own", "Own Terms", "https://example.org", "Under Own Terms."), [base / "terms.html"], base, {}
    )
    run = RunFolder(tmp_path / "out", {}, sources=[base])
    for folder in (run.partial / run.checkpoint(2).name, run.folder / ".best", run.folder / ".final"):
        folder.mkdir(parents=True)
        (folder / "weights").write_text("1 2 3")
    run.keep_best(2, 1.0)
    (run.partial / run.checkpoint(2).name).mkdir(exist_ok=True)
    finished_folders = [run.seal(2), run.best, run.finish({"steps": 2})]
    assert run.last_checkpoint() == (run.checkpoint(2), [])
    for folder in finished_folders:
        assert (folder / "licence/own/terms.html").read_text() == "all of them", folder
        assert (folder / "README.md").read_text().startswith(f"---\nlicense: own\n---\n\n# {folder.name}\n")


def test_a_torn_record_of_terms_is_an_error_before_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "base/licence/own").mkdir(parents=True)
    (tmp_path / "base/licence/own/licence.json").write_text("{")
    with pytest.raises(TrainError, match="the terms that the model came under"):
        RunFolder(tmp_path / "out", {}, sources=[tmp_path / "base"])
