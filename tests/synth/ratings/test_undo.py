"""Undo: the last twenty marks of a rater can be taken back, and the undo itself, where nobody came in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from synth.ratings.marks import ABSENT, CONFLICT, STORED, Submission, save
from synth.ratings.queue import Queue, open_queue
from synth.ratings.row_leases import ADJUDICATION, take
from synth.ratings.sample_changes import revision_of
from synth.ratings.undo import LAST, NOT_POSSIBLE, history, undo
from tests.synth.ratings.review_store import fill_samples, mark

EDITED = "La scossa è avvenuta a mezzanotte."


def newest(database: Any, rater: str) -> Any:
    return history(database, rater)[0]["_id"]


def state(database: Any) -> dict[str, Any]:
    """All that an undo has to bring back."""
    return {
        "samples": list(database.samples.find()),
        "ratings": list(database.ratings.find({}, {"_id": 0}).sort("rater", 1)),
        "rows": list(database.queue_rows.find({}, {"state": 1, "votes": 1, "skips": 1}).sort("_id", 1)),
    }


@pytest.fixture
def queue(database: Any) -> Queue:
    fill_samples(database, 1, doubts=["length"])
    database.ratings.insert_one({"item": "k000", "rater": "anna", "accuracy": 2.0, "comment": "imported"})
    database.ratings.insert_one({"item": "k000", "rater": "carla", "accuracy": 5.0})
    return open_queue(database)


@pytest.mark.parametrize("decision", ["accept", "edit", "reject", "skip"])
def test_all_is_as_it_was_and_the_undo_can_be_undone(database: Any, queue: Queue, decision: str) -> None:
    before = state(database)
    mark(database, queue, "anna", decision, answer=EDITED if decision == "edit" else None)
    after = state(database)
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    assert state(database) == before
    lease = take(database, queue, "anna")
    assert lease is not None
    assert lease.sample["key"] == "k000"
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    assert _comparable(state(database)) == _comparable(after)
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    assert state(database) == before
    assert database.marks.count_documents({}) == 4


def test_the_length_of_an_answer_is_that_of_the_edited_one(database: Any, queue: Queue) -> None:
    database.samples.update_one({"key": "k000"}, {"$set": {"answer_length": 5}})
    mark(database, queue, "anna", "edit", answer=EDITED)
    assert database.samples.find_one({"key": "k000"})["answer_length"] == len(EDITED)
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    assert database.samples.find_one({"key": "k000"})["answer_length"] == 5


def _comparable(rows: Any) -> Any:
    """Without what is another mark's by right: ids and instants."""
    if isinstance(rows, list):
        return [_comparable(row) for row in rows]
    if isinstance(rows, dict):
        left_out = ("mark", "rated_at", "decided_at")
        return {name: _comparable(value) for name, value in rows.items() if name not in left_out}
    return rows


def test_scores_made_since_go_with_the_text_that_they_are_of(database: Any, queue: Queue) -> None:
    mark(database, queue, "anna", "edit", answer=EDITED)
    database.samples.update_one({}, {"$set": {"min_similarity": 0.9, "qe": 0.7}})
    undo(database, "anna", newest(database, "anna"))
    sample = database.samples.find_one()
    assert sample["min_similarity"] == 0.5
    assert "qe" not in sample


def test_what_somebody_changed_since_stays(database: Any, queue: Queue) -> None:
    mark(database, queue, "anna", "edit", answer=EDITED)
    database.samples.update_one({}, {"$set": {"answer": "Di un altro."}})
    outcome = undo(database, "anna", newest(database, "anna"))
    assert outcome.name == CONFLICT
    assert outcome.sample is not None
    assert outcome.sample["answer"] == "Di un altro."
    assert database.samples.find_one()["status"] == "edited"


def test_who_insists_and_takes_it_back_leaves_what_the_other_decided(database: Any, queue: Queue) -> None:
    mark(database, queue, "bao", "edit", answer="Di un altro.")
    form = Submission("k000", "t", revision_of(database.samples.find_one()), "edit", answer=EDITED, insists=True)
    assert save(database, queue, "anna", form).name == STORED
    assert undo(database, "bao", newest(database, "bao")).name == CONFLICT
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    sample = database.samples.find_one()
    assert (sample["answer"], sample["status"], sample["review"]["raters"]) == ("Di un altro.", "edited", ["bao"])
    assert database.queue_rows.find_one()["state"] == "done"
    assert undo(database, "bao", newest(database, "bao")).name == STORED
    assert database.samples.find_one()["status"] == "new"


def test_a_sample_that_went_does_not_come_back(database: Any, queue: Queue) -> None:
    mark(database, queue, "anna", "reject")
    database.samples.delete_one({})
    assert undo(database, "anna", newest(database, "anna")).name == ABSENT
    assert database.samples.count_documents({}) == 0


def test_the_last_twenty_can_be_taken_back_each_once(database: Any) -> None:
    fill_samples(database, LAST + 2)
    queue = open_queue(database)
    marks = [mark(database, queue, "anna", "accept").mark for _ in range(LAST + 1)]
    identities = [row["_id"] for row in marks if row is not None]
    assert undo(database, "anna", identities[0]).name == NOT_POSSIBLE
    assert undo(database, "bao", identities[-1]).name == NOT_POSSIBLE
    assert undo(database, "anna", identities[5]).name == STORED
    assert undo(database, "anna", identities[5]).name == NOT_POSSIBLE
    assert database.samples.count_documents({"status": "accepted"}) == LAST


def test_a_form_that_comes_twice_takes_back_once(database: Any, queue: Queue) -> None:
    mark(database, queue, "anna", "accept")
    identity = newest(database, "anna")
    assert undo(database, "anna", identity, token="t").name == STORED
    assert undo(database, "anna", identity, token="t").name == STORED
    assert database.marks.count_documents({"decision": "undo"}) == 1


def test_the_row_that_a_rater_had_waits_with_what_he_typed(database: Any) -> None:
    from synth.ratings.row_leases import keep_draft

    fill_samples(database, 3)
    queue = open_queue(database)
    first = mark(database, queue, "anna", "accept").mark
    second = take(database, queue, "anna")
    assert first is not None
    assert second is not None
    keep_draft(database, queue, "anna", second.sample["key"], {"answer": "A metà"})
    undo(database, "anna", first["_id"])
    again = take(database, queue, "anna")
    assert again is not None
    assert again.sample["key"] == first["item"]
    mark(database, queue, "anna", "reject")
    last = take(database, queue, "anna")
    assert last is not None
    assert (last.sample["key"], last.draft) == (second.sample["key"], {"answer": "A metà"})


def test_a_vote_of_several_is_taken_back_alone(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    mark(database, queue, "anna", "accept")
    mark(database, queue, "bao", "accept")
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    row, sample = database.queue_rows.find_one(), database.samples.find_one()
    assert (row["state"], [vote["rater"] for vote in row["votes"]], sample["status"]) == ("open", ["bao"], "new")
    assert mark(database, queue, "anna", "reject").state == ADJUDICATION
    assert undo(database, "anna", newest(database, "anna")).name == STORED
    assert database.queue_rows.find_one()["state"] == "open"


def test_what_an_adjudicator_decided_only_he_takes_back(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    mark(database, queue, "anna", "accept")
    mark(database, queue, "bao", "reject")
    mark(database, queue, "chi", "reject", ADJUDICATION)
    assert undo(database, "anna", newest(database, "anna")).name == CONFLICT
    assert undo(database, "chi", newest(database, "chi")).name == STORED
    assert database.queue_rows.find_one()["state"] == ADJUDICATION
    assert database.samples.find_one()["status"] == "new"
    assert undo(database, "chi", newest(database, "chi")).name == STORED
    assert database.samples.find_one()["status"] == "rejected"


def test_the_history_of_a_busy_rater_is_read_from_an_index(database: Any) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    rows = [
        {"rater": "anna", "token": str(number), "number": number, "at": now + timedelta(seconds=number),
         "outcome": STORED, "queue": "q", "decision": "accept"}
        for number in range(500)
    ]  # fmt: skip
    database.marks.insert_many(rows)
    database.command("profile", 2)
    try:
        assert [mark["number"] for mark in history(database, "anna")] == list(range(499, 499 - LAST, -1))
    finally:
        database.command("profile", 0)
    asked = list(database.system.profile.find({"command.find": "marks"}))
    database.drop_collection("system.profile")
    assert len(asked) == 2
    assert all(row["docsExamined"] <= LAST for row in asked)
