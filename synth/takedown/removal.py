"""The removal of articles from the store, in an order that can be interrupted anywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from synth.takedown.lineage import Lineage, chunks, vectors_filter

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]


def take_down(database: Store, lineages: Sequence[Lineage]) -> Counter[str]:
    """Remove it all; how many documents, by collection. In this order: what finds a thing goes after it."""
    counts: Counter[str] = Counter()
    for lineage in lineages:
        _remember(database, lineage)
    keys = sorted({key for lineage in lineages for key in lineage.samples})
    for part in chunks(sorted({call for lineage in lineages for call in lineage.calls})):
        counts["llm_calls"] += database.llm_calls.delete_many({"hash": {"$in": part}}).deleted_count
    for lineage in lineages:
        counts["embeddings"] += database.embeddings.delete_many(vectors_filter(database, lineage)).deleted_count
    for part in chunks(keys):
        counts["ratings"] += database.ratings.delete_many({"item": {"$in": part}}).deleted_count
        # What raters wrote of it, and what they had not yet saved.
        counts["marks"] += database.marks.delete_many({"item": {"$in": part}}).deleted_count
        database.queue_rows.delete_many({"item": {"$in": part}})
        _unlink(database, part)
        counts["samples"] += database.samples.delete_many({"key": {"$in": part}}).deleted_count
    for part in chunks(sorted({key for lineage in lineages for key in lineage.fragments})):
        counts["fragments"] += database.fragments.delete_many({"key": {"$in": part}}).deleted_count
    for lineage in lineages:
        counts["events"] += _leave_events(database, lineage)
        condition = {"link": {"$in": lineage.links}}
        counts["revisions"] += database.revisions.delete_many(condition).deleted_count
        counts["articles"] += database.articles.delete_many(condition).deleted_count
        database.takedowns.update_one({"link": lineage.link}, {"$set": {"finished_at": datetime.now(UTC)}})
    return +counts


def _remember(database: Store, lineage: Lineage) -> None:
    """Before anything is removed: from here on nobody fetches or stores it. What was counted first stays."""
    most = {f"removed.{name}": count for name, count in lineage.counts().items()}
    database.takedowns.update_one(
        {"link": lineage.link},
        {"$addToSet": {"links": {"$each": lineage.links}, "hashes": {"$each": lineage.hashes}},
         "$max": most, "$setOnInsert": {"requested_at": datetime.now(UTC)}},
        upsert=True,
    )  # fmt: skip


def _unlink(database: Store, keys: Sequence[str]) -> None:
    """Samples that stood behind these stand for themselves again."""
    removed = {"$in": list(keys)}
    marks = dict.fromkeys(("duplicate_of", "duplicate_kind", "duplicate_score"), "")
    database.samples.update_many({"duplicate_of": removed}, {"$unset": marks})
    # Without an heir named, the next `synth summarize` looks for another one.
    database.samples.update_many({"superseded_by": removed}, {"$unset": {"superseded_by": ""}})


def _leave_events(database: Store, lineage: Lineage) -> int:
    """Out of its events, old versions of them included; `synth cluster` makes new ones of those that remain."""
    database.samples.update_many(
        {"provenance.left_out.link": {"$in": lineage.links}},
        {
            "$pull": {
                "provenance.left_out": {"link": {"$in": lineage.links}},
                "provenance.articles": {"$in": lineage.articles},
            }
        },
    )
    changed = database.clusters.update_many(
        {"links": {"$in": lineage.links}},
        [{"$set": {"links": _without("$links", lineage.links), "articles": _without("$articles", lineage.articles)}},
         {"$set": {"size": {"$size": "$links"}}}],
    ).modified_count  # fmt: skip
    database.clusters.delete_many({"links": []})
    return changed


def _without(name: str, values: Sequence[Any]) -> dict[str, Any]:
    return {"$filter": {"input": name, "cond": {"$not": [{"$in": ["$$this", list(values)]}]}}}
