"""Several raters at one queue, in whatever order: nothing is overwritten, doubled, brought back to life or lost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from synth.ratings.marks import ABSENT, STORED, Submission, save
from synth.ratings.queue import open_queue, progress
from synth.ratings.row_leases import ADJUDICATION, OPEN, Lease, take
from synth.ratings.sample_changes import STATUS, measures
from synth.ratings.undo import history, undo
from tests.databases import empty
from tests.synth.ratings.review_store import end_lease, fill_samples, submission

RATERS = ("anna", "bao", "chi")
TEXTS = ("Un testo.", "Un altro testo.")
SAMPLES = 3


def machine(database: Any, fresh: dict[str, Any], overlap: int) -> type[RuleBasedStateMachine]:
    """The machine of a queue with this overlap."""

    class Raters(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            empty(database, fresh)
            fill_samples(database, SAMPLES)
            self.queue = open_queue(database, '{"language": "it"}', overlap=overlap)
            self.leases: dict[tuple[str, str], Lease] = {}
            self.forms: list[tuple[str, str, Submission]] = []
            self.marks = 0
            self.deleted: set[str] = set()
            #: texts of samples that something else than a rater wrote.
            self.foreign: dict[str, str] = {}

        @rule(rater=st.sampled_from(RATERS), state=st.sampled_from((OPEN, OPEN, ADJUDICATION)))
        def open_page(self, rater: str, state: str) -> None:
            lease = take(database, self.queue, rater, state)
            if lease is None:
                self.leases.pop((rater, state), None)
            else:
                assert lease.sample["key"] not in self.deleted
                assert state == ADJUDICATION or rater not in {vote["rater"] for vote in lease.row["votes"]}
                self.leases[rater, state] = lease

        @precondition(lambda self: self.leases)
        @rule(data=st.data(), decision=st.sampled_from(("accept", "edit", "edit", "reject", "skip")),
              text=st.sampled_from(TEXTS), insists=st.booleans())  # fmt: skip
        def decide(self, data: Any, decision: str, text: str, insists: bool) -> None:
            rater, state = data.draw(st.sampled_from(sorted(self.leases)))
            fields = {"answer": text} if decision == "edit" else {}
            form = submission(self.leases[rater, state], decision, insists=insists, **fields)
            old = database.samples.find_one({"key": form.item})
            outcome = save(database, self.queue, rater, form, state=state)
            new = database.samples.find_one({"key": form.item})
            self.marks += outcome.mark is not None
            if outcome.name != STORED or outcome.state not in ("done",):
                assert new == old
            if outcome.name == ABSENT:
                assert outcome.mark is None
            self.forms.append((rater, state, form))

        @precondition(lambda self: self.forms)
        @rule(data=st.data())
        def send_again(self, data: Any) -> None:
            rater, state, form = data.draw(st.sampled_from(self.forms))
            old = database.samples.find_one({"key": form.item})
            known = database.marks.count_documents({"rater": rater, "token": form.token})
            outcome = save(database, self.queue, rater, form, state=state)
            if known or outcome.name == ABSENT:
                assert database.samples.find_one({"key": form.item}) == old
            self.marks += outcome.mark is not None and not known

        @rule(data=st.data(), rater=st.sampled_from(RATERS))
        def take_back(self, data: Any, rater: str) -> None:
            if not (last := history(database, rater)):
                return
            mark = data.draw(st.sampled_from(last))
            old = database.samples.find_one({"key": mark["item"]})
            outcome = undo(database, rater, mark["_id"])
            self.marks += outcome.name == STORED
            if outcome.name != STORED:
                assert database.samples.find_one({"key": mark["item"]}) == old

        @rule(rater=st.sampled_from(RATERS))
        def let_time_pass(self, rater: str) -> None:
            end_lease(database, self.queue, rater)

        @rule(number=st.integers(0, SAMPLES - 1))
        def write_from_elsewhere(self, number: int) -> None:
            key, text = f"k{number:03}", f"Da altrove {self.marks}."
            if database.samples.update_one({"key": key}, {"$set": {"answer": text}}).matched_count:
                self.foreign[key] = text

        @precondition(lambda self: not self.deleted)
        @rule(number=st.integers(0, SAMPLES - 1), again=st.integers(0, 4))
        def delete(self, number: int, again: int) -> None:
            if again == 0:
                database.samples.delete_one({"key": f"k{number:03}"})
                self.deleted.add(f"k{number:03}")

        @invariant()
        def a_rater_has_one_row(self) -> None:
            now = datetime.now(UTC)
            for state in (OPEN, ADJUDICATION):
                rows = database.queue_rows.find({"queue": self.queue.name, "state": state})
                lasting = [lease["rater"] for row in rows for lease in row["leases"] if lease["until"] > now]
                assert all(count == 1 for count in Counter(lasting).values())

        @invariant()
        def every_mark_is_stored(self) -> None:
            assert database.marks.count_documents({}) == self.marks

        @invariant()
        def what_is_deleted_stays_so(self) -> None:
            assert {row["key"] for row in database.samples.find()}.isdisjoint(self.deleted)

        @invariant()
        def rows_and_samples_say_the_same(self) -> None:
            samples = {row["key"]: row for row in database.samples.find()}
            for row in database.queue_rows.find():
                sample = samples.get(row["item"])
                assert len(row["votes"]) == len({vote["rater"] for vote in row["votes"]}) <= overlap
                if sample is None:
                    continue
                if row["state"] == "done":
                    assert sample["status"] == STATUS[sample["review"]["decision"]]
                else:
                    assert sample["status"] == "new"
                    assert "review" not in sample
                if sample["status"] == "edited":
                    assert sample["original_answer"]
                    assert not set(measures()) & set(sample)
                elif row["item"] not in self.foreign and "original_answer" not in sample:
                    assert sample["answer"] not in TEXTS
                    assert "min_similarity" in sample

        @invariant()
        def the_count_is_right(self) -> None:
            counts = progress(database, self.queue, "anna")
            assert counts["done"] <= counts["total"] <= SAMPLES

        @invariant()
        def ratings_are_of_marks_that_count(self) -> None:
            undone = {row["undoes"] for row in database.marks.find({"undoes": {"$exists": True}})}
            counting = {row["_id"]: row for row in database.marks.find({"outcome": STORED})}
            for rating in database.ratings.find():
                assert rating["mark"] not in undone
                assert counting[rating["mark"]]["decision"] == rating["decision"]

    return Raters


@pytest.mark.parametrize("overlap", [1, 2])
def test_raters_in_whatever_order(database: Any, own_database: tuple[str, dict[str, Any]], overlap: int) -> None:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    limits = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(machine(database, own_database[1], overlap), settings=limits)
