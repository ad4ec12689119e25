"""Who has which row of a queue: a rater has one at a time, until an instant on the server's own clock.

A lease {rater, since, until, active, draft} stands in its row; one that has run out is nobody's, and goes when the row
is next written. A rater who opens his page again gets the same row, and as long again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from synth.ratings.queue import Queue
from synth.ratings.transactions import transaction

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Seconds without a request after which a rater counts as idle: time beyond them is not time on the row.
IDLE = 300.0
#: What a rater does to a row in either state.
OPEN, ADJUDICATION = "open", "adjudication"


@dataclass(frozen=True)
class Lease:
    """A row that a rater has.

    Attributes:
        row: of `queue_rows`.
        sample: of `samples`.
        now: the server's clock.
        until: when the row comes back.
        draft: {question, answer} that the rater typed and has not saved; {} for none.
    """

    row: dict[str, Any]
    sample: dict[str, Any]
    now: datetime
    until: datetime
    draft: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Desk:
    """A rater at a queue inside one transaction; two requests of one rater wait for each other.

    Attributes:
        now: the server's clock at the beginning.
        number: of this visit, growing with each.
        row: `_id` of the row that he had last.
    """

    database: Store
    session: ClientSession
    queue: Queue
    rater: str
    state: str
    now: datetime
    number: int
    row: str | None

    @property
    def is_adjudicator(self) -> bool:
        """Whether he may decide where others disagree; nobody named: everybody may."""
        return not self.queue.adjudicators or self.rater in self.queue.adjudicators

    def lease_in(self, row: Mapping[str, Any]) -> dict[str, Any] | None:
        """His lease of a row; None where he has none, or it has run out."""
        return next((lease for lease in self.leases(row) if lease["rater"] == self.rater), None)

    def leases(self, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The leases that last."""
        return [lease for lease in row["leases"] if lease["until"] > self.now]


def desk_of(database: Store, session: ClientSession, queue: Queue, rater: str, state: str = OPEN) -> Desk:
    """Begin: the rater's own document is written first, so that two of his requests never pass each other."""
    from pymongo import ReturnDocument

    visit: dict[str, Any] | None = database.queue_raters.find_one_and_update(
        {"_id": f"{queue.name}|{state}|{rater}"},
        [{"$set": {"now": "$$NOW", "number": {"$add": [{"$ifNull": ["$number", 0]}, 1]}}}],
        upsert=True, return_document=ReturnDocument.AFTER, session=session,
    )  # fmt: skip
    assert visit is not None
    return Desk(database, session, queue, rater, state, visit["now"], visit["number"], visit.get("row"))


def take(database: Store, queue: Queue, rater: str, state: str = OPEN) -> Lease | None:
    """The row that a rater has, else the next one that needs him; None where there is none.

    Args:
        state: `open` for rows to mark, `adjudication` for rows on which others disagree.
    """
    return transaction(database, lambda session: _take(desk_of(database, session, queue, rater, state)))


def _take(desk: Desk) -> Lease | None:
    row = _present(desk)
    while row is None or (sample := _sample(desk, row)) is None:
        if row is not None:
            leave_out(desk, row)
        row = _next(desk)
        if row is None:
            return None
    lease = desk.lease_in(row)
    assert lease is not None
    return Lease(row, sample, desk.now, lease["until"], lease.get("draft") or {})


def lease_row(desk: Desk, row: Mapping[str, Any], active: float = 0.0, since: datetime | None = None) -> dict[str, Any]:
    """Let the rater have a row from now on; the row with his lease."""
    from pymongo import ReturnDocument

    mine = {
        "rater": desk.rater, "since": since or desk.now, "touched": desk.now, "active": active,
        "until": desk.now + timedelta(seconds=desk.queue.lease),
        "draft": next((lease.get("draft") for lease in row["leases"] if lease["rater"] == desk.rater), None),
    }  # fmt: skip
    other_leases = [lease for lease in desk.leases(row) if lease["rater"] != desk.rater]
    leased: dict[str, Any] | None = desk.database.queue_rows.find_one_and_update(
        {"_id": row["_id"]}, {"$set": {"leases": [*other_leases, mine]}},
        return_document=ReturnDocument.AFTER, session=desk.session,
    )  # fmt: skip
    own = {"_id": f"{desk.queue.name}|{desk.state}|{desk.rater}"}
    desk.database.queue_raters.update_one(own, {"$set": {"row": row["_id"]}}, session=desk.session)
    assert leased is not None
    return leased


def _present(desk: Desk) -> dict[str, Any] | None:
    """The row that the rater has already, for as long again."""
    row = desk.row and desk.database.queue_rows.find_one({"_id": desk.row}, session=desk.session)
    if not row or row["state"] != desk.state or (lease := desk.lease_in(row)) is None:
        return None
    return lease_row(desk, row, active_seconds(lease, desk.now), lease["since"])


def active_seconds(lease: Mapping[str, Any], now: datetime) -> float:
    """How long a rater was at a row: from one of his requests to the next, idle time left out."""
    last: datetime = lease.get("touched") or lease["since"]
    return round(float(lease.get("active") or 0.0) + min(max((now - last).total_seconds(), 0.0), IDLE), 3)


def _next(desk: Desk) -> dict[str, Any] | None:
    """The first row in the queue's order that wants this rater."""
    if desk.state == ADJUDICATION and not desk.is_adjudicator:
        return None
    capacity = 1 if desk.state == ADJUDICATION else desk.queue.overlap
    lasting = {"$filter": {"input": "$leases", "cond": {"$gt": ["$$this.until", desk.now]}}}
    marks = 0 if desk.state == ADJUDICATION else {"$size": "$votes"}
    conditions: dict[str, Any] = {
        "queue": desk.queue.name, "state": desk.state, "skips": {"$ne": desk.rater},
        "$expr": {"$lt": [{"$add": [marks, {"$size": lasting}]}, capacity]},
    }  # fmt: skip
    if desk.state == OPEN or not desk.queue.adjudicators:
        conditions["votes.rater"] = {"$ne": desk.rater}
    order = [("rank", 1), ("place", 1)]
    row = desk.database.queue_rows.find_one(conditions, sort=order, session=desk.session)
    return lease_row(desk, row) if row else None


def _sample(desk: Desk, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The sample of a row; None where it is no longer one that people are asked about."""
    condition = {"superseded": {"$ne": True}} if row["votes"] else desk.queue.filter
    return desk.database.samples.find_one({"$and": [{"key": row["item"]}, condition]}, session=desk.session)


def leave_out(desk: Desk, row: Mapping[str, Any]) -> None:
    """A row whose sample was removed or replaced waits for nobody."""
    change = {"$set": {"state": "absent", "leases": []}}
    desk.database.queue_rows.update_one({"_id": row["_id"]}, change, session=desk.session)


def keep_draft(database: Store, queue: Queue, rater: str, key: str, texts: Mapping[str, str]) -> bool:
    """Store what a rater typed of a row that he has and did not save; False where he has it no longer."""
    condition = {"_id": queue.row_id(key), "leases.rater": rater}
    return database.queue_rows.update_one(condition, {"$set": {"leases.$.draft": dict(texts)}}).matched_count == 1


def take_skips_back(database: Store, queue: Queue, rater: str) -> int:
    """Offer a rater again what he passed over; how many rows."""
    condition = {"queue": queue.name, "skips": rater, "state": {"$in": [OPEN, ADJUDICATION]}}
    return database.queue_rows.update_many(condition, {"$pull": {"skips": rater}}).modified_count
