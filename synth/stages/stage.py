"""A stage: documents that lack its output -> a batch function -> one unordered bulk update with deterministic keys.

Killed at any moment and started again, a stage finds what is still pending and goes on; nothing is done twice.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from crawler.mongo import Run, run_of
from synth.filters.read import filter_errors, read_filter
from synth.stages.workers import Flow, run_flow

if TYPE_CHECKING:
    from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
    from pymongo.database import Database

    Write = UpdateOne | InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]] | DeleteOne
    #: What a batch function gives back: writes, and what happened to the documents.
    Outcome = tuple[list[Write], Counter[str]]
    Work = Callable[[list[dict[str, Any]]], Outcome | Awaitable[Outcome]]


@dataclass(frozen=True)
class Stage:
    """What is needed to run one step over a collection.

    Attributes:
        name: as in `runs`.
        collection: the documents come from here.
        target: the writes go here (default: `collection`).
        pending: filter of the documents that still lack the output.
        work: batch of documents -> (writes, outcomes counted by name); may be a coroutine function. Or a Flow, whose
            documents do not wait for each other.
    """

    name: str
    collection: str
    pending: Mapping[str, Any]
    work: Work | Flow
    batch_size: int = 100
    target: str = ""
    projection: Mapping[str, Any] | None = None


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


def add_stage_arguments(parser: argparse.ArgumentParser) -> None:
    """--limit, --where, --dry-run, --batch-size: the same for every stage."""
    group = parser.add_argument_group("stage")
    group.add_argument("--limit", type=positive, metavar="N", help="documents to work on, at most")
    group.add_argument(
        "--where", metavar="FILTER", help="only documents that this MongoDB filter (JSON, @FILE or :NAME) names"
    )
    group.add_argument("--dry-run", action="store_true", help="count what is pending, change nothing")
    group.add_argument("--batch-size", type=positive, metavar="N", help="documents in one batch")


def positive(text: str) -> int:
    """A whole number from 1 up, for argparse: 0 would mean "all" to MongoDB."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")
    return int(text)


def natural(text: str) -> int:
    """A whole number from 0 up, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def run_stage(
    database: Database[dict[str, Any]],
    stage: Stage,
    options: argparse.Namespace | None = None,
    configuration: Mapping[str, Any] | None = None,
    runner: Runner = local_runner,
) -> Counter[str]:
    """Run a stage over everything pending; counts by outcome.

    `options` are those of `add_stage_arguments`. A row in `runs` tells what happened.
    """
    pending = Pending(database, stage, options)
    if getattr(options, "dry_run", False):
        return Counter(pending=pending.count())
    keys = pending.keys()
    with run_of(database, stage.name, dict(configuration or {})) as run, progress_bar(stage.name, len(keys)) as advance:

        def settle(writes: list[Write], outcomes: Counter[str], documents: int) -> None:
            _write(database, stage, writes)
            run.counts.update(outcomes)
            run.notes["documents"] = min(len(keys), run.notes.get("documents", 0) + documents)
            # Not the sum of the outcomes: one document may count under several names.
            advance(documents)

        if isinstance(stage.work, Flow):
            stage.work.run = run
            run_flow(stage.work, pending.batches(keys), settle, pending.size)
        else:
            for writes, outcomes in runner(stage.work, pending.batches(keys)):
                settle(writes, outcomes, pending.size)
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
        self.wanted = {"$and": [dict(stage.pending), where]}

    def count(self) -> int:
        with filter_errors():
            if self.limit:
                return self.documents.count_documents(self.wanted, limit=self.limit)
            return self.documents.count_documents(self.wanted)

    def keys(self) -> list[Any]:
        """Ids, fixed before the first write: what a run writes can make nothing pending again."""
        with filter_errors():
            found = self.documents.find(self.wanted, {"_id": 1}).sort("_id", 1).limit(self.limit)
            return [row["_id"] for row in found]

    def batches(self, keys: Sequence[Any]) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(keys), self.size):
            part = keys[start : start + self.size]
            rows = {row["_id"]: row for row in self.documents.find({"_id": {"$in": part}}, self.stage.projection)}
            yield [rows[key] for key in part if key in rows]


def _write(database: Database[dict[str, Any]], stage: Stage, writes: list[Write]) -> None:
    if writes:
        database[stage.target or stage.collection].bulk_write(writes, ordered=False)


@contextmanager
def progress_bar(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on stderr where that is a terminal; a function that moves it."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if not console.is_terminal or not total:
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=total, rate="")

        def advance(steps: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=steps, rate=f"{speed:,.0f}/s" if speed else "")

        yield advance


def print_counts(name: str, counts: Mapping[str, int], as_json: bool, following: str = "") -> None:
    """One line about a run: what happened, how often, and what to run next."""
    if as_json:
        print(json.dumps(dict(counts)))
        return
    told = ", ".join(f"{count:,} {label.replace('_', ' ')}" for label, count in sorted(counts.items()) if count)
    print(f"{name}: {told or 'nothing to do'}" + (f"; next: {following}" if following else ""), file=sys.stdout)


__all__ = [
    "Flow",
    "Pending",
    "Run",
    "Stage",
    "add_stage_arguments",
    "local_runner",
    "natural",
    "positive",
    "print_counts",
    "progress_bar",
    "run_stage",
]
