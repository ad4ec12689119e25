"""A stage: documents that lack its output -> a batch function -> one unordered bulk update with deterministic keys.

Killed at any moment and started again, a stage finds what is still pending and goes on; nothing is done twice.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import inspect
import operator
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from crawler.mongo import run_of
from synth.filters.check import filter_errors
from synth.filters.read import read_filter
from synth.outages import outlast
from synth.stages.progress import progress_bar
from synth.stages.workers import WorkerPool, run_worker_pool

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome, Write

    Work = Callable[[list[dict[str, Any]]], Outcome | Awaitable[Outcome]]


@dataclass(frozen=True)
class Stage:
    """What is needed to run one step over a collection.

    Attributes:
        name: as in `runs`.
        collection: the documents come from here.
        target: the writes go here (default: `collection`).
        pending: filter of the documents that still lack the output.
        work: batch of documents -> (writes, outcomes counted by name); may be a coroutine function. Or a
            WorkerPool, whose documents do not wait for each other.
        upcoming: documents that the command adds to `collection` before it runs the stage. A dry run counts them and a
            plan works on them without anything being written.
        together: dotted name of a field: documents with the same first value of it come one after the other.
    """

    name: str
    collection: str
    pending: Mapping[str, Any]
    work: Work | WorkerPool
    batch_size: int = 100
    target: str = ""
    projection: Mapping[str, Any] | None = None
    upcoming: Sequence[Mapping[str, Any]] = ()
    together: str = ""


class Runner(Protocol):
    """Where batches are computed."""

    def __call__(self, work: Work, batches: Iterator[list[dict[str, Any]]]) -> Iterator[Outcome]: ...


def local_runner(work: Work, batches: Iterator[list[dict[str, Any]]]) -> Iterator[Outcome]:
    """One batch after the other in this process; a coroutine's batches share one event loop."""
    if not inspect.iscoroutinefunction(work):
        for batch in batches:
            yield work(batch)  # type: ignore[misc]
        return
    with asyncio.Runner() as runner:
        for batch in batches:
            yield runner.run(work(batch))


def run_stage(
    database: Database[dict[str, Any]],
    stage: Stage,
    options: argparse.Namespace | None = None,
    configuration: Mapping[str, Any] | None = None,
    runner: Runner = local_runner,
) -> Counter[str]:
    """Run a stage over everything pending; counts by outcome.

    `options` are those of `add_stage_arguments`. A row in `runs` records what happened.
    """
    pending = Pending(database, stage, options)
    if getattr(options, "dry_run", False):
        return Counter(pending=pending.count() + len(stage.upcoming))
    keys = pending.keys()
    with run_of(database, stage.name, dict(configuration or {})) as run, progress_bar(stage.name, len(keys)) as advance:

        def write_batch(writes: list[Write], outcomes: Counter[str], documents: int) -> None:
            _write(database, stage, writes)
            run.counts.update(outcomes)
            run.notes["documents"] = min(len(keys), run.notes.get("documents", 0) + documents)
            # Not the sum of the outcomes: one document may count under several names.
            advance(documents)

        if isinstance(stage.work, WorkerPool):
            stage.work.run = run
            run_worker_pool(stage.work, pending.batches(keys), write_batch, pending.size)
        else:
            for writes, outcomes in runner(stage.work, pending.batches(keys)):
                write_batch(writes, outcomes, pending.size)
    return run.counts


class Pending:
    """The documents that a stage has to do, within --limit and --where."""

    def __init__(
        self, database: Database[dict[str, Any]], stage: Stage, options: argparse.Namespace | None = None
    ) -> None:
        self.stage, self.documents = stage, database[stage.collection]
        self.limit: int = getattr(options, "limit", None) or 0
        self.size = getattr(options, "batch_size", None) or stage.batch_size
        where = read_filter(getattr(options, "where", None), database, stage.collection)
        self.filter = {"$and": [dict(stage.pending), where]}

    def count(self) -> int:
        """How many there are."""
        with filter_errors():
            if self.limit:
                return self.documents.count_documents(self.filter, limit=self.limit)
            return self.documents.count_documents(self.filter)

    def keys(self) -> list[Any]:
        """Ids, fixed before the first write: what a run writes can make nothing pending again."""
        together = self.stage.together
        with filter_errors():
            rows = self.documents.find(self.filter, {"_id": 1, **({together: 1} if together else {})})
            keys = [(_group(row, together), row["_id"]) for row in rows.sort("_id", 1).limit(self.limit)]
        return [key for _, key in sorted(keys, key=operator.itemgetter(0))]

    def batches(self, keys: Sequence[Any]) -> Iterator[list[dict[str, Any]]]:
        """The documents of these ids, batch by batch."""
        for start in range(0, len(keys), self.size):
            part = keys[start : start + self.size]
            rows = {row["_id"]: row for row in outlast(functools.partial(self._documents, part))}
            yield [rows[key] for key in part if key in rows]

    def _documents(self, keys: Sequence[Any]) -> list[dict[str, Any]]:
        return list(self.documents.find({"_id": {"$in": list(keys)}}, self.stage.projection))


def _group(document: Any, field: str) -> int:
    """A number that documents with the same first value of a field share; 0 without a field."""
    for name in field.split(".") if field else ():
        document = document[:1] if isinstance(document, list) else [document]
        document = document[0].get(name) if document and isinstance(document[0], Mapping) else None
    return zlib.crc32(repr(document).encode(errors="surrogatepass")) if field else 0


def _write(database: Database[dict[str, Any]], stage: Stage, writes: list[Write]) -> None:
    """Keyed by what does not change, so that doing it twice does no harm: an outage is waited out."""
    if writes:
        outlast(lambda: database[stage.target or stage.collection].bulk_write(writes, ordered=False))
