"""A kill at any step leaves the old export or the new one, never files of both; what is the user's stays.

Covers train.data.manifest.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth import atomic_files
from synth.__main__ import main
from synth.export.split import SPLITS
from tests.synth.export.test_command import bytes_of
from tests.synth.export.test_command import store as store_fixture
from train.data.conversations import find_files
from train.errors import TrainError

store = store_fixture


class Killed(BaseException):
    """What kill -9 is to a process."""


class Kill:
    """Ends the work at its n-th step on the disk; nothing is done after it, no tidying either."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.at, self.steps = at, 0
        places: list[tuple[Any, str]] = [
            (os, "link"), (os, "fsync"), (Path, "mkdir"), (Path, "rename"), (Path, "replace"), (Path, "unlink"),
            (Path, "rmdir"), (shutil, "rmtree"), (atomic_files, "_exchange"),
        ]  # fmt: skip
        for owner, name in places:
            monkeypatch.setattr(owner, name, self.counted(getattr(owner, name)))

    def counted(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            self.steps += 1
            if self.steps >= self.at:
                raise Killed
            return step(*arguments, **options)

        return run


def files(folder: str = "export") -> dict[str, bytes]:
    return {name: data for name, data in bytes_of(Path(folder)).items() if "notes" not in name}


@pytest.mark.parametrize("can_exchange", [True, False])
def test_killed_at_each_step_it_is_one_export_or_the_other(
    store: Any, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    def export() -> int:
        return main(["export", "--out", "export", "--format", "alpaca", "--format", "litgpt"])

    export()
    Path("export/notes").mkdir()
    Path("export/notes/mine.txt").write_text("mine")
    old = files()
    store.samples.delete_many({"event": {"$in": ["event1", "event19"]}})
    main(["export", "--out", "calm", "--format", "alpaca", "--format", "litgpt"])
    new, outcomes, at = files("calm"), set(), 0
    shutil.copytree("export", "before")
    while True:
        at += 1
        shutil.rmtree("export", ignore_errors=True)
        shutil.copytree("before", "export")
        with monkeypatch.context() as patch:
            if not can_exchange:
                patch.setattr(atomic_files, "_exchange", lambda *_: False)
            kill = Kill(patch, at)
            try:
                export()
            except Killed:
                pass
            else:
                assert kill.steps < at
                break
        if not Path("export").exists():
            # Only without the system's exchange, between two renames: the next run puts the old one back.
            assert not can_exchange
            outcomes.add("none")
            atomic_files.recover(_of_a_dead_process(Path("export").resolve()))
        state = files()
        assert state in (old, new)
        assert Path("export/notes/mine.txt").read_text(encoding="utf-8") == "mine"
        outcomes.add("old" if state == old else "new")
        for path in Path().glob(".export.*"):
            shutil.rmtree(path)
    assert files() == new
    assert outcomes == {"old", "new"} | ({"none"} if not can_exchange else set())
    assert at > 12


def _of_a_dead_process(place: Path) -> Path:
    """The folder, once what this process left beside it bears the number of one that has ended."""
    for path in place.parent.glob(".export.*"):
        path.rename(path.with_name(f"{path.name.rpartition('-')[0]}-{2**22 + 1}"))
    return place


def test_a_folder_that_cannot_be_renamed_is_filled_all_the_same(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("here").mkdir()
    monkeypatch.chdir("here")
    assert main(["export", "--out", "."]) == 0
    assert "alpaca.jsonl" in bytes_of(Path())
    assert main(["export", "--out", ".", "--format", "litgpt"]) == 0
    assert set(bytes_of(Path())) == {"litgpt/train.json", "litgpt/val.json", "manifest.json", "sources.jsonl"}


def test_a_link_to_a_folder_stays_a_link(store: Any, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    Path("export").symlink_to(tmp_path / "disk")
    assert main(["export"]) == 0
    assert Path("export").is_symlink()
    assert (tmp_path / "disk/manifest.json").is_file()


@pytest.mark.parametrize("form", ["huggingface", "litgpt"])
def test_train_names_the_file_that_is_of_another_export(store: Any, form: str) -> None:
    main(["export"])
    main(["export", "--out", "other", "--filter", '{"min_similarity": {"$gt": 0.3}}'])
    inner = {"huggingface": "huggingface/data/validation-00000-of-00001.parquet", "litgpt": "litgpt/val.json"}[form]
    path = Path("export", form)
    assert set(find_files(path)) == {"train", "val"}
    shutil.copy(Path("other", inner), Path("export", inner))
    with pytest.raises(TrainError, match=f"{inner} differs from what .*manifest.json says of it: .*synth export"):
        find_files(path)
    assert set(find_files(Path("other"))) == {"train", "val"}
    Path("export", inner).unlink()
    with pytest.raises(TrainError, match=f"{inner} is missing"):
        find_files(path)
    shutil.copytree("export", "copy", ignore=shutil.ignore_patterns("manifest.json"))
    assert set(find_files(Path("copy", form))) == {"train"}


def test_train_names_a_shard_that_an_older_export_left(store: Any) -> None:
    main(["export"])
    folder = Path("export/huggingface/data")
    shutil.copy(folder / "train-00000-of-00001.parquet", folder / "train-00001-of-00002.parquet")
    with pytest.raises(TrainError, match=r"train-00001-of-00002\.parquet is not of the export beside it"):
        find_files(Path("export"))


def test_a_file_of_an_export_is_checked_and_a_users_own_is_not(store: Any) -> None:
    main(["export"])
    rows = Path("export/alpaca.jsonl")
    assert find_files(rows) == {"train": [rows]}
    Path("export/mine.jsonl").write_text(json.dumps({"instruction": "a", "output": "b"}))
    assert find_files(Path("export/mine.jsonl"))
    rows.write_bytes(rows.read_bytes() + b"{}\n")
    with pytest.raises(TrainError, match=r"alpaca\.jsonl differs"):
        find_files(rows)


def test_who_made_the_rows_is_in_the_manifest(store: Any) -> None:
    """(task, prompt, model) with the number of rows of each, in their order."""
    other = {"provenance": {"prompt": "news_summary/2", "model": "gpt"}}
    store.samples.update_many({"event": {"$in": ["event3", "event4", "event5"]}}, {"$set": other})
    store.samples.update_one({"event": "event7"}, {"$unset": {"provenance": 1}, "$set": {"task": "import"}})
    main(["export"])
    manifest = json.loads(Path("export/manifest.json").read_text(encoding="utf-8"))
    assert manifest["made_by"] == [
        {"task": "import", "prompt": "", "model": "", "rows": 1},
        {"task": "news_summary", "prompt": "news_summary/1", "model": "extractive", "rows": 16},
        {"task": "news_summary", "prompt": "news_summary/2", "model": "gpt", "rows": 3},
    ]
    assert sum(manifest["counts"][name]["rows"] for name in SPLITS if name in manifest["counts"]) == 20
