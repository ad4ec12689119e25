"""`synth query`: what a MongoDB filter names, as a table or cards for people, as JSON lines for programs."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect
from synth.filters.check import conjuncts, mistakes, named_fields, refuse_code, warnings
from synth.filters.extended_json import dumps
from synth.filters.read import filter_errors, parse_filter
from synth.filters.saved import delete_filter, save_filter, saved_filters
from synth.query.display import card, table
from synth.stages.options import positive

if TYPE_CHECKING:
    from pymongo.cursor import Cursor
    from pymongo.database import Database

#: collection -> what is meant where neither the filter nor --all says otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "samples": {"superseded": {"$ne": True}},
    "articles": {},
    "clusters": {"current": True},
}
#: A screen. JSON lines go to programs, which want them all.
_ROWS, _CARDS = 20, 10
#: Seconds that the server may work on one question; a count of a million samples without an index takes two.
_TIMEOUT = 60


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = """Show or count the samples that a MongoDB filter names.

FILTER is extended JSON, @FILE, or :NAME of the cookbook or of a saved filter; several names, and JSON after them, must
all hold. Nothing is written, and no code runs on the server.

Samples that a newer one has replaced are left out unless --all is given or the filter names `superseded`; so are
clusters of older runs, unless --all is given or the filter names `current`."""
    parser.epilog = """examples:
  synth query '{"language": "it", "min_similarity": {"$gt": 0.3}}' --sort -min_similarity
  synth query '{"date": {"$gte": {"$date": "2026-05-01"}}}' --count
  synth query :ready :language=vi --cards
  synth query ':faithful {"cluster_size": {"$gte": 5}}' --save solid && synth query :solid --count
  synth query @filter.json --fields key,sources.link --json"""
    parser.add_argument("filter", nargs="*", metavar="FILTER", help="extended JSON, @FILE or :NAME (all)")
    parser.add_argument("--collection", choices=sorted(DEFAULTS), default="samples", help="what to look in (samples)")
    parser.add_argument("--all", action="store_true", help="also superseded samples, and clusters of older runs")
    parser.add_argument("--sort", metavar="FIELD", help="in order of a field; -FIELD: largest first (newest first)")
    parser.add_argument(
        "--limit", type=_limit, metavar="N", help=f"at most N; 0: all ({_ROWS}; {_CARDS} cards; JSON: all)"
    )
    parser.add_argument("--fields", type=_names, metavar="A,B", help="only these fields")
    parser.add_argument(
        "--timeout", type=positive, default=_TIMEOUT, metavar="SECONDS", help=f"give up after ({_TIMEOUT})"
    )
    parser.add_argument(
        "--force", action="store_true", help="run it with names that nothing has; replace a saved filter"
    )
    form = parser.add_argument_group(
        "what is shown (a table; one sample alone as a card)"
    ).add_mutually_exclusive_group()
    form.add_argument("--table", action="store_true", help="one line a sample, also of one alone")
    form.add_argument("--cards", action="store_true", help="with their texts, shortened")
    form.add_argument("--full", action="store_true", help="with their whole texts")
    form.add_argument("--count", action="store_true", help="print how many there are, and nothing else")
    form.add_argument("--explain", action="store_true", help="print how MongoDB finds them: index, documents read")
    names = parser.add_argument_group("filters with a name").add_mutually_exclusive_group()
    names.add_argument("--cookbook", action="store_true", help="list the filters that come with it")
    names.add_argument("--saved", action="store_true", help="list the saved ones")
    names.add_argument("--save", metavar="NAME", help="keep FILTER as :NAME")
    names.add_argument("--forget", metavar="NAME", help="remove a saved filter")


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if bad := [name for name in names if name.startswith("$") or name.endswith(".") or ".." in name]:
        raise argparse.ArgumentTypeError(f"{bad[0]!r} is no name of a field")
    return names


def main(options: argparse.Namespace) -> int:
    """Run the command; its exit status."""
    if options.cookbook:
        return _print_cookbook(options.json)
    database = connect(options.uri)
    if options.saved or options.forget:
        return _of_saved(database, options)
    query = parse_filter(_joined(options.filter), database, options.collection)
    refuse_code(query)
    _check(database, query, options)
    with filter_errors(), in_time(options.timeout):
        if options.save:
            return _keep(database, options, query)
        return _Query(database, options, query).answer()


def _joined(words: list[str]) -> str:
    """One filter of the words; `:tag=Reggio Emilia` was one word to the shell, and stays one."""
    return " ".join(re.sub(r'\A(:[\w-]+=)([^"{:]*\s[^"{:]*)\Z', r'\1"\2"', word) for word in words)


def _check(database: Database[dict[str, Any]], query: Mapping[str, Any], options: argparse.Namespace) -> None:
    """Raises NewsmillError for what cannot be meant, and warns of what is probably not."""
    names = [*(options.fields or []), (options.sort or "").lstrip("-+")]
    problems = mistakes(database, options.collection, query, names)
    if problems and not options.force:
        raise NewsmillError("bad filter: " + "; ".join(problems) + " (--force runs it all the same)")
    for line in [*problems, *warnings(query)]:
        print(f"query: warning: {line}", file=sys.stderr)


@contextmanager
def in_time(seconds: int) -> Iterator[None]:
    """One line for a question that took the server too long."""
    from pymongo.errors import ExecutionTimeout

    try:
        yield
    except ExecutionTimeout as error:
        raise NewsmillError(
            f"gave up after {seconds} s: narrow the filter to a date or language, see --explain for the index that it "
            "lacks, or give it longer with --timeout"
        ) from error


def implied_filter(collection: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """What is meant besides the filter: current documents, unless the filter itself speaks of that."""
    names = set(named_fields(query))
    return {name: value for name, value in DEFAULTS[collection].items() if name not in names}


# ---- filters with a name


def _print_cookbook(as_json: bool) -> int:
    from synth.filters.cookbook import recipes

    for recipe in recipes().values():
        if as_json:
            print(dumps({"name": recipe.name, "collection": recipe.collection, "question": recipe.question,
                          "filter": recipe.with_values(), "values": recipe.values, "note": recipe.note,
                          "index": recipe.index}))  # fmt: skip
        else:
            print(f":{recipe.name + (recipe.takes() if recipe.values else ''):<34} {recipe.question}")
    return 0


def _of_saved(database: Database[dict[str, Any]], options: argparse.Namespace) -> int:
    if options.forget:
        delete_filter(database, options.forget)
        print(f"query: :{options.forget.removeprefix(':')} is forgotten", file=sys.stderr)
        return 0
    rows = saved_filters(database)
    for row in rows:
        where = "" if row["collection"] == "samples" else f"--collection {row['collection']} "
        print(
            dumps(row) if options.json else f":{row['name']:<24} {row['created_at']:%Y-%m-%d}  {where}{row['filter']}"
        )
    if not rows:
        print("query: no filter is saved; synth query FILTER --save NAME saves one", file=sys.stderr)
    return 0


def _keep(database: Database[dict[str, Any]], options: argparse.Namespace, query: Mapping[str, Any]) -> int:
    # The server alone knows whether it is a filter.
    count = database[options.collection].count_documents(dict(query), limit=1, maxTimeMS=1000 * options.timeout)
    save_filter(database, options.save, query, options.collection, options.force)
    print(
        f"query: saved as :{options.save}{'' if count else ', which nothing matches now'}; "
        f"next: synth query :{options.save}, synth export --filter :{options.save}",
        file=sys.stderr,
    )
    return 0


# ---- the answer


class _Query:
    """One question to one collection."""

    def __init__(
        self, database: Database[dict[str, Any]], options: argparse.Namespace, query: Mapping[str, Any]
    ) -> None:
        self.database, self.options, self.wanted = database, options, query
        self.documents = database[options.collection]
        self.implied = {} if options.all else implied_filter(options.collection, query)
        self.whole = {"$and": [part for part in (self.implied, query) if part]} if self.implied or query else {}
        self.milliseconds = 1000 * options.timeout

    def answer(self) -> int:
        options = self.options
        if options.explain:
            self._print_plan()
            return 0
        if options.count:
            count = self._count()
            print(f'{{"count": {count}}}' if options.json else count)
        else:
            count = self._print_json() if options.json else self._print_rows()
        if not count:
            # Programs read numbers and JSON lines on stdout, people read both.
            stream = sys.stderr if options.json or options.count else sys.stdout
            print(nothing(self.database, options.collection, self.implied, self.wanted, self.milliseconds), file=stream)
        return 0

    def _count(self) -> int:
        return self.documents.count_documents(self.whole, maxTimeMS=self.milliseconds)

    def _found(self, limit: int) -> Cursor[dict[str, Any]]:
        projection: dict[str, int] | None = None
        if self.options.fields:
            projection = {"_id": 0} | dict.fromkeys(self.options.fields, 1)
        cursor = self.documents.find(
            self.whole, projection, limit=limit, allow_disk_use=True, max_time_ms=self.milliseconds
        )
        return cursor.sort(order(self.options.collection, self.options.sort))

    def _print_json(self) -> int:
        number = 0
        for document in self._found(self.options.limit or 0):
            print(dumps(document))
            number += 1
        return number

    def _print_rows(self) -> int:
        options = self.options
        as_cards = options.cards or options.full
        limit = options.limit if options.limit is not None else (_CARDS if as_cards else _ROWS)
        # One more than is shown: whether there are more, without counting a million.
        rows = self._found(limit + 1 if limit else 0)
        number, shown_rows = 0, []
        for document in rows:
            number += 1
            if limit and number > limit:
                break
            if as_cards:
                print(card(document, options.collection, options.full) + "\n", flush=number == 1)
            else:
                shown_rows.append(document)
        if len(shown_rows) == 1 and not options.table and not options.fields:
            print(card(shown_rows[0], options.collection))
        elif shown_rows:
            print("\n".join(table(shown_rows, options.collection, options.fields or ())), flush=True)
        if limit and number > limit:
            print(f"{limit:,} of {self._count():,} {options.collection}; --limit 0 shows all")
        return number

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
    milliseconds: int = 1000 * _TIMEOUT,
) -> str:  # fmt: skip
    """Why a filter names no document: the parts that match nothing, or the first that leaves nothing of the rest."""
    documents = database[collection]

    def count(*parts: Mapping[str, Any], limit: int = 0) -> int:
        options: dict[str, Any] = {"limit": limit} if limit else {}
        return documents.count_documents({"$and": [*parts]} if parts else {}, maxTimeMS=milliseconds, **options)

    if not documents.estimated_document_count():
        return f"no {collection}: there are none in {database.name} yet"
    base, parts = conjuncts(implied), conjuncts(query)
    if base and not count(*base, limit=1):
        return f"no {collection}: all are superseded or of older runs (--all shows them)"
    lines = [f"no {collection} match the filter"]
    alone = [part for part in parts if not count(*base, part, limit=1)]
    lines += [f"  matches nothing by itself: {_shown(part)}" for part in alone]
    if not alone:
        for i, part in enumerate(parts):
            if not count(*base, *parts[: i + 1], limit=1):
                rest = f"  each part matches some, but none of the {count(*base, *parts[:i]):,} that match"
                lines += [f"{rest} {_shown(*parts[:i])}", f"  match {_shown(part)}, too"]
                break
    if implied and count(*parts, limit=1):
        lines.append("  --all finds some: superseded samples, or clusters of older runs")
    return "\n".join(lines)


def _shown(*parts: Mapping[str, Any]) -> str:
    return ", ".join(dumps(part) for part in parts)
