"""Taking marks back: any of a rater's last twenty, as long as nobody changed the sample since.

An undo is a mark, too (`undoes`: the mark that it takes back), and can itself be undone: the first decision is then
made again. Each mark is taken back once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from synth.ratings.marks import ABSENT, CONFLICT, STORED, Outcome, cast, is_free, revision_for
from synth.ratings.queue import queue_of
from synth.ratings.row_leases import ADJUDICATION, OPEN, Desk, desk_of, lease_row
from synth.ratings.sample_changes import Recompute, revert, revision_of
from synth.ratings.transactions import transaction

if TYPE_CHECKING:
    from bson import ObjectId
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Marks of a rater that can be taken back.
LAST = 20
#: The mark is none of the rater's last ones, or was taken back already.
NOT_POSSIBLE = "not_possible"


def history(database: Store, rater: str, session: ClientSession | None = None) -> list[dict[str, Any]]:
    """The rater's last marks that counted, the newest first; `undone`: whether one was taken back."""
    condition = {"rater": rater, "outcome": STORED}
    order = [("at", -1), ("number", -1)]
    marks = list(database.marks.find(condition, session=session).sort(order).limit(LAST))
    taken_back = {"undoes": {"$in": [mark["_id"] for mark in marks]}}
    undone = {row["undoes"] for row in database.marks.find(taken_back, {"undoes": 1}, session=session)}
    return [{**mark, "undone": mark["_id"] in undone} for mark in marks]


def undo(
    database: Store,
    rater: str,
    mark_id: ObjectId,
    *,
    token: str = "",
    interface: str = "",
    recompute: Recompute | None = None,
) -> Outcome:
    """Take a mark back: its sample and row are then as they were, and the row is the rater's again.

    Returns:
        STORED; CONFLICT where somebody changed the sample since, which stays as it is; ABSENT; NOT_POSSIBLE.
    """
    token = token or uuid.uuid4().hex

    def work(session: ClientSession) -> Outcome:
        earlier = database.marks.find_one({"rater": rater, "token": token}, session=session)
        if earlier:
            return Outcome(STORED, earlier)
        mark = next((row for row in history(database, rater, session) if row["_id"] == mark_id), None)
        queue = mark and queue_of(database, mark["queue"])
        if not mark or not queue or mark["undone"]:
            return Outcome(NOT_POSSIBLE, mark)
        desk = desk_of(database, session, queue, rater, mark["state"])
        return _undo(desk, mark, {"token": token, "interface": interface}, recompute)

    return transaction(database, work)


def _undo(desk: Desk, mark: dict[str, Any], form: Mapping[str, str], recompute: Recompute | None) -> Outcome:
    database, session = desk.database, desk.session
    sample = database.samples.find_one({"key": mark["item"]}, session=session)
    row = database.queue_rows.find_one({"_id": desk.queue.row_id(mark["item"])}, session=session)
    if row is None or sample is None or sample.get("superseded") is True:
        return Outcome(ABSENT, None, sample, "absent")
    if mark["decision"] == "undo":
        return _repeat(desk, row, sample, mark, form, recompute)
    if (change := _taken_back(desk, row, sample, mark)) is None:
        return Outcome(CONFLICT, mark, sample, row["state"])
    _restore_rating(desk, mark)
    texts = {"original": mark["result"], "result": mark["original"]}
    new = _mark(desk, mark, form) | texts | {"decision": "undo", "comment": ""}
    database.marks.insert_one(new, session=session)
    database.queue_rows.update_one({"_id": row["_id"]}, {"$set": change}, session=session)
    row |= change
    if row["state"] == desk.state and (desk.lease_in(row) or is_free(desk, row)):
        _move_lease(desk, row)
    return Outcome(STORED, new, database.samples.find_one({"key": mark["item"]}, session=session), row["state"])


def _mark(desk: Desk, mark: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """A new mark that takes another one back."""
    from bson import ObjectId

    names = ("queue", "item", "rater", "state", "language")
    return {
        "_id": ObjectId(), **{name: mark[name] for name in names}, **form, "number": desk.number, "at": desk.now,
        "outcome": STORED, "undoes": mark["_id"], "seconds": 0.0,
    }  # fmt: skip


def _taken_back(
    desk: Desk, row: Mapping[str, Any], sample: dict[str, Any], mark: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What becomes of the row; None where somebody decided after this mark."""
    if mark["decision"] == "skip":
        return {"skips": [rater for rater in row["skips"] if rater != desk.rater]}
    votes = [vote for vote in row["votes"] if vote["mark"] != mark["_id"]]
    effect = row.get("effect")
    if effect and mark["_id"] in effect["marks"]:
        if revision_of(sample) != effect["revision"]:
            return None
        revert(desk.database, desk.session, sample, effect)
        if desk.state == ADJUDICATION:
            return {"state": ADJUDICATION, "effect": None, "adjudicator": None}
        if "row" in effect:
            return dict(effect["row"])
        return {"state": OPEN, "effect": None, "votes": votes}
    if effect or len(votes) == len(row["votes"]):
        return None
    return {"state": OPEN, "votes": votes}


def _restore_rating(desk: Desk, mark: Mapping[str, Any]) -> None:
    """`ratings` holds what it held before the mark, unless the rater rated the sample again since."""
    ratings, condition = desk.database.ratings, {"item": mark["item"], "rater": desk.rater, "mark": mark["_id"]}
    if previous := mark.get("previous_rating"):
        ratings.replace_one(condition, previous, session=desk.session)
    else:
        ratings.delete_one(condition, session=desk.session)


def _move_lease(desk: Desk, row: Mapping[str, Any]) -> None:
    """The rater has the row again, and gives back the one that he had; what he typed there stays for his return."""
    if desk.row and desk.row != row["_id"]:
        ended = {"$set": {"leases.$.until": desk.now}}
        mine = {"_id": desk.row, "leases.rater": desk.rater}
        desk.database.queue_rows.update_one(mine, ended, session=desk.session)
    lease_row(desk, row)


def _repeat(
    desk: Desk,
    row: dict[str, Any],
    sample: dict[str, Any],
    mark: Mapping[str, Any],
    form: Mapping[str, str],
    recompute: Recompute | None,
) -> Outcome:
    """Undo an undo: decide again as the first mark did, on the same texts."""
    first = desk.database.marks.find_one({"_id": mark["undoes"]}, session=desk.session)
    if first is None:
        return Outcome(NOT_POSSIBLE, dict(mark), sample, row["state"])
    is_open = row["state"] == desk.state and (desk.lease_in(row) or is_free(desk, row))
    if not is_open or (first["decision"] != "skip" and first["revision"] != revision_for(desk, row, sample)):
        return Outcome(CONFLICT, dict(mark), sample, row["state"])
    new = {**first, **_mark(desk, mark, form), "seconds": first["seconds"]}
    state = cast(desk, row, sample, new, recompute)
    return Outcome(STORED, new, desk.database.samples.find_one({"_id": sample["_id"]}, session=desk.session), state)
