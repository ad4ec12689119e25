"""Rows of `runs` while work goes on: how far it is, what it failed of, and that nobody waits for what is only shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.mongo import note_progress, run_of
from crawler.mongo import runs as module
from tests.waiting import wait_until


def test_a_row_says_how_far_the_work_is(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVERY", 0.0)
    with run_of(database, "run", {}), run_of(database, "summarize", {}) as run:
        advance = note_progress("summarize", 10)
        advance(3)
        advance(4)
        wait_until(lambda: (database.runs.find_one({"_id": run.id}).get("progress") or {}).get("done") == 7)
        progress = database.runs.find_one({"_id": run.id})["progress"]
        assert (progress["title"], progress["total"]) == ("summarize", 10)
        assert progress["since"] <= progress["at"] <= datetime.now(UTC)
    # The run around it is the present one again, and has no progress of the inner one's.
    assert "progress" not in database.runs.find_one({"stage": "run"})
    assert database.runs.find_one({"_id": run.id})["outcome"] == "done"


def test_notes_are_not_written_more_often_than_people_look(database: Any) -> None:
    with run_of(database, "score", {}) as run:
        notes: list[dict[str, Any]] = []
        run.note = lambda **fields: notes.append(fields)  # type: ignore[method-assign]
        advance = note_progress("score", 1000)
        for _ in range(1000):
            advance(1)
    # The last is always told; before it one a second of a loop that takes none.
    assert notes[-1]["progress"]["done"] == 1000
    assert len(notes) < 100


def test_nothing_is_noted_after_the_end_or_outside_of_a_run(database: Any) -> None:
    with run_of(database, "score", {}) as run:
        pass
    run.note(step={"number": 9})
    note_progress("score", 1)(1)
    # An acknowledged write on the same connection pool comes after what was sent before.
    database.runs.update_one({"_id": run.id}, {"$set": {"seen": True}})
    assert not {"step", "progress"} & database.runs.find_one({"_id": run.id}).keys()


def test_a_failed_run_says_of_what(database: Any) -> None:
    with pytest.raises(ValueError, match="bad"), run_of(database, "score", {}):
        raise ValueError("bad" + "x" * 1000)
    row = database.runs.find_one({"stage": "score"})
    assert row["outcome"] == "failed"
    assert row["error"].startswith("ValueError: badx")
    assert len(row["error"]) == 500
    with pytest.raises(KeyboardInterrupt), run_of(database, "judge", {}):
        raise KeyboardInterrupt
    assert "error" not in database.runs.find_one({"stage": "judge"})
