"""Samples to look at: the worst, with the reasons why, and some drawn by the seed; each beside its sources."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.report.highlights import facts_of, mark
from synth.report.quality import TOXICITIES
from synth.report.source_alignment import Alignment, align
from synth.report.worst_samples import reasons
from synth.samples.sample import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: Samples drawn at random.
DRAWN = 10
#: Sources shown on a card; the rest of a large event is counted.
SOURCES = 6
#: Sources in which an answer's sentences are looked for.
TRACED = 60
#: Characters of a source that a card shows, besides the sentences that the answer leans on.
SOURCE_CUT = 1500
#: Characters of an answer that are shown at once, and in all.
ANSWER_CUT, ANSWER_MOST = 1600, 20_000

Row = Mapping[str, Any]


def collect_cards(
    database: Database[dict[str, Any]], seed: int, worst: Sequence[Row]
) -> dict[str, list[dict[str, Any]]]:
    """{worst, random}: no sample twice; in a small store there are fewer random ones.

    Args:
        worst: rows of `synth.report.worst_samples.facet`.
    """
    points_of = {row["key"]: row["points"] for row in worst}
    random_keys = _drawn(database, set(points_of), seed)
    cards = {card["key"]: card for card in _cards(database, [*points_of, *random_keys], points_of)}
    return {
        "worst": [cards[key] for key in points_of if key in cards],
        "random": [cards[key] for key in random_keys if key in cards],
    }


def _drawn(database: Database[dict[str, Any]], excluded: set[str], seed: int) -> list[str]:
    """Keys drawn from all current samples but the shown; the same store and seed draw the same."""
    total = database.samples.count_documents(CURRENT)
    # More places than cards, since some may be shown already.
    places = random.Random(seed).sample(range(total), min(total, DRAWN + len(excluded)))
    positions = set(places)
    key_at: dict[int, str] = {}
    # One walk over the keys: a query with `skip` for each place would be as many walks.
    for i, row in enumerate(database.samples.find(CURRENT, {"_id": 0, "key": 1}).sort("key", 1)):
        if i in positions:
            key_at[i] = row["key"]
            if len(key_at) == len(positions):
                break
    return [key_at[i] for i in places if i in key_at and key_at[i] not in excluded][:DRAWN]


def _cards(
    database: Database[dict[str, Any]], keys: Sequence[str], points_of: Mapping[str, Mapping[str, float]]
) -> Iterator[dict[str, Any]]:
    sources = {"$cond": [{"$isArray": ["$sources"]}, "$sources", []]}
    fields = {"sources": {"$slice": [sources, TRACED]}, "source_count": {"$size": sources}}
    pipeline: list[dict[str, Any]] = [{"$match": {"key": {"$in": list(keys)}}}, {"$set": fields}]
    for sample in database.samples.aggregate(pipeline):
        why = points_of.get(sample["key"])
        yield {**_card(sample), "why": reasons(sample, why) if why else [],
               "points": round(sum(why.values()), 3) if why else None}  # fmt: skip


def _card(sample: Row) -> dict[str, Any]:
    sources = sample.get("sources") or []
    provenance = sample.get("provenance") or {}
    answer = str(sample.get("answer") or "")
    contents = [str(source.get("content") or "") for source in sources]
    name = f"s{sample['key'][:12]}"
    traced = align(answer[:ANSWER_MOST], contents, sample.get("language") or "", name, SOURCES, SOURCE_CUT)
    facts = facts_of(sample)
    _support(traced, sample)
    marked = mark(traced.answer, facts)
    rows, split = _folded(traced.answer)
    return {
        "key": sample["key"], "anchor": name,
        "task": sample.get("task") or "",
        "language": sample.get("language") or "",
        "detected_language": sample.get("detected_language"),
        "date": _day(sample.get("date")),
        "request": _request(sample),
        "answer": answer,
        "marked": marked,
        "facts": [{"text": fact.text, "kind": fact.kind} for fact in facts] if "unsupported" in sample else None,
        "paragraphs": rows, "split": split, "cut": max(0, len(answer) - ANSWER_MOST),
        "traced": traced.counts,
        "mean_similarity": sample.get("mean_similarity"),
        "min_similarity": sample.get("min_similarity"),
        "similarity_std": sample.get("similarity_std"),
        **_judged(sample),
        "model": provenance.get("model") or "",
        "prompt": provenance.get("prompt") or "",
        "status": sample.get("status") or "",
        "sources": list(_sources(sample, sources[:SOURCES], traced)),
        "more_sources": max(0, sample.get("source_count", 0) - SOURCES),
    }  # fmt: skip


def _judged(sample: Row) -> dict[str, Any]:
    """What was measured besides; None for what was not."""
    scores = {name: value for name in TOXICITIES if isinstance(value := sample.get(name), int | float)}
    highest = max(scores, key=lambda name: scores[name], default=None)
    return {
        "accuracy": sample.get("accuracy"), "acc_explanation": str(sample.get("acc_explanation") or ""),
        "toxicity": scores.get("toxicity"), "toxicity_calibrated": sample.get("toxicity_calibrated"),
        "highest_toxicity": highest and {"field": highest, "score": scores[highest]},
        "duplicate_of": sample.get("duplicate_of"),
        "contaminated": sorted({str(row.get("set")) for row in sample.get("contaminated") or []}),
        "personal_data": sorted({str(row.get("kind")) for row in sample.get("personal_data") or []}),
    }  # fmt: skip


def _support(traced: Alignment, sample: Row) -> None:
    """Name the best source of a sentence that no source has word for word, where `synth score` stored it."""
    sentences = [sentence for row in traced.answer for sentence in row]
    sources, support = sample.get("sentence_sources") or [], sample.get("sentence_support") or []
    complete = len(sources) == len(support) == len(sentences)
    for i, sentence in enumerate(sentences):
        sentence["support"] = support[i] if complete else None
        if complete and sentence["how"] == "none" and isinstance(sources[i], int):
            sentence["source"] = sources[i] + 1


def _folded(rows: list[list[dict[str, Any]]]) -> tuple[list[list[dict[str, Any]]], int]:
    """(paragraphs, how many of them are shown at once): one is parted after a sentence where the cut is within it."""
    length = 0
    for i, row in enumerate(rows):
        for number, sentence in enumerate(row):
            length += len(sentence["text"])
            if length > ANSWER_CUT and (i or number):
                parts = [part for part in (row[:number], row[number:]) if part]
                return [*rows[:i], *parts, *rows[i + 1 :]], i + (number > 0)
    return rows, len(rows)


def _request(sample: Row) -> str:
    """The short request; without one the question, unless it carries the sources that are shown anyway."""
    return str(sample.get("instruction") or ("" if sample.get("sources") else sample.get("question")) or "")


def _sources(sample: Row, sources: Sequence[Row], traced: Alignment) -> Iterator[dict[str, Any]]:
    near = sample.get("similarity") or []
    for i, source in enumerate(sources):
        content = str(source.get("content") or "")
        yield {
            "title": source.get("title") or "",
            "link": source.get("link") or "",
            "date": _day(source.get("date")),
            "source_site": source.get("source_site") or "",
            "characters": len(content), "cut": traced.cut[i],
            "paragraphs": traced.sources[i],
            "similarity": near[i] if i < len(near) else None,
        }  # fmt: skip


def _day(value: Any) -> str | None:
    return value.date().isoformat() if isinstance(value, datetime) else None
