"""`synth query`: what a MongoDB filter names, as cards for people or as JSON lines for programs."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.items import Article
from crawler.mongo import connect
from synth.samples import known_fields
from synth.stage import filter_errors, read_filter

if TYPE_CHECKING:
    from pymongo.database import Database

#: collection -> what is meant where neither the filter nor --all says otherwise.
DEFAULTS: dict[str, dict[str, Any]] = {
    "samples": {"superseded": {"$ne": True}},
    "articles": {},
    "clusters": {"current": True},
}
#: Cards of one screen or two; JSON lines go to programs, which want them all.
_CARDS = 10
#: Characters of a text on a card.
_TEXT = 600
_LABEL = 12
_DATES = {"date", "date_modified", "crawled_at", "created_at", "checked_at", "first_date", "last_date"}
_CLUSTER_FIELDS = (
    "_id run number event articles links size first_date last_date language embedder linkage threshold window "
    "fingerprint created_at current"
).split()
_ARTICLE_FIELDS = "_id also_at permission.robots permission.opt_out permission.evidence permission.checked_at".split()


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = """Show or count the samples that a MongoDB filter names.

Samples that a newer one has replaced are left out unless --all is given or the filter names `superseded`; so are
clusters of older runs, unless --all is given or the filter names `current`."""
    parser.epilog = """examples:
  synth query '{"language": "it", "min_similarity": {"$gt": 0.3}}' --sort -min_similarity
  synth query '{"date": {"$gte": {"$date": "2026-05-01"}}}' --count
  synth query '{"sources.source_site": "Ansa"}' --fields key,answer --json
  synth query @filter.json --collection articles"""
    parser.add_argument("filter", nargs="?", default="", metavar="FILTER", help="extended JSON, or @FILE (all)")
    parser.add_argument("--collection", choices=sorted(DEFAULTS), default="samples", help="what to look in (samples)")
    parser.add_argument("--all", action="store_true", help="also superseded samples, and clusters of older runs")
    parser.add_argument("--count", action="store_true", help="print how many there are, and nothing else")
    parser.add_argument("--limit", type=_limit, metavar="N", help=f"at most N; 0: all ({_CARDS} cards, all JSON lines)")
    parser.add_argument("--sort", metavar="FIELD", help="in order of a field; -FIELD: largest first (newest first)")
    parser.add_argument("--fields", type=_names, metavar="A,B", help="only these fields")
    parser.add_argument("--full", action="store_true", help="do not shorten texts on cards")
    parser.add_argument("--explain", action="store_true", help="print how MongoDB finds them: index, documents read")


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
    wanted = read_filter(options.filter)
    database = connect(options.uri)
    for line in warnings(
        database, options.collection, wanted, [*(options.fields or []), (options.sort or "").lstrip("-+")]
    ):
        print(f"query: warning: {line}", file=sys.stderr)
    implied = {} if options.all else implied_filter(options.collection, wanted)
    whole = {"$and": [part for part in (implied, wanted) if part]} if implied or wanted else {}
    with filter_errors():
        count = database[options.collection].count_documents(whole)
        if options.explain:
            _print_plan(database, options.collection, whole, options.json)
        elif options.count:
            print(f'{{"count": {count}}}' if options.json else count)
        elif count:
            _print_documents(database, options, whole, count)
        if not count and not options.explain:
            # Programs read numbers and JSON lines on stdout, people read both.
            stream = sys.stderr if options.json or options.count else sys.stdout
            print(nothing(database, options.collection, implied, wanted), file=stream)
    return 0


def implied_filter(collection: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What is meant besides the filter: current documents, unless the filter itself speaks of that."""
    said = set(named_fields(wanted))
    return {name: value for name, value in DEFAULTS[collection].items() if name not in said}


def named_fields(wanted: Any, prefix: str = "") -> Iterator[str]:
    """Names of fields in a filter, dotted, without the positions in lists: `sources.0.title` is `sources.title`."""
    if not isinstance(wanted, Mapping):
        return
    for name, value in wanted.items():
        if name in ("$and", "$or", "$nor") and isinstance(value, list):
            for part in value:
                yield from named_fields(part, prefix)
        elif name in ("$not", "$elemMatch", "$all"):
            for part in value if isinstance(value, list) else [value]:
                yield from named_fields(part, prefix)
        elif not name.startswith("$"):
            path = ".".join(part for part in f"{prefix}.{name}".split(".") if part and not part.isdecimal())
            yield path
            if isinstance(value, Mapping) and any(str(inner).startswith("$") for inner in value):
                yield from named_fields({key: inner for key, inner in value.items() if key.startswith("$")}, path)


def fields_of(collection: str) -> set[str]:
    """Names that documents of a collection may have."""
    if collection == "samples":
        return known_fields()
    if collection == "clusters":
        return set(_CLUSTER_FIELDS)
    return {item.name for item in fields(Article)} | set(_ARTICLE_FIELDS)


def warnings(
    database: Database[dict[str, Any]], collection: str, wanted: Mapping[str, Any], others: Iterable[str] = ()
) -> Iterator[str]:
    """What is probably not meant: names that no document has, instants compared with texts."""
    known = fields_of(collection)
    for name in dict.fromkeys([*named_fields(wanted), *(other for other in others if other)]):
        # A later version, or a person, may have added fields of their own.
        if name in known or database[collection].find_one({name: {"$exists": True}}, {"_id": 1}):
            continue
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        yield f"no field {name!r} in {collection}" + (f": did you mean {near[0]!r}?" if near else "")
    for name, value in _texts_for_dates(wanted):
        yield f'{name} is an instant, never equal to the text {value!r}: write {{"$date": "2026-05-01"}}'


def _texts_for_dates(wanted: Any, field: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(wanted, str) and field.rpartition(".")[2] in _DATES:
        yield field, wanted
    elif isinstance(wanted, Mapping):
        for name, value in wanted.items():
            yield from _texts_for_dates(value, field if name.startswith("$") else name)
    elif isinstance(wanted, list):
        for value in wanted:
            yield from _texts_for_dates(value, field)


def conjuncts(wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parts of a filter that must all hold: its fields, and those of its `$and`."""
    parts: list[dict[str, Any]] = []
    for name, value in wanted.items():
        if name == "$and" and isinstance(value, list):
            for part in value:
                parts.extend(conjuncts(part))
        else:
            parts.append({name: value})
    return parts


def nothing(
    database: Database[dict[str, Any]], collection: str, implied: Mapping[str, Any], wanted: Mapping[str, Any]
) -> str:
    """Why a filter names no document: the parts that match nothing, or the first that leaves nothing of the rest."""
    documents = database[collection]
    if not documents.estimated_document_count():
        return f"no {collection}: there are none in {database.name} yet"
    base = conjuncts(implied)
    if base and not documents.count_documents({"$and": base}):
        return f"no {collection}: all are superseded or of older runs (--all shows them)"
    parts = conjuncts(wanted)
    alone = [part for part in parts if not documents.count_documents({"$and": [*base, part]}, limit=1)]
    lines = [f"no {collection} match the filter"]
    lines += [f"  matches nothing by itself: {_shown(part)}" for part in alone]
    if not alone:
        kept: list[dict[str, Any]] = []
        for part in parts:
            before = documents.count_documents({"$and": [*base, *kept, part]} if base or kept else part)
            if not before:
                rest = documents.count_documents({"$and": [*base, *kept]})
                lines.append(f"  each part matches some, but none of the {rest:,} that match {_shown(*kept)}")
                lines.append(f"  match {_shown(part)}, too")
                break
            kept.append(part)
    if implied and documents.count_documents({"$and": parts}, limit=1):
        lines.append("  --all finds some: superseded samples, or clusters of older runs")
    return "\n".join(lines)


def _shown(*parts: Mapping[str, Any]) -> str:
    return ", ".join(_dumped(part) for part in parts)


def _dumped(document: Any) -> str:
    """One line of relaxed extended JSON."""
    from bson import json_util

    return json_util.dumps(document, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False)


def _print_documents(
    database: Database[dict[str, Any]], options: argparse.Namespace, wanted: Mapping[str, Any], count: int
) -> None:
    limit = options.limit if options.limit is not None else (0 if options.json else _CARDS)
    projection = dict.fromkeys(options.fields, 1) if options.fields else None
    if projection and "_id" not in projection:
        projection["_id"] = 0
    cursor = database[options.collection].find(wanted, projection, limit=limit, allow_disk_use=True)
    for document in cursor.sort(order(options.collection, options.sort)):
        print(_dumped(document) if options.json else card(document, options.collection, options.full) + "\n")
    if not options.json and limit and limit < count:
        print(f"{limit:,} of {count:,} {options.collection}; --limit 0 shows all")


def order(collection: str, sort: str | None) -> list[tuple[str, int]]:
    """Sort keys; equal ones in the order of _id, so that pages of one query do not overlap."""
    name = sort or ("-last_date" if collection == "clusters" else "-date")
    return [(name.lstrip("-+"), -1 if name.startswith("-") else 1), ("_id", 1)]


def _print_plan(database: Database[dict[str, Any]], collection: str, wanted: Mapping[str, Any], as_json: bool) -> None:
    told = database.command("explain", {"find": collection, "filter": dict(wanted)}, verbosity="executionStats")
    if as_json:
        print(_dumped(told))
        return
    stats = told["executionStats"]
    used = sorted(set(_indexes(told["queryPlanner"]["winningPlan"])))
    print(f"filter     {_dumped(wanted)}")
    print(f"index      {', '.join(used) or 'none: every document is read'}")
    print(f"documents  {stats['nReturned']:,} found, {stats['totalDocsExamined']:,} read")
    print(f"index keys {stats['totalKeysExamined']:,} read")
    print(f"time       {stats['executionTimeMillis']:,} ms")


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


def card(document: Mapping[str, Any], collection: str, full: bool = False) -> str:
    """A document for a terminal, one field a paragraph; fields that it lacks are left out.

    A projected sample shows what it has; whatever the card of its collection does not name follows in short.
    """
    width = max(40, min(100, shutil.get_terminal_size((100, 24)).columns))
    rows = list(_rows(document, collection))
    head = " ".join(str(document[name]) for name in _HEADS[collection] if document.get(name))
    lines = [_clean(f"── {head} ").ljust(width, "─") if head else "─" * width]
    for label, text in rows:
        lines += _paragraph(label, text if full else _shortened(text), width)
    return "\n".join(lines)


_HEADS = {
    "samples": ("task", "language", "status"),
    "articles": ("source_site", "language", "section"),
    "clusters": ("language", "size"),
}
#: Fields of a card in their order; texts, numbers and instants as they are.
_CARD_FIELDS = {
    "samples": ("key", "date", "system", "question", "answer"),
    "articles": ("link", "title", "description", "date", "authors", "tags", "content"),
    "clusters": ("event", "first_date", "last_date", "run", "links"),
}
#: Shown in a line of their own making, or of no use to a reader of cards.
_NOT_LISTED = {
    "samples": {
        "instruction", "sources", "similarity", "min_similarity", "mean_similarity", "similarity_std",
        "similarity_embedder", "detected_language", "language_confidence", "provenance", "history", "event",
        "cluster_size", "superseded", "created_at",
    },
    "articles": {"content_hash", "crawled_at", "kind", "permission", "date_modified", "location", "revision"},
    "clusters": {"articles", "texts", "pending", "current", "created_at", "embedder", "linkage", "threshold", "window"},
}  # fmt: skip


def _rows(document: Mapping[str, Any], collection: str) -> Iterator[tuple[str, str]]:
    """(label, text) of a card."""
    listed = _CARD_FIELDS[collection]
    for name in listed:
        if document.get(name) not in (None, "", []):
            yield name, _value(document[name])
    if collection == "samples":
        yield from _sample_rows(document)
    # What --fields asked for, or a later version added, is shown even where no card foresees it.
    hidden = set(listed) | set(_HEADS[collection]) | {"_id"} | (_NOT_LISTED[collection] if "_id" in document else _TOLD)
    for name, value in document.items():
        if name not in hidden and value not in (None, "", [], {}):
            yield name, _value(value)


#: What `_sample_rows` tells.
_TOLD = {
    "sources", "similarity", "min_similarity", "mean_similarity", "similarity_embedder", "detected_language",
    "language_confidence", "superseded",
}  # fmt: skip


def _sample_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    numbers = [f"{name} {document[f'{name}_similarity']:.3f}" for name in ("min", "mean") if _number(document, name)]
    if each := [f"{value:.3f}" for value in document.get("similarity") or []]:
        numbers.append(f"({', '.join(each)})")
    if numbers:
        embedder = document.get("similarity_embedder")
        yield "similarity", " ".join(numbers) + (f" by {embedder}" if embedder else "")
    if found := document.get("detected_language"):
        sure = document.get("language_confidence")
        yield "found", f"{found} {sure:.2f}" if isinstance(sure, int | float) else found
    if document.get("superseded"):
        yield "superseded", str(document.get("superseded_by") or "yes")
    for source in document.get("sources") or []:
        told = [str(source[name]) for name in ("source_site", "title", "link") if source.get(name)]
        if told:
            yield "source", "  ".join(told)


def _number(document: Mapping[str, Any], name: str) -> bool:
    return isinstance(document.get(f"{name}_similarity"), int | float)


def _value(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ("\n" if any("://" in item for item in value) else ", ").join(value)
    if isinstance(value, Mapping | list):
        return _dumped(value)
    return str(value)


# Crawled text may hold sequences that drive a terminal; line breaks are ours to make.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", text)


def _shortened(text: str) -> str:
    if len(text) <= _TEXT:
        return text
    return text[:_TEXT].rsplit(" ", 1)[0] + f" … ({len(text):,} characters)"


def _paragraph(label: str, text: str, width: int) -> list[str]:
    """A label and its text, wrapped behind it; links are never broken."""
    lines: list[str] = []
    for part in _clean(text).splitlines():
        if part.strip():
            lines += textwrap.wrap(part, max(20, width - _LABEL), break_long_words=False, break_on_hyphens=False)
    return [f"{label if not i else '':<{_LABEL - 1}} {line}" for i, line in enumerate(lines)]
