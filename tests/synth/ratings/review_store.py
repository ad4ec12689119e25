"""Samples to be reviewed, and the acts of raters in few words."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from synth.ratings.marks import Outcome, Submission, save, votes_revision
from synth.ratings.queue import Queue
from synth.ratings.row_leases import ADJUDICATION, OPEN, Lease, take
from synth.ratings.sample_changes import revision_of

_TOKENS = itertools.count()


def sample(number: int, **fields: Any) -> dict[str, Any]:
    """A scored sample that nobody has looked at."""
    return {
        "key": f"k{number:03}", "task": "news_summary", "language": "it", "question": f"Che cosa è successo {number}?",
        "answer": f"La scossa numero {number} è avvenuta a mezzogiorno.", "instruction": "", "status": "new",
        "doubts": [], "superseded": False, "similarity": [0.5], "min_similarity": 0.5, "similarity_embedder": "tfidf",
        "toxicity": 0.1, "toxicity_model": "m", "accuracy": 3.0, "acc_explanation": "Quasi.",
        "judge": {"model": "m", "accuracy": [3.0]}, "unsupported": [], "personal_data": [],
        "score_versions": {"language": 3}, "provenance": {"model": "m"},
        "created_at": datetime(2026, 5, 1, tzinfo=UTC), **fields,
    }  # fmt: skip


def fill_samples(database: Any, count: int, **fields: Any) -> None:
    """So many samples."""
    database.samples.insert_many([sample(number, **fields) for number in range(count)])


def submission(lease: Lease, decision: str, **fields: Any) -> Submission:
    """The form of a leased row, sent once; `answer` is the text of the form."""
    state = lease.row["state"]
    revision = votes_revision(lease.row, lease.sample) if state == ADJUDICATION else revision_of(lease.sample)
    form = {"token": f"token {next(_TOKENS)}", "revision": revision} | fields
    return Submission(lease.sample["key"], decision=decision, **form)


def mark(database: Any, queue: Queue, rater: str, decision: str, state: str = OPEN, **fields: Any) -> Outcome:
    """Take the next row and decide."""
    lease = take(database, queue, rater, state)
    assert lease is not None
    return save(database, queue, rater, submission(lease, decision, **fields), state=state)


def end_lease(database: Any, queue: Queue, rater: str) -> None:
    """The clock has moved on past the rater's leases."""
    past = datetime(2020, 1, 1, tzinfo=UTC)
    database.queue_rows.update_many(
        {"queue": queue.name}, {"$set": {"leases.$[own].until": past}}, array_filters=[{"own.rater": rater}]
    )
