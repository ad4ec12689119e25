"""Marks: what each decision does to sample and ratings, conflicts, double forms, several raters, adjudication.

Covers synth.ratings.sample_changes.
"""

from __future__ import annotations

import threading
from typing import Any

import pytest

from synth.ratings.marks import (
    ABSENT,
    CONFLICT,
    EMPTY,
    LEASE_LOST,
    STORED,
    Outcome,
    Submission,
    agree,
    save,
    text_hash,
)
from synth.ratings.queue import Queue, open_queue, progress
from synth.ratings.row_leases import ADJUDICATION, Lease, take
from synth.ratings.sample_changes import as_form_text, measures, revision_of, texts_of
from tests.synth.ratings.review_store import end_lease, fill_samples, mark, submission

EDITED = "La scossa è avvenuta a mezzanotte."


def leased(database: Any, queue: Queue, rater: str, state: str = "open") -> Lease:
    lease = take(database, queue, rater, state)
    assert lease is not None
    return lease


def only(database: Any) -> dict[str, Any]:
    sample: dict[str, Any] = database.samples.find_one({"key": "k000"})
    return sample


@pytest.fixture
def queue(database: Any) -> Queue:
    fill_samples(database, 1)
    return open_queue(database)


@pytest.mark.parametrize(("decision", "status"), [("accept", "accepted"), ("reject", "rejected")])
def test_a_decision_is_on_the_sample_in_the_ratings_and_among_the_marks(
    database: Any, queue: Queue, decision: str, status: str
) -> None:
    form = {"scores": {"accuracy": 4.0}, "comment": "Bene", "interface": "vi"}
    outcome = mark(database, queue, "anna", decision, **form)
    sample, rating, stored = only(database), database.ratings.find_one(), database.marks.find_one()
    assert (outcome.name, outcome.state, sample["status"]) == (STORED, "done", status)
    assert sample["review"]["raters"] == ["anna"]
    assert sample["review"]["seconds"] == rating["seconds"] == stored["seconds"] >= 0
    assert sample["accuracy"] == 3.0
    assert (rating["item"], rating["rater"], rating["decision"]) == ("k000", "anna", decision)
    assert (rating["accuracy"], rating["language"], rating["interface"]) == (4.0, "it", "vi")
    assert stored["original"] == stored["result"] == {name: sample[name] for name in ("question", "answer")}
    assert (stored["comment"], stored["revision"]) == ("Bene", revision_of({**sample, "status": "new"}))
    assert progress(database, queue, "anna")["done"] == 1


def test_an_edit_keeps_the_original_and_no_score_of_it(database: Any, queue: Queue) -> None:
    old = only(database)
    database.ratings.insert_one({"item": "k000", "rater": "carla", "accuracy": 2.0})
    mark(database, queue, "anna", "edit", answer=EDITED, question=old["question"], scores={"accuracy": 1.0})
    new = only(database)
    assert (new["status"], new["answer"], new["original_answer"]) == ("edited", EDITED, old["answer"])
    assert new["question"] == new["original_question"] == old["question"]
    assert not set(measures()) & set(new)
    assert {"similarity_embedder", "toxicity_model", "judge", "accuracy", "score_versions"} <= set(measures())
    # People's scores, too, are of the text that they read.
    scores = {row["rater"]: row for row in database.ratings.find()}
    assert all("accuracy" not in row for row in scores.values())
    assert scores["carla"]["original_scores"]["accuracy"] == 2.0
    assert scores["anna"]["original_scores"]["accuracy"] == 1.0


def test_an_edited_sample_is_scored_and_judged_again(database: Any, queue: Queue) -> None:
    from synth.score.stage import pending_filter

    mark(database, queue, "anna", "edit", answer=EDITED)
    assert database.samples.count_documents(pending_filter({})) == 1
    assert database.samples.count_documents({"judge.model": {"$ne": "m"}}) == 1
    assert database.samples.count_documents({"toxicity_model": {"$exists": False}}) == 1


def test_doubts_of_the_old_text_go_and_what_can_be_computed_at_once_is(database: Any) -> None:
    fill_samples(database, 1, doubts=["length"], qe=0.5)
    queue = open_queue(database)
    lease = leased(database, queue, "anna")
    form = submission(lease, "edit", answer=EDITED)
    save(database, queue, "anna", form, lambda sample, texts: {"doubts": [sample["key"], texts["answer"]]})
    assert only(database)["doubts"] == ["k000", EDITED]
    assert "qe" not in only(database)


@pytest.mark.parametrize(
    ("instruction", "question", "wanted"),
    [("Riassumi.", "Riassumi.\n\nUno.", "Riassumi."), ("Riassumi.", "Dimmi.", ""), ("", "Dimmi.", "")],
)
def test_the_short_request_follows_the_question(database: Any, instruction: str, question: str, wanted: str) -> None:
    fill_samples(database, 1, instruction=instruction, question="Riassumi.\n\nTesto.", question_tokens=9)
    mark(database, open_queue(database), "anna", "edit", question=question)
    assert (only(database)["instruction"], only(database)["question_tokens"]) == (wanted, None)


def test_accepting_a_changed_text_is_an_edit_and_saving_an_unchanged_one_is_not(database: Any) -> None:
    fill_samples(database, 2)
    queue = open_queue(database)
    changed = mark(database, queue, "anna", "accept", answer=EDITED)
    assert changed.mark is not None
    assert changed.mark["decision"] == "edit"
    lease = leased(database, queue, "anna")
    same = save(database, queue, "anna", submission(lease, "edit", answer=lease.sample["answer"]))
    assert same.mark is not None
    assert same.mark["decision"] == "accept"


def test_what_a_browser_does_to_line_ends_is_no_edit() -> None:
    sample = {"question": "Uno\r\ndue\rtre\0", "answer": "a\n"}
    form = {"question": "Uno\r\ndue\r\ntre\ufffd", "answer": "a\r\n"}
    assert texts_of(sample, form) == {"question": sample["question"], "answer": "a\n"}
    assert texts_of(sample, {"question": None}) == sample
    assert texts_of(sample, form | {"answer": "b\r\nc"})["answer"] == as_form_text("b\r\nc") == "b\nc"


def test_a_form_that_comes_twice_is_stored_once(database: Any, queue: Queue) -> None:
    form = submission(leased(database, queue, "anna"), "edit", answer=EDITED)
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(save(database, queue, "anna", form))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {outcome.name for outcome in outcomes} == {STORED}
    assert database.marks.count_documents({}) == database.ratings.count_documents({}) == 1


def test_a_second_writer_overwrites_nothing_and_is_shown_the_text(database: Any, queue: Queue) -> None:
    form = submission(leased(database, queue, "anna"), "edit", answer=EDITED)
    database.samples.update_one({"key": "k000"}, {"$set": {"answer": "Di un altro.", "status": "edited"}})
    outcome = save(database, queue, "anna", form)
    assert outcome.name == CONFLICT
    assert outcome.sample is not None
    assert outcome.sample["answer"] == only(database)["answer"] == "Di un altro."
    # Kept, without counting.
    assert database.marks.find_one()["result"]["answer"] == EDITED
    assert database.ratings.count_documents({}) == 0
    fresh = Submission("k000", "again", revision_of(only(database)), "edit", answer=EDITED, insists=True)
    assert save(database, queue, "anna", fresh).name == STORED
    assert (only(database)["answer"], only(database)["original_answer"]) == (EDITED, "Di un altro.")


def test_a_lost_lease_overwrites_nothing(database: Any, queue: Queue) -> None:
    form = submission(leased(database, queue, "anna"), "edit", answer=EDITED)
    end_lease(database, queue, "anna")
    leased(database, queue, "bao")
    assert save(database, queue, "anna", form).name == LEASE_LOST
    mark(database, queue, "bao", "accept")
    assert only(database)["status"] == "accepted"
    late = Submission("k000", "late", form.revision, "edit", answer=EDITED, insists=True)
    assert save(database, queue, "anna", late).name == CONFLICT
    assert only(database)["status"] == "accepted"


def test_a_lease_that_ended_while_nobody_wanted_the_row_loses_nothing(database: Any, queue: Queue) -> None:
    form = submission(leased(database, queue, "anna"), "edit", answer=EDITED)
    end_lease(database, queue, "anna")
    assert save(database, queue, "anna", form).name == STORED


@pytest.mark.parametrize("change", [None, {"superseded": True}])
def test_a_sample_that_went_meanwhile_does_not_come_back(database: Any, queue: Queue, change: Any) -> None:
    form = submission(leased(database, queue, "anna"), "edit", answer=EDITED)
    if change:
        database.samples.update_one({"key": "k000"}, {"$set": change})
    else:
        database.samples.delete_one({"key": "k000"})
    assert save(database, queue, "anna", form).name == ABSENT
    assert database.samples.count_documents({"answer": EDITED}) == 0
    assert database.marks.count_documents({}) == database.ratings.count_documents({}) == 0


def test_passing_over_changes_nothing_and_leaves_an_older_rating(database: Any) -> None:
    fill_samples(database, 2)
    queue = open_queue(database)
    database.ratings.insert_one({"item": "k000", "rater": "anna", "accuracy": 2.0})
    mark(database, queue, "anna", "skip")
    mark(database, queue, "anna", "skip")
    assert database.samples.count_documents({"status": "new"}) == 2
    assert database.ratings.find_one({"item": "k000"})["accuracy"] == 2.0
    assert "decision" not in database.ratings.find_one({"item": "k000"})
    assert database.marks.count_documents({"decision": "skip"}) == 2
    assert mark(database, queue, "bao", "accept").name == STORED


def test_the_last_mark_of_a_rater_counts_and_all_are_stored(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    first = submission(leased(database, queue, "anna"), "reject")
    save(database, queue, "anna", first)
    save(database, queue, "anna", Submission("k000", "second", first.revision, "accept"))
    mark(database, queue, "bao", "accept")
    assert only(database)["status"] == "accepted"
    assert database.marks.count_documents({"rater": "anna"}) == 2
    assert database.ratings.find_one({"rater": "anna"})["decision"] == "accept"


# ---- several raters


def test_a_sample_changes_when_all_agree(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    assert mark(database, queue, "anna", "edit", answer=EDITED).state == "open"
    assert only(database)["status"] == "new"
    # Nothing of the first mark is where the second rater could see it.
    assert leased(database, queue, "bao").sample["answer"] != EDITED
    assert mark(database, queue, "bao", "edit", answer=f"{EDITED} \r\n").state == "done"
    assert only(database)["status"] == "edited"
    assert only(database)["review"]["raters"] == ["anna", "bao"]


@pytest.mark.parametrize(
    ("votes", "same"),
    [
        ([("accept", ""), ("accept", "")], True), ([("accept", ""), ("reject", "")], False),
        ([("edit", "Uno  due\n"), ("edit", "Uno due")], True), ([("edit", "Uno"), ("edit", "uno")], False),
        ([("edit", "perche\u0301"), ("edit", "perché")], True),
    ],
)  # fmt: skip
def test_editors_agree_where_they_wrote_the_same_words(votes: list[tuple[str, str]], same: bool) -> None:
    rows = [
        {"decision": name, "text": text_hash({"question": "q", "answer": text}) if text else ""} for name, text in votes
    ]
    assert agree(rows) is same


def test_raters_who_disagree_need_an_adjudicator(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    mark(database, queue, "anna", "accept")
    assert mark(database, queue, "bao", "edit", answer=EDITED).state == ADJUDICATION
    assert only(database)["status"] == "new"
    assert progress(database, queue, "anna")["adjudication"] == 1
    assert take(database, queue, "anna", ADJUDICATION) is None
    lease = leased(database, queue, "chi", ADJUDICATION)
    assert [vote["decision"] for vote in lease.row["votes"]] == ["accept", "edit"]
    form = submission(lease, "edit", answer=EDITED)
    outcome = save(database, queue, "chi", form, state=ADJUDICATION)
    assert (outcome.name, outcome.state) == (STORED, "done")
    assert (only(database)["status"], only(database)["review"]["raters"]) == ("edited", ["chi"])
    assert database.ratings.count_documents({"item": "k000"}) == 3


def test_a_named_adjudicator_decides_and_nobody_else(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2, adjudicators=["anna"])
    mark(database, queue, "anna", "accept")
    mark(database, queue, "bao", "reject")
    assert take(database, queue, "chi", ADJUDICATION) is None
    assert mark(database, queue, "anna", "reject", ADJUDICATION).name == STORED
    assert only(database)["status"] == "rejected"


def test_an_adjudicator_decides_on_the_marks_that_he_saw(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    mark(database, queue, "anna", "accept")
    mark(database, queue, "bao", "reject")
    form = submission(leased(database, queue, "chi", ADJUDICATION), "reject")
    database.queue_rows.update_one({}, {"$set": {"votes.0.mark": "another"}})
    assert save(database, queue, "chi", form, state=ADJUDICATION).name == CONFLICT


def test_a_mark_on_another_text_is_no_vote(database: Any) -> None:
    fill_samples(database, 1)
    queue = open_queue(database, overlap=2)
    mark(database, queue, "anna", "accept")
    database.samples.update_one({"key": "k000"}, {"$set": {"answer": "Riscritta."}})
    assert mark(database, queue, "bao", "accept").state == "open"
    assert only(database)["status"] == "new"
    assert mark(database, queue, "anna", "accept").state == "done"


def test_a_decision_has_a_name(database: Any, queue: Queue) -> None:
    with pytest.raises(ValueError, match="no decision"):
        save(database, queue, "anna", submission(leased(database, queue, "anna"), "delete"))


@pytest.mark.parametrize("empty", [{"answer": ""}, {"answer": " \n\u00a0"}, {"question": "", "answer": "Vero."}])
@pytest.mark.parametrize("decision", ["accept", "edit"])
def test_no_edit_empties_a_text(database: Any, queue: Queue, decision: str, empty: dict[str, str]) -> None:
    before = only(database)
    form = submission(leased(database, queue, "anna"), decision, token="t", **empty)
    assert save(database, queue, "anna", form).name == EMPTY
    assert (only(database), database.marks.count_documents({}), database.ratings.count_documents({})) == (before, 0, 0)
    right = submission(leased(database, queue, "anna"), decision, token="t", answer=EDITED)
    assert save(database, queue, "anna", right).name == STORED


def test_a_row_with_an_emptied_box_can_be_rejected_and_one_that_had_no_answer_accepted(database: Any) -> None:
    fill_samples(database, 1)
    database.samples.update_one({}, {"$set": {"answer": ""}})
    assert mark(database, open_queue(database), "anna", "accept", answer="").name == STORED
    database.samples.insert_one({"key": "k001", "status": "new", "answer": "Sì.", "question": "Perché?"})
    assert mark(database, open_queue(database), "anna", "reject", answer="").name == STORED
