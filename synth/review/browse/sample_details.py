"""One sample with all that the store knows of it: scores, lineage, cost, what people said, and where it went."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.display import web
from synth.display.sample_card import ANSWER_MOST, number, record, records, sample_card, values
from synth.display.source_coverage import source_coverage
from synth.export_folders import export_folders, has_sample
from synth.review.browse.sample_list import text
from synth.samples.schema import sample_fields

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

Row = Mapping[str, Any]
#: Sources listed_keys beside an answer, and relatives of one kind that are listed.
_SOURCES, _RELATIVES = 12, 50
#: Characters of a key that name a sample where no other begins so.
_SHORTEST = 8
#: Characters of a text that a page has at most.
_LONGEST = 1_000_000
#: Lists of names that stand on a sample.
_LISTS = ("doubts", "injection", "tags")
#: Group of scores that say something else than how good a sample is.
_NO_SCORES = ("sample", "judge calls")


def find_sample(database: Store, key: str) -> dict[str, Any] | None:
    """The sample of a key, or of the beginning of one that no other has."""
    row = database.samples.find_one({"key": key})
    if row is not None or len(key) < _SHORTEST:
        return row
    rows = list(database.samples.find({"key": {"$regex": f"^{re.escape(key)}"}}).limit(2))
    return rows[0] if len(rows) == 1 else None


def details(database: Store, sample: Row) -> dict[str, Any]:
    """What the page of a sample shows: `card` (synth.display.sample_card) and the rest by its parts."""
    key = str(sample.get("key") or "")
    card = sample_card(sample, source_limit=_SOURCES)
    _complete(database, card["sources"], sample)
    return {
        "card": card, "scores": list(score_groups(sample)), **{name: _lines(sample, name) for name in _LISTS},
        "rest": answer_beyond(sample), "texts": texts_of(sample),
        "lineage": lineage(database, sample), "cost": cost_of(database, calls_of(sample)),
        "relatives": relatives(database, sample), "exports": exports_of(database, key),
        "superseded": sample.get("superseded") is True,
    }  # fmt: skip


def _lines(sample: Row, name: str) -> list[str]:
    return [text(value, 300) for value in values(sample.get(name))]


def _complete(database: Store, sources: list[dict[str, Any]], sample: Row) -> None:
    """Add to the sources of a card: coverage, what of it is told, the address on the web, whether the store has it."""
    links = [source["link"] for source in sources]
    stored = {row["link"] for row in database.articles.find({"link": {"$in": links}}, {"link": 1})}
    coverage, documents = values(sample.get("coverage")), records(sample.get("sources"))
    for i, source in enumerate(sources):
        source["coverage"] = number(coverage[i]) if i < len(coverage) else None
        document = {name: str(documents[i].get(name) or "")[:_LONGEST] for name in ("title", "description", "content")}
        source["told"] = source_coverage(str(sample.get("answer") or ""), document, source["paragraphs"])
        source["href"], source["stored"] = web(str(source["link"])), source["link"] in stored


def answer_beyond(sample: Row) -> str:
    """The part of a huge answer that the card leaves out."""
    return str(sample.get("answer") or "")[ANSWER_MOST:_LONGEST]


def texts_of(sample: Row) -> dict[str, Any]:
    """The texts besides the answer: system message, earlier turns, the whole question, texts before an edit."""
    turns = [{"role": str(row.get("role") or ""), "content": str(row.get("content") or "")}
             for row in records(sample.get("history"))]  # fmt: skip
    names = ("system", "question", "original_question", "original_answer")
    return {"history": turns, **{name: str(sample.get(name) or "")[:_LONGEST] for name in names}}


# ---- scores


def score_groups(sample: Row) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(group, [{name, value, unit, meaning}]) of every number that was measured, in the order of the schema."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for field in sample_fields():
        value = number(sample.get(field.name))
        if field.group not in _NO_SCORES and not field.many and field.unit and value is not None:
            meaning = field.description.replace("`", "")
            row = {"name": field.name, "value": value, "unit": field.unit, "meaning": meaning}
            groups.setdefault(field.group, []).append(row)
    yield from groups.items()


# ---- lineage


def calls_of(sample: Row) -> list[str]:
    """Calls in the ledger that the sample, or its judge, was made with."""
    parts = (sample.get("provenance"), sample.get("judge"))
    return [call for part in parts for call in values(record(part).get("calls")) if isinstance(call, str)]


def cost_of(database: Store, calls: Sequence[str]) -> dict[str, Any]:
    """{calls, stored, cost, unpriced, tokens, models}; cost in US dollars, None where no call has a price."""
    fields = {"_id": 0, "llm": 1, "prompt_tokens": 1, "completion_tokens": 1, "cost": 1}
    rows = list(database.llm_calls.find({"hash": {"$in": list(dict.fromkeys(calls))}}, fields))
    prices = [price for row in rows if (price := number(row.get("cost"))) is not None]
    tokens = sum(number(row.get(name)) or 0 for row in rows for name in ("prompt_tokens", "completion_tokens"))
    return {
        "calls": len(set(calls)), "stored": len(rows), "cost": sum(prices) if prices else None, "tokens": tokens,
        "unpriced": len(rows) - len(prices), "models": sorted({str(row.get("llm") or "?") for row in rows}),
    }  # fmt: skip


def lineage(database: Store, sample: Row) -> dict[str, Any]:
    """{event, run, made {name: text}, left_out, articles}: what the sample was made from, and by what."""
    provenance = record(sample.get("provenance"))
    names = ("prompt", "model", "method", "task_prompt", "translator", "judge_model", "dataset", "license", "file",
             "line", "format")  # fmt: skip
    judge = record(sample.get("judge"))
    makers = {name: text(provenance.get(name), 300) for name in names if provenance.get(name)}
    makers |= {f"judge_{name}": text(judge.get(name), 300) for name in ("model", "prompt") if judge.get(name)}
    return {
        "event": event_of(database, sample), "made": makers, "run": _run(database, provenance.get("run")),
        "left_out": [_left_out(row) for row in records(provenance.get("left_out"))],
        "articles": [text(row.get("link"), 2000) for row in records(sample.get("sources")) if row.get("link")],
        "created_at": _moment(sample.get("created_at")), "columns": _cells(provenance.get("columns")),
    }  # fmt: skip


def _left_out(row: Row) -> dict[str, str]:
    link = str(row.get("link") or "")
    return {"link": link, "href": web(link), "reason": text(row.get("reason"), 200)}


def event_of(database: Store, sample: Row) -> str:
    """The key of the sample's event, else of the current event of its first source; "" where the store has neither."""
    event = sample.get("event")
    if _is_text(event) and database.clusters.find_one({"event": event}, {"_id": 1}):
        return str(event)
    link = next((row.get("link") for row in records(sample.get("sources")) if _is_text(row.get("link"))), None)
    article = database.articles.find_one({"link": link}, {"_id": 1}) if link else None
    if article is None:
        return ""
    cluster = database.clusters.find_one({"articles": article["_id"], "current": True}, {"event": 1})
    return str((cluster or {}).get("event") or "")


def _run(database: Store, run: Any) -> dict[str, Any] | None:
    if not isinstance(run, str) or not run:
        return None
    row = database.runs.find_one({"_id": run}, {"stage": 1, "started_at": 1, "code_version": 1}) or {}
    started = _moment(row.get("started_at"))
    name = json.dumps({"provenance.run": run}, ensure_ascii=False)
    return {"id": run, "stage": text(row.get("stage"), 60), "started_at": started, "filter": name}


def _cells(columns: Any) -> dict[str, str]:
    return {str(name): text(value, 300) for name, value in record(columns).items()}


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


# ---- other samples


def relatives(database: Store, sample: Row) -> dict[str, list[dict[str, Any]]]:
    """Kind of relation -> the samples that it leads to: {key, language, task, status, answer}."""
    key, provenance = str(sample.get("key") or ""), record(sample.get("provenance"))
    of_text = {"$eq": key, "$type": "string"}
    queries: dict[str, Row | None] = {
        "translated_from": _named(provenance.get("translated_from")),
        "translations": {"provenance.translated_from": key} if key else None,
        "superseded_by": _named(sample.get("superseded_by")),
        "supersedes": {"superseded_by": of_text} if key else None,
        "duplicate_of": _named(sample.get("duplicate_of")),
        "duplicates": {"duplicate_of": of_text} if key else None,
        "same_event": {"event": sample["event"], "key": {"$ne": key}} if _is_text(sample.get("event")) else None,
    }
    rows = {kind: list(_listed(database, query)) for kind, query in queries.items() if query}
    listed_keys: set[str] = set()
    for kind, related in rows.items():
        # A sample that stands under a closer relation is not named again.
        rows[kind] = [row for row in related if row["key"] not in listed_keys]
        listed_keys |= {row["key"] for row in related}
    return {kind: related for kind, related in rows.items() if related}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _named(key: Any) -> Row | None:
    return {"key": key} if _is_text(key) else None


def _listed(database: Store, query: Row) -> Iterator[dict[str, Any]]:
    fields = {"key": 1, "language": 1, "task": 1, "status": 1, "answer": 1, "superseded": 1}
    for row in database.samples.find(query, fields).limit(_RELATIVES):
        yield {
            "key": str(row.get("key") or ""), "language": text(row.get("language"), 20),
            "task": text(row.get("task"), 60), "status": text(row.get("status"), 20),
            "answer": text(row.get("answer"), 160), "superseded": row.get("superseded") is True,
        }  # fmt: skip


# ---- where it went, and what people said


def exports_of(database: Store, key: str) -> dict[str, Any]:
    """{runs, folders}: exports that the store knows of, and those of the folders on this machine that have the sample.

    `unknown` folders do not say what is in them.
    """
    rows, unknown, total = [], [], 0
    for folder, run in export_folders(database):
        total += 1
        inside = has_sample(folder, key) if key else False
        row = {"folder": str(folder), "at": _moment(run.get("started_at"))}
        rows += [row] if inside else []
        unknown += [row] if inside is None else []
    return {"known": total, "folders": rows, "unknown": unknown}


#: What a rating or mark holds besides who and what.
_HIDDEN = frozenset(
    "_id item rater token queue key number original result revision at rated_at created_at interface".split()
)


def opinions(database: Store, key: str, rater: str, overlap: int) -> dict[str, Any]:
    """{rows, hidden}: what people said of a sample; [{rater, at, values}].

    Where several raters mark a row, nobody sees another's before his own: then `hidden` is True. To pass over a row,
    or to take one's mark back, leaves it to be marked.
    """
    if not key:
        return {"rows": [], "hidden": False}
    ratings = list(database.ratings.find({"item": key}))
    # `ratings` has the last mark of each rater that stands; `marks` those that were undone or refused, too.
    own = any(row.get("rater") == rater and row.get("decision") != "skip" for row in ratings)
    rows = [*ratings, *database.marks.find({"item": key})]
    if overlap > 1 and not own:
        return {"rows": [], "hidden": True}
    return {"rows": list(_opinions(rows)), "hidden": False}


def _opinions(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for row in rows:
        parts = {**record(row.get("scores")), **{name: value for name, value in row.items() if name != "scores"}}
        statements = {name: text(value, 600) for name, value in parts.items()
                if name not in _HIDDEN and isinstance(value, str | int | float) and value != ""}  # fmt: skip
        at = next((when for name in ("at", "rated_at", "created_at") if (when := _moment(row.get(name)))), None)
        yield {"rater": text(row.get("rater"), 80), "at": at, "values": statements}
