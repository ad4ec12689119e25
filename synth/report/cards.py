"""Samples to look at: the nearest to their sources, the farthest, and some drawn by the seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.report.trace import trace
from synth.samples import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: Cards of each kind.
CARDS = 3
#: Sources shown in full on a card; the rest of a large event is counted.
SOURCES = 6
#: Sources in which an answer's sentences are looked for.
TRACED = 60
_SCORED = {**CURRENT, "mean_similarity": {"$type": "number"}}


def collect_cards(database: Database[dict[str, Any]], seed: int) -> dict[str, list[dict[str, Any]]]:
    """{best, worst, random}: no sample twice; in a small store the later kinds have fewer."""
    # By the nearest and farthest of all sources: one source told word for word hides that another was left out.
    best = _keys(database, -1, CARDS)
    worst = [key for key in _keys(database, 1, 2 * CARDS) if key not in best][:CARDS]
    shown = {*best, *worst}
    return {
        "best": _cards(database, best),
        "worst": _cards(database, worst),
        "random": _cards(database, _drawn(database, shown, seed)),
    }


def _keys(database: Database[dict[str, Any]], direction: int, count: int) -> list[str]:
    """Keys of the samples with the highest (-1) or lowest (1) mean similarity."""
    pipeline: list[dict[str, Any]] = [
        {"$match": _SCORED},
        {"$project": {"key": 1, "mean_similarity": 1}},
        {"$sort": {"mean_similarity": direction, "key": 1}},
        {"$limit": count},
    ]
    return [row["key"] for row in database.samples.aggregate(pipeline)]


def _drawn(database: Database[dict[str, Any]], shown: set[str], seed: int) -> list[str]:
    """Keys drawn from all current samples but the shown; the same store and seed draw the same."""
    generator = random.Random(seed)
    total = database.samples.count_documents(CURRENT)
    # More places than cards, since some may be shown already; only these keys are fetched, not all.
    places = generator.sample(range(total), min(total, CARDS + len(shown)))
    keys = []
    for place in places:
        row = next(database.samples.find(CURRENT, {"key": 1}).sort("key", 1).skip(place).limit(1))
        keys.append(row["key"])
    return [key for key in keys if key not in shown][:CARDS]


def _cards(database: Database[dict[str, Any]], keys: Sequence[str]) -> list[dict[str, Any]]:
    found = {row["key"]: row for row in database.samples.find({"key": {"$in": list(keys)}})}
    return [_card(found[key]) for key in keys if key in found]


def _card(sample: Mapping[str, Any]) -> dict[str, Any]:
    sources = sample.get("sources") or []
    made = sample.get("provenance") or {}
    answer = str(sample.get("answer") or "")
    contents = [str(source.get("content") or "") for source in sources[:TRACED]]
    traced = trace(answer, contents, sample.get("language") or "", f"s{sample['key'][:12]}", SOURCES)
    return {
        "key": sample["key"],
        "task": sample.get("task") or "",
        "language": sample.get("language") or "",
        "detected_language": sample.get("detected_language"),
        "date": _day(sample.get("date")),
        "request": _request(sample),
        "answer": answer,
        "paragraphs": traced.answer,
        "traced": traced.counts,
        "mean_similarity": sample.get("mean_similarity"),
        "min_similarity": sample.get("min_similarity"),
        "similarity_std": sample.get("similarity_std"),
        "model": made.get("model") or "",
        "prompt": made.get("prompt") or "",
        "status": sample.get("status") or "",
        "sources": list(_sources(sample, sources[:SOURCES], traced.sources)),
        "more_sources": max(0, len(sources) - SOURCES),
    }


def _request(sample: Mapping[str, Any]) -> str:
    """The short request; without one the question, unless it carries the sources that are shown anyway."""
    return str(sample.get("instruction") or ("" if sample.get("sources") else sample.get("question")) or "")


def _sources(
    sample: Mapping[str, Any], sources: Sequence[Mapping[str, Any]], marked: Sequence[list[Any]]
) -> Iterator[dict[str, Any]]:
    near = sample.get("similarity") or []
    for place, source in enumerate(sources):
        yield {
            "title": source.get("title") or "",
            "link": source.get("link") or "",
            "date": _day(source.get("date")),
            "source_site": source.get("source_site") or "",
            "content": source.get("content") or "",
            "paragraphs": marked[place],
            "similarity": near[place] if place < len(near) else None,
        }


def _day(value: Any) -> str | None:
    return value.date().isoformat() if isinstance(value, datetime) else None
