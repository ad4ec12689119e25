"""A queue: the samples of a filter that people go through, in an order that a seed fixes.

A row of `queue_rows` is a sample's place in a queue:

    {_id: QUEUE|KEY, queue, item: the sample's key, rank, place, state, votes, skips, leases, effect}

`rank` puts what needs people most first, `place` shuffles within it. The state is `open` (raters are wanted),
`adjudication` (they disagree), `done`, or `absent` (the sample was removed or replaced, or the filter no longer names
it). `votes` are the marks that count, one a rater; `skips` raters who passed; `leases` who has the row now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.filters.extended_json import dumps, loads
from synth.filters.read import read_filter
from synth.outages import DUPLICATE
from synth.ratings.transactions import end_dead_sessions
from synth.samples.sample import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: Seconds for which a rater has a row to himself.
LEASE = 30 * 60.0
#: Rows written at a time.
_BATCH = 5000
#: What a queue reads of a sample to rank it.
_RANKED = ("key", "doubts", "unsupported")


@dataclass(frozen=True)
class Queue:
    """Samples that people go through.

    Attributes:
        name: `_id` in `queues`; the same filter and overlap make the same queue, so that a new start goes on.
        filter: which samples, as MongoDB takes it.
        overlap: how many raters mark each row.
        lease: seconds for which a rater has a row to himself.
        adjudicators: who decides where raters disagree; nobody named: whoever has not marked the row.
    """

    name: str
    filter: Mapping[str, Any]
    overlap: int = 1
    lease: float = LEASE
    adjudicators: tuple[str, ...] = ()

    def row_id(self, key: str) -> str:
        """`_id` of a sample's row."""
        return f"{self.name}|{key}"


def open_queue(
    database: Store,
    text: str | None = None,
    *,
    overlap: int = 1,
    lease: float = LEASE,
    adjudicators: Sequence[str] = (),
    seed: int = 0,
) -> Queue:
    """The queue of a filter, begun where there is none yet and filled with the samples that are new.

    Args:
        text: as `--filter` takes it; None: every sample that nobody has looked at.

    Raises:
        NewsmillError: the text is no filter.
    """
    ranked = not (text or "").strip()
    selection = read_filter(text, database) if not ranked else {"status": "new"}
    end_dead_sessions(database)
    parts = f"{dumps(selection)}\0{overlap}\0{seed}\0{ranked}"
    name = hashlib.sha256(parts.encode(errors="surrogatepass")).hexdigest()[:16]
    queue = Queue(name, current(selection), overlap, lease, tuple(adjudicators))
    described = {"filter": text or "", "wanted": dumps(selection), "overlap": overlap, "seed": seed, "ranked": ranked}
    database.queues.update_one({"_id": name}, {"$set": described, "$setOnInsert": {"rows": 0}}, upsert=True)
    fill(database, queue)
    return queue


def queue_of(database: Store, name: str) -> Queue | None:
    """A queue that was opened before; None where there is none of that name."""
    described = database.queues.find_one({"_id": name})
    if described is None:
        return None
    selection = loads(described["wanted"], "of a queue")
    return Queue(name, current(selection), described["overlap"])


def current(selection: Mapping[str, Any]) -> dict[str, Any]:
    """The filter without samples that were replaced; rejected ones only where it speaks of their status."""
    limits = dict(CURRENT)
    if "status" in _names(selection):
        del limits["status"]
    return {"$and": [limits, dict(selection)]}


def _names(document: Any) -> set[str]:
    if isinstance(document, Mapping):
        return set(document).union(*(_names(value) for value in document.values()))
    return set().union(*(_names(value) for value in document)) if isinstance(document, list) else set()


def fill(database: Store, queue: Queue) -> int:
    """Add the samples that the filter names and the queue lacks; how many rows it has now.

    Killed in between, it leaves a part of the rows; the next call adds the rest.
    """
    described = database.queues.find_one({"_id": queue.name}) or {}
    rows: list[dict[str, Any]] = []
    for sample in database.samples.find(queue.filter, dict.fromkeys(_RANKED, 1), batch_size=_BATCH):
        rows.append(_row(queue, sample, described))
        if len(rows) == _BATCH:
            _add(database, rows)
            rows = []
    _add(database, rows)
    total = database.queue_rows.count_documents({"queue": queue.name})
    database.queues.update_one({"_id": queue.name}, {"$set": {"rows": total}})
    return total


def _row(queue: Queue, sample: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    """Doubts first where nobody chose the samples: the more reasons, the sooner."""
    reasons = len(sample.get("doubts") or []) + len(sample.get("unsupported") or [])
    shuffled = f"{described.get('seed', 0)}\0{sample['key']}".encode(errors="surrogatepass")
    return {
        "_id": queue.row_id(sample["key"]), "queue": queue.name, "item": sample["key"],
        "rank": -reasons if described.get("ranked") else 0, "place": hashlib.sha256(shuffled).hexdigest()[:16],
        "state": "open", "votes": [], "skips": [], "leases": [],
    }  # fmt: skip


def _add(database: Store, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows that are there already stay as they are; those whose samples had gone are open again."""
    from pymongo.errors import BulkWriteError

    if not rows:
        return
    names = [row["_id"] for row in rows]
    present = {row["_id"] for row in database.queue_rows.find({"_id": {"$in": names}}, {"_id": 1})}
    try:
        if fresh := [dict(row) for row in rows if row["_id"] not in present]:
            database.queue_rows.insert_many(fresh, ordered=False)
    except BulkWriteError as error:
        # Two processes fill the same queue at once.
        if any(row["code"] != DUPLICATE for row in (error.details or {}).get("writeErrors", [])):
            raise
    if present:
        back = {"_id": {"$in": sorted(present)}, "state": "absent"}
        database.queue_rows.update_many(back, {"$set": {"state": "open", "votes": [], "leases": []}})


def progress(database: Store, queue: Queue, rater: str) -> dict[str, int]:
    """{total, done (by all who are wanted), own (this rater's marks on rows that wait for others), skipped (by him),
    adjudication (rows on which raters disagree), absent}.
    """
    waiting = {"state": {"$in": ["open", "adjudication"]}}
    counts = _counted(
        database,
        {
            "done": {"state": "done"}, "adjudication": {"state": "adjudication"}, "absent": {"state": "absent"},
            "own": {**waiting, "votes.rater": rater}, "skipped": {"skips": rater, "state": "open"},
        },
        {"queue": queue.name},
    )  # fmt: skip
    described = database.queues.find_one({"_id": queue.name}) or {}
    return counts | {"total": described.get("rows", 0) - counts["absent"]}


def _counted(database: Store, conditions: Mapping[str, Mapping[str, Any]], common: Mapping[str, Any]) -> dict[str, int]:
    """How many rows meet each condition, asked for at once: each count is read from an index."""
    pipelines: list[list[dict[str, Any]]] = [
        [{"$match": {**common, **condition}}, {"$count": "rows"}, {"$set": {"name": name}}]
        for name, condition in conditions.items()
    ]
    unions = [{"$unionWith": {"coll": "queue_rows", "pipeline": pipeline}} for pipeline in pipelines[1:]]
    numbers = {row["name"]: row["rows"] for row in database.queue_rows.aggregate([*pipelines[0], *unions])}
    return {name: numbers.get(name, 0) for name in conditions}
