"""Which folders `synth export` wrote, and what is in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synth.export_folders import SOURCES, export_folders, has_sample


def test_a_folder_that_is_there_counts_once_with_its_newest_run(database: Any, tmp_path: Path) -> None:
    for name in ("one", "gone"):
        run = {"stage": "export", "outcome": "done", "configuration": {"out": str(tmp_path / name)}}
        rows = [{**run, "_id": f"{name}{n}", "started_at": datetime(2026, 5, n, tzinfo=UTC)} for n in (1, 2)]
        database.runs.insert_many(rows)
    (tmp_path / "one").mkdir()
    (tmp_path / "one/manifest.json").write_text("{}")
    assert [(folder.name, run["_id"]) for folder, run in export_folders(database)] == [("one", "one2")]


def test_a_sample_is_in_a_folder_whose_list_has_its_whole_key(tmp_path: Path) -> None:
    assert has_sample(tmp_path, "ab") is None
    (tmp_path / SOURCES).write_text("")
    assert has_sample(tmp_path, "ab") is None
    (tmp_path / SOURCES).write_text(json.dumps({"key": "abc", "links": ["https://a.it/ab"]}) + "\n")
    assert [has_sample(tmp_path, key) for key in ("abc", "ab", "bc")] == [True, False, False]
