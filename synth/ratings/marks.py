"""What raters decide: each mark is stored for good, the last of each rater counts, and agreement changes the sample.

A mark of `marks`: {queue, item, rater, number, token, decision, outcome, original, result {question, answer}, scores,
comment, seconds, revision, at, interface}. A form that comes twice (same token) is stored once. Whatever is stored of
one mark is stored in one transaction: a process that is killed leaves all of it or nothing.
"""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synth.ratings.queue import Queue
from synth.ratings.row_leases import ADJUDICATION, OPEN, Desk, active_seconds, desk_of, leave_out
from synth.ratings.sample_changes import TEXTS, Decision, Recompute, apply, revision_of, texts_of
from synth.ratings.transactions import transaction

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

DECISIONS = ("accept", "edit", "reject", "skip")
#: What became of a mark: it counts; somebody else changed the sample; the lease ended and another rater has the row;
#: the sample is there no longer.
STORED, CONFLICT, LEASE_LOST, ABSENT = "stored", "conflict", "lease_lost", "absent"
#: It would leave a text empty, and nothing of it is stored; this rater decided on the row before, in another window.
EMPTY, REPEATED = "empty", "repeated"


@dataclass(frozen=True)
class Submission:
    """A form as it was sent.

    Attributes:
        item: key of the sample.
        token: of the form; the same one twice is one submission.
        revision: of the sample, as the rater saw it (`revision_of`, for an adjudicator `votes_revision`).
        decision: accept, edit, reject or skip. Accepting a text that was changed is an edit, and saving a text that
            was not is to accept it.
        question: None where it could not be edited; so `answer`.
        scores: {accuracy, helpfulness}, 0 to 5, those that were given.
        interface: ISO 639-1 code of the page's language.
        insists: saves although somebody else was first, whose text he has seen; never where several raters mark a row.
    """

    item: str
    token: str
    revision: str
    decision: str
    question: str | None = None
    answer: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    comment: str = ""
    interface: str = ""
    insists: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a submission.

    Attributes:
        name: STORED, CONFLICT, LEASE_LOST, ABSENT, EMPTY or REPEATED.
        mark: as stored; None for a sample of which nothing may be stored any more.
        sample: as it is now, beside which a page shows what the rater wrote.
        state: of the row, afterwards.
    """

    name: str
    mark: dict[str, Any] | None = None
    sample: dict[str, Any] | None = None
    state: str = ""


def save(
    database: Store,
    queue: Queue,
    rater: str,
    submission: Submission,
    recompute: Recompute | None = None,
    state: str = OPEN,
) -> Outcome:
    """Store a mark, and change its sample where all who are wanted agree.

    Args:
        recompute: fields of an edited sample that need no further step.
        state: ADJUDICATION for a decision between raters who disagree.
    """
    if submission.decision not in DECISIONS:
        raise ValueError(f"no decision {submission.decision!r}")

    def work(session: ClientSession) -> Outcome:
        return _save(desk_of(database, session, queue, rater, state), submission, recompute)

    return transaction(database, work)


def _save(desk: Desk, submission: Submission, recompute: Recompute | None) -> Outcome:
    database, session = desk.database, desk.session
    sample = database.samples.find_one({"key": submission.item}, session=session)
    row = database.queue_rows.find_one({"_id": desk.queue.row_id(submission.item)}, session=session)
    earlier = database.marks.find_one({"rater": desk.rater, "token": submission.token}, session=session)
    if earlier:
        return Outcome(earlier["outcome"], earlier, sample, row["state"] if row else "")
    if row is None or sample is None or sample.get("superseded") is True:
        if row is not None:
            leave_out(desk, row)
        return Outcome(ABSENT, None, sample, "absent")
    mark = mark_of(desk, row, sample, submission)
    if _empties(mark):
        # The form comes again, with a text: its token stays unused.
        return Outcome(EMPTY, None, sample, row["state"])
    if (name := _objection(desk, row, sample, submission)) != STORED:
        mark["outcome"] = name
        database.marks.insert_one(mark, session=session)
        return Outcome(name, mark, sample, row["state"])
    state = cast(desk, row, sample, mark, recompute)
    return Outcome(STORED, mark, sample, state)


def _empties(mark: Mapping[str, Any]) -> bool:
    """Whether an edit leaves nothing of a text: a sample without an answer teaches nothing, and is rejected instead."""
    if mark["decision"] != "edit":
        return False
    return any(mark["original"][name].strip() and not mark["result"][name].strip() for name in TEXTS)


def _objection(desk: Desk, row: Mapping[str, Any], sample: Mapping[str, Any], submission: Submission) -> str:
    """STORED where nothing speaks against it."""
    alone = desk.queue.overlap == 1 and desk.state == OPEN
    insists = alone and submission.insists
    if not insists and desk.lease_in(row) is None and not is_free(desk, row):
        return REPEATED if _has_voted(desk, row) else LEASE_LOST
    if row["state"] != desk.state and not (alone and row["state"] in (OPEN, "done")):
        return REPEATED if _has_voted(desk, row) else LEASE_LOST
    if submission.decision != "skip" and submission.revision != revision_for(desk, row, sample):
        return CONFLICT
    return STORED


def _has_voted(desk: Desk, row: Mapping[str, Any]) -> bool:
    return desk.state == OPEN and any(vote["rater"] == desk.rater for vote in row["votes"])


def is_free(desk: Desk, row: Mapping[str, Any]) -> bool:
    """Whether a row whose lease ran out still waits for this rater: what he did is not lost for a few minutes."""
    if row["state"] != desk.state:
        return False
    if desk.state == ADJUDICATION:
        return desk.is_adjudicator and not desk.leases(row)
    other_votes = [vote for vote in row["votes"] if vote["rater"] != desk.rater]
    return len(other_votes) + len(desk.leases(row)) < desk.queue.overlap


def revision_for(desk: Desk, row: Mapping[str, Any], sample: Mapping[str, Any]) -> str:
    """The revision that a form of this state must name."""
    return votes_revision(row, sample) if desk.state == ADJUDICATION else revision_of(sample)


def votes_revision(row: Mapping[str, Any], sample: Mapping[str, Any]) -> str:
    """A name for what an adjudicator sees: the sample and the marks between which he decides."""
    parts = [revision_of(sample), *sorted(str(vote["mark"]) for vote in row["votes"])]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def mark_of(desk: Desk, row: Mapping[str, Any], sample: Mapping[str, Any], submission: Submission) -> dict[str, Any]:
    """The document of a submission, `decision` as its texts mean it."""
    from bson import ObjectId

    result = texts_of(sample, {"question": submission.question, "answer": submission.answer})
    original = texts_of(sample, {})
    lease = next((lease for lease in row["leases"] if lease["rater"] == desk.rater), None)
    decision = submission.decision
    if decision in ("accept", "edit"):
        decision = "accept" if result == original else "edit"
    return {
        "_id": ObjectId(), "queue": desk.queue.name, "item": sample["key"], "rater": desk.rater,
        "number": desk.number, "state": desk.state, "token": submission.token or uuid.uuid4().hex,
        "decision": decision, "outcome": STORED, "original": original, "result": result, **submission.scores,
        "comment": submission.comment, "seconds": active_seconds(lease, desk.now) if lease else 0.0,
        "revision": submission.revision, "at": desk.now, "interface": submission.interface,
        "language": str(sample.get("language") or ""),
    }  # fmt: skip


# ---- votes


def cast(
    desk: Desk, row: Mapping[str, Any], sample: Mapping[str, Any], mark: dict[str, Any], recompute: Recompute | None
) -> str:
    """Store a mark that counts; the state of its row, and its sample, are then what all marks of the row say."""
    database, session = desk.database, desk.session
    mark["previous_rating"] = rating_of(desk, mark["item"])
    # Before the sample changes: an editor's scores, too, are of the text that he found.
    rate(desk, mark)
    change = _skipped(desk, row) if mark["decision"] == "skip" else _voted(desk, row, sample, mark, recompute)
    database.marks.insert_one(mark, session=session)
    change["leases"] = [lease for lease in row["leases"] if lease["rater"] != desk.rater]
    database.queue_rows.update_one({"_id": row["_id"]}, {"$set": change}, session=session)
    return str(change.get("state", row["state"]))


def _skipped(desk: Desk, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"skips": sorted({*row["skips"], desk.rater})}


def _voted(
    desk: Desk, row: Mapping[str, Any], sample: Mapping[str, Any], mark: Mapping[str, Any], recompute: Recompute | None
) -> dict[str, Any]:
    """What becomes of the row: it waits for more raters, is done, or goes to an adjudicator."""
    vote = vote_of(mark)
    if desk.state == ADJUDICATION:
        return {"state": "done", "adjudicator": vote, "effect": _decide(desk, sample, mark, [vote], recompute)}
    # A mark on other texts than these says nothing of them: its rater is asked again.
    same = [v for v in row["votes"] if v["rater"] != desk.rater and v["revision"] == vote["revision"]]
    votes = [*(same if desk.queue.overlap > 1 else []), vote]
    skips = [rater for rater in row["skips"] if rater != desk.rater]
    if len(votes) < desk.queue.overlap:
        return {"votes": votes, "skips": skips}
    if not agree(votes):
        return {"votes": votes, "skips": [], "state": ADJUDICATION}
    effect = _decide(desk, sample, mark, votes, recompute)
    if row["state"] == "done":
        # Somebody insists: an undo brings back what was decided before.
        effect["row"] = {name: row[name] for name in ("state", "votes", "effect")}
    return {"votes": votes, "skips": skips, "state": "done", "effect": effect}


def _decide(
    desk: Desk,
    sample: Mapping[str, Any],
    mark: Mapping[str, Any],
    votes: Sequence[Mapping[str, Any]],
    recompute: Recompute | None,
) -> dict[str, Any]:
    raters, seconds = [vote["rater"] for vote in votes], sum(vote["seconds"] for vote in votes)
    decision = Decision(mark["decision"], mark["result"], raters, seconds)
    effect = apply(desk.database, desk.session, sample, decision, desk.now, recompute)
    return effect | {"marks": [vote["mark"] for vote in votes]}


def vote_of(mark: Mapping[str, Any]) -> dict[str, Any]:
    """A mark as its row holds it."""
    text = text_hash(mark["result"]) if mark["decision"] == "edit" else ""
    return {
        "rater": mark["rater"], "mark": mark["_id"], "decision": mark["decision"], "text": text,
        "seconds": mark["seconds"], "revision": mark["revision"],
    }  # fmt: skip


def agree(votes: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all decided the same, and editors wrote the same words."""
    return len({(vote["decision"], vote["text"]) for vote in votes}) == 1


def text_hash(texts: Mapping[str, str]) -> str:
    """The same for texts that differ in spaces, or in how an accent is encoded."""
    plain = [" ".join(unicodedata.normalize("NFC", texts[name]).split()) for name in ("question", "answer")]
    return hashlib.sha256("\0".join(plain).encode(errors="surrogatepass")).hexdigest()


# ---- ratings


def rating_of(desk: Desk, key: str) -> dict[str, Any] | None:
    """What `ratings` holds of this rater and sample."""
    condition = {"item": key, "rater": desk.rater}
    return desk.database.ratings.find_one(condition, {"_id": 0}, session=desk.session)


def rate(desk: Desk, mark: Mapping[str, Any]) -> None:
    """Let `ratings` hold the last mark of its rater; passing over a row says nothing of one that was rated before."""
    if mark["decision"] == "skip" and mark["previous_rating"]:
        return
    names = ("decision", "seconds", "comment", "interface", "revision", "language", "queue")
    scores = {name: mark[name] for name in ("accuracy", "helpfulness") if name in mark}
    change = {"mark": mark["_id"], "rated_at": mark["at"], **{name: mark[name] for name in names}, **scores}
    desk.database.ratings.update_one(
        {"item": mark["item"], "rater": mark["rater"]},
        {"$set": change, "$setOnInsert": {"created_at": mark["at"]}}, upsert=True, session=desk.session,
    )  # fmt: skip
