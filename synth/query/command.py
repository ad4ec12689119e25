"""`synth query`: what a MongoDB filter names, as a table or cards for people, as JSON lines for programs."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect
from synth.filters.check import DEFAULTS, filter_errors, implied_filter, review
from synth.filters.extended_json import dumps
from synth.filters.read import parse_filter
from synth.filters.saved import delete_filter, save_filter, saved_filters
from synth.query.results import CARDS, ROWS, TIMEOUT, Results, in_time
from synth.stages.options import positive

if TYPE_CHECKING:
    from pymongo.database import Database


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = """Show or count the samples that a MongoDB filter names.

FILTER is extended JSON, @FILE, or :NAME of the cookbook or of a saved filter; several names, and JSON after them, must
all hold. No code runs on the server, and nothing is written but the lengths of answers that an earlier version stored,
when a filter first asks for them.

Samples that a newer one has replaced are left out unless --all is given or the filter names `superseded`; so are
clusters of older runs, unless --all is given or the filter names `current`."""
    parser.epilog = """examples:
  synth query '{"language": "it", "min_similarity": {"$gt": 0.3}}' --sort -min_similarity
  synth query '{"date": {"$gte": {"$date": "2026-05-01"}}}' --count
  synth query :ready :language=vi --cards
  synth query :ready --count --about
  synth query ':faithful {"cluster_size": {"$gte": 5}}' --save solid && synth query :solid --count
  synth query @filter.json --fields key,sources.link --json"""
    parser.add_argument("filter", nargs="*", metavar="FILTER", help="extended JSON, @FILE or :NAME (all)")
    parser.add_argument("--collection", choices=sorted(DEFAULTS), default="samples", help="what to look in (samples)")
    parser.add_argument("--all", action="store_true", help="also superseded samples, and clusters of older runs")
    parser.add_argument("--sort", metavar="FIELD", help="in order of a field; -FIELD: largest first (newest first)")
    parser.add_argument(
        "--limit", type=_limit, metavar="N", help=f"at most N; 0: all ({ROWS}; {CARDS} cards; JSON: all)"
    )
    parser.add_argument("--fields", type=_names, metavar="A,B", help="only these fields")
    parser.add_argument(
        "--timeout", type=positive, default=TIMEOUT, metavar="SECONDS", help=f"give up after ({TIMEOUT})"
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
    parser.add_argument("--about", action="store_true", help="with --count: estimate it where counting takes a while")
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
    if options.about and not options.count:
        raise NewsmillError("--about goes with --count")
    if options.cookbook:
        return _print_cookbook(options.json)
    database = connect(options.uri)
    if options.saved or options.forget:
        return _of_saved(database, options)
    query = parse_filter(_joined(options.filter), database, options.collection)
    names = [*(options.fields or []), (options.sort or "").lstrip("-+")]
    for line in review(database, options.collection, query, names, options.force):
        print(f"query: warning: {line}", file=sys.stderr)
    implied = {} if options.all else implied_filter(options.collection, query)
    with filter_errors(), in_time(options.timeout):
        if options.save:
            return _keep(database, options, query)
        return Results(database, options, query, implied).answer()


def _joined(words: list[str]) -> str:
    """One filter of the words; `:tag=Reggio Emilia` was one word to the shell, and stays one."""
    return " ".join(re.sub(r'\A(:[\w-]+=)([^"{:]*\s[^"{:]*)\Z', r'\1"\2"', word) for word in words)


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
