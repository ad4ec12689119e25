"""A rater's work, killed after each of its writes: all of a mark is stored or nothing, and a new start ends the same.

Covers synth.ratings.transactions.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest

from synth.llm.leases import owner_name
from synth.ratings.transactions import end_dead_sessions, transaction
from tests.databases import empty
from tests.fork_server import run_forked
from tests.synth.ratings.killed_rater import EDITED
from tests.synth.ratings.review_store import fill_samples


def run(uri: str, number: int) -> int:
    words = [sys.executable, "-m", "tests.synth.ratings.killed_rater", str(number)]
    return run_forked("synth", words, environment={**os.environ, "MONGODB_URI": uri}).returncode


def check_whole(database: Any) -> None:
    """Every mark with all that belongs to it, and nothing without a mark."""
    undone = {row["undoes"] for row in database.marks.find({"decision": "undo"})}
    marks = [row for row in database.marks.find({"decision": {"$ne": "undo"}}) if row["_id"] not in undone]
    samples = {row["key"]: row for row in database.samples.find()}
    edited = {row["item"] for row in marks if row["decision"] == "edit"}
    assert {key for key, row in samples.items() if row["status"] == "edited"} == edited
    assert {key for key, row in samples.items() if EDITED in row["answer"]} == edited
    assert all(("min_similarity" in row) == (key not in edited) for key, row in samples.items())
    assert {row["item"] for row in database.ratings.find()} == {row["item"] for row in marks}
    assert {row["item"] for row in database.queue_rows.find({"state": "done"})} == edited


def end_state(database: Any) -> dict[str, Any]:
    texts = {"_id": 0, "key": 1, "answer": 1, "status": 1, "original_answer": 1, "min_similarity": 1}
    return {
        "samples": list(database.samples.find({}, texts).sort("key", 1)),
        "ratings": list(database.ratings.find({}, {"_id": 0, "item": 1, "decision": 1}).sort("item", 1)),
        "marks": list(database.marks.find({}, {"_id": 0, "token": 1, "decision": 1}).sort("token", 1)),
        "rows": list(database.queue_rows.find({}, {"state": 1, "skips": 1}).sort("_id", 1)),
    }


def test_killed_after_any_write_and_started_again_it_ends_the_same(
    database: Any, own_database: tuple[str, dict[str, Any]]
) -> None:
    uri, fresh = own_database
    fill_samples(database, 4)
    assert run(uri, 0) == 0
    wanted, number = end_state(database), 0
    assert [row["decision"] for row in wanted["marks"]] == ["edit", "edit", "edit", "skip", "undo"]
    check_whole(database)
    kills = 0
    while True:
        empty(database, fresh)
        fill_samples(database, 4)
        # Not every write: from one to the next the state is mostly that of an open transaction, which nobody sees.
        number += 4 if kills else 1
        status = run(uri, number)
        assert status in (0, -signal.SIGKILL)
        check_whole(database)
        if status == 0:
            break
        kills += 1
        assert run(uri, 0) == 0
        check_whole(database)
        assert end_state(database) == wanted
    assert kills > 6


def test_sessions_of_processes_that_run_are_left_alone(database: Any) -> None:
    database.server_sessions.insert_one({"_id": "mine", "owner": owner_name()})
    database.server_sessions.insert_one({"_id": "elsewhere", "owner": "another machine|1|1|x"})
    assert end_dead_sessions(database) == 0
    assert database.server_sessions.count_documents({}) == 2


def test_work_that_fails_leaves_nothing(database: Any) -> None:
    def work(session: Any) -> None:
        database.queues.insert_one({"_id": "x"}, session=session)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        transaction(database, work)
    assert database.queues.count_documents({}) == 0
