"""What `synth query` asks of MongoDB and prints: rows, cards, JSON lines, counts, plans, and why nothing matches."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import name_of
from synth.filters.check import conjuncts, named_fields
from synth.filters.extended_json import dumps
from synth.query.counting import count, count_or_estimate, estimate
from synth.query.display import print_card, print_table
from synth.query.judge_notes import JudgeNotes
from synth.samples.schema import fields_of

if TYPE_CHECKING:
    from pymongo.cursor import Cursor
    from pymongo.database import Database

#: A screen. JSON lines go to programs, which want them all.
ROWS, CARDS = 20, 10
#: Seconds that the server may work on one question; a count of a million samples without an index takes two.
TIMEOUT = 60
_IS = {"$exists": True}
#: Group of fields -> the command that writes them.
_WRITES = {
    "similarity": "synth score", "language": "synth score", "faithful": "synth score", "personal data": "synth score",
    "toxicity": "synth score --toxicity multilingual", "judge": "synth judge --llm openai:MODEL",
    "judge calls": "synth judge --llm openai:MODEL", "duplicates": "synth dedupe",
    "evaluation sets": "synth dedupe --against EVALUATION.jsonl",
}  # fmt: skip


@contextmanager
def in_time(seconds: int) -> Iterator[None]:
    """One line for a question that took the server too long."""
    from pymongo.errors import ExecutionTimeout

    try:
        yield
    except ExecutionTimeout as error:
        raise NewsmillError(
            f"gave up after {seconds} s: narrow the filter to a date or language, see --explain for the index that it "
            "lacks, or give it longer with --timeout; --count --about estimates a number"
        ) from error


class Results:
    """One question to one collection: the documents of a filter and of what it implies, and how they are printed."""

    def __init__(
        self,
        database: Database[dict[str, Any]],
        options: argparse.Namespace,
        query: Mapping[str, Any],
        implied: Mapping[str, Any],
    ) -> None:
        self.database, self.options, self.query = database, options, query
        self.documents = database[options.collection]
        self.implied = implied
        self.whole = {"$and": [part for part in (self.implied, query) if part]} if self.implied or query else {}
        self.milliseconds = 1000 * options.timeout

    @cached_property
    def notes(self) -> JudgeNotes:
        """What is said beside a judge's scores; programs, which read JSON, never ask."""
        return JudgeNotes(self.database)

    def answer(self) -> int:
        """Print them; the command's exit status."""
        options = self.options
        if options.explain:
            self._print_plan()
            return 0
        if not (self._print_count() if options.count else self._print_documents()):
            # Programs read numbers and JSON lines on stdout, people read both.
            stream = sys.stderr if options.json or options.count else sys.stdout
            print(nothing(self.database, options.collection, self.implied, self.query, self.milliseconds), file=stream)
        return 0

    def _print_count(self) -> int:
        """Print how many there are; the number."""
        result = (estimate if self.options.about else count)(self.documents, self.whole, self.milliseconds)
        if self.options.json:
            bounds = {"low": result.low, "high": result.high} if self.options.about else {}
            print(dumps({"count": result.number, **bounds}))
        elif result.is_exact:
            print(result.number)
        else:
            print(f"{result} (in 95 of 100 cases {result.low:,} to {result.high:,})")
        if result.is_slow:
            print(f"query: counted in {result.seconds:.1f} s; --about estimates the number", file=sys.stderr)
        return result.high

    def _cursor(self, limit: int) -> Cursor[dict[str, Any]]:
        projection: dict[str, int] | None = None
        if self.options.fields:
            projection = {"_id": 0} | dict.fromkeys((*self.options.fields, *self._beside()), 1)
        keys = order(self.options.collection, self.options.sort)
        query = page_filter(self.options.collection, self.whole, keys)
        cursor = self.documents.find(query, projection, limit=limit, allow_disk_use=True, max_time_ms=self.milliseconds)
        return cursor.sort(keys)

    def _beside(self) -> list[str]:
        """Fields that a note on a score is made from; programs, which get no notes, get no such fields."""
        if self.options.collection != "samples" or self.options.json:
            return []
        return self.notes.needed(self.options.fields)

    def _print_documents(self) -> int:
        return self._print_json() if self.options.json else self._print_rows()

    def _print_json(self) -> int:
        number = 0
        for document in self._cursor(self.options.limit or 0):
            print(dumps(document))
            number += 1
        return number

    def _print_rows(self) -> int:
        options = self.options
        as_cards = options.cards or options.full
        limit = options.limit if options.limit is not None else (CARDS if as_cards else ROWS)
        # One more than is shown: whether there are more, without counting a million.
        rows = self._cursor(limit + 1 if limit else 0)
        number, shown_rows = 0, []
        for document in rows:
            number += 1
            if limit and number > limit:
                break
            if as_cards:
                print_card(self._noted(document), options.collection, options.full)
                print()
            else:
                shown_rows.append(document)
        if len(shown_rows) == 1 and not options.table and not options.fields:
            print_card(self._noted(shown_rows[0]), options.collection)
        elif shown_rows:
            print_table(shown_rows, options.collection, options.fields or ())
            if options.collection == "samples" and (line := self.notes.footnote(shown_rows)):
                print(line)
        if limit and number > limit:
            total = count_or_estimate(self.documents, self.whole, self.milliseconds)
            print(f"{limit:,} of {total} {options.collection}; --limit 0 shows all")
        return number

    def _noted(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        """A document for a card: a judge's score says what is known of the judge."""
        if self.options.collection != "samples":
            return document
        return self.notes.card(document, self.options.fields or ())

    def _print_plan(self) -> None:
        command = {"find": self.options.collection, "filter": self.whole}
        explanation = self.database.command("explain", command, verbosity="executionStats", maxTimeMS=self.milliseconds)
        if self.options.json:
            print(dumps(explanation))
            return
        stats = explanation["executionStats"]
        indexes = sorted(set(_indexes(explanation["queryPlanner"]["winningPlan"])))
        print(f"filter     {dumps(self.whole)}")
        print(f"index      {', '.join(indexes) or 'none: every document is read'}")
        print(f"documents  {stats['nReturned']:,} found, {stats['totalDocsExamined']:,} read")
        print(f"index keys {stats['totalKeysExamined']:,} read")
        print(f"time       {stats['executionTimeMillis']:,} ms")


def order(collection: str, sort: str | None) -> list[tuple[str, int]]:
    """Sort keys; equal ones in the order of _id, so that pages of one query do not overlap."""
    name = sort or ("-last_date" if collection == "clusters" else "-date")
    return [(name.lstrip("-+"), -1 if name.startswith("-") else 1), ("_id", 1)]


def page_filter(collection: str, query: Mapping[str, Any], keys: list[tuple[str, int]]) -> dict[str, Any]:
    """The filter as the documents of a page are asked for in an order.

    MongoDB uses the further keys of an index on the date only where the date has a bound. With one that each sample
    meets, what a number rules out is passed over in the index; without, each sample is read.
    """
    from bson import MinKey

    if collection != "samples" or keys[0] != ("date", -1):
        return dict(query)
    return {"$and": [{"date": {"$gte": MinKey()}}, *([dict(query)] if query else [])]}


def _indexes(plan: Any) -> Iterator[str]:
    """Names of the indexes in a plan, however deep."""
    if isinstance(plan, Mapping):
        if "indexName" in plan:
            yield str(plan["indexName"])
        for value in plan.values():
            yield from _indexes(value)
    elif isinstance(plan, list):
        for value in plan:
            yield from _indexes(value)


def nothing(
    database: Database[dict[str, Any]], collection: str, implied: Mapping[str, Any], query: Mapping[str, Any],
    milliseconds: int = 1000 * TIMEOUT,
) -> str:  # fmt: skip
    """Why a filter names no document: the parts that match nothing, or the first that leaves nothing of the rest."""
    documents = database[collection]

    def count(*parts: Mapping[str, Any], limit: int = 0) -> int:
        options: dict[str, Any] = {"limit": limit} if limit else {}
        return documents.count_documents({"$and": [*parts]} if parts else {}, maxTimeMS=milliseconds, **options)

    if not documents.estimated_document_count():
        return f"no {collection}: there are none in {name_of(database)} yet"
    base, parts = conjuncts(implied), conjuncts(query)
    if base and not count(*base, limit=1):
        return f"no {collection}: all are superseded or of older runs (--all shows them)"
    lines = [f"no {collection} match the filter"]
    alone = [part for part in parts if not count(*base, part, limit=1)]
    lines += [f"  matches nothing by itself: {_shown(part)}" for part in alone]
    if collection == "samples":
        names = dict.fromkeys(name.partition(".")[0] for part in alone for name in named_fields(part))
        lines += _commands(name for name in names if not count({name: _IS}, limit=1))
    if not alone:
        for i, part in enumerate(parts):
            if not count(*base, *parts[: i + 1], limit=1):
                rest = f"  each part matches some, but none of the {count(*base, *parts[:i]):,} that match"
                lines += [f"{rest} {_shown(*parts[:i])}", f"  match {_shown(part)}, too"]
                break
    if implied and count(*parts, limit=1):
        lines.append("  --all finds some: superseded samples, or clusters of older runs")
    return "\n".join(lines)


def _commands(names: Iterable[str]) -> Iterator[str]:
    """The commands that write these fields, which no sample has."""
    groups = {field.name: field.group for field in fields_of("samples")}
    for name in names:
        if command := _WRITES.get(groups.get(name, "")):
            yield f"  no sample has {name} yet; next: {command}"


def _shown(*parts: Mapping[str, Any]) -> str:
    return ", ".join(dumps(part) for part in parts)
