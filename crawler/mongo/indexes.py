"""The indexes of every collection."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database


def _flagged(name: str, condition: Mapping[str, Any]) -> list[tuple[list[tuple[str, int]], dict[str, Any]]]:
    """Two indexes of the few samples that meet a condition: the one counts them, the other shows the newest.

    They are next to nothing to write. Four or five thousand of a million are too many to sort, and too few to meet
    among all.
    """
    only = {"partialFilterExpression": {name: dict(condition)}}
    return [([(name, 1)], only), ([("date", -1), ("_id", 1)], {"name": f"{name}_by_date", **only})]


def ordered_by(name: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """The index by which samples are sorted by a number; equal ones by _id, so that pages do not overlap.

    Samples without a number are not in it. `synth review` makes those of all scores when it starts, so that nobody pays
    for them who does not browse (benchmarks/review/bench_review.py --writes: what they cost).
    """
    # A bound and no type, so that a filter such as {accuracy: {$gte: 4}} can be answered from it, too.
    only = {"partialFilterExpression": {name: {"$gte": -math.inf}}}
    return [(name, 1), ("_id", 1)], {"name": f"sorted_by_{name}", **only}


_NEWEST = (("date", -1), ("_id", 1))


def _by(*names: str, name: str = "") -> list[tuple[list[tuple[str, int]], dict[str, Any]]]:
    """An index of samples for each field, equal ones newest first."""
    return [([(own, 1), *_NEWEST, ("superseded", 1)], {"name": name or f"by_{own}"}) for own in names]


#: collection -> [(keys, options)]; keys as PyMongo takes them.
INDEXES: dict[str, list[tuple[list[tuple[str, int]], dict[str, Any]]]] = {
    "articles": [
        ([("link", 1)], {"unique": True}),
        ([("language", 1), ("date", 1)], {}),
        ([("source_site", 1), ("date", 1)], {}),
        ([("content_hash", 1)], {}),
        ([("also_at", 1)], {"sparse": True}),
    ],
    "revisions": [([("link", 1), ("revision", 1)], {"unique": True})],
    "refusals": [([("link", 1)], {"unique": True})],
    "clusters": [
        ([("run", 1), ("number", 1)], {"unique": True}),
        ([("current", 1), ("language", 1)], {}),
        ([("language", 1), ("number", -1)], {}),
        ([("articles", 1)], {}),
        ([("event", 1)], {}),
        # `synth review` lists the current ones, the newest or the largest first.
        ([("current", 1), ("last_date", -1), ("_id", 1)], {}),
        ([("current", 1), ("size", -1), ("_id", 1)], {}),
    ],
    # How far clustering is: synth.cluster.assignments.
    "placements": [([("language", 1)], {})],
    "statistics": [([("of", 1), ("number", 1)], {})],
    "embeddings": [([("embedder", 1), ("text", 1)], {"unique": True})],
    "samples": [
        ([("key", 1)], {"unique": True}),
        ([("event", 1)], {}),
        # `synth query` shows the newest first, in the order of _id where dates are equal: what many samples match is
        # found along the first one; the others are for what few match (benchmarks/scores/bench_queries.py).
        # `superseded`, which nearly every filter leaves out, is in each, so that no document is read for a count. Of a
        # bound that few samples meet, the first page is found in the keys of the one or the other: by the number, and
        # then sorted, or by the date.
        ([*_NEWEST, ("superseded", 1), ("min_similarity", 1), ("answer_length", 1)], {"name": "by_date"}),
        *_by("language", "status", "min_similarity", "answer_length"),
        *_by("tags", name="by_tag"),
        *_by("provenance.run", name="by_run"),
        ([("sources.link", 1)], {}),
        # Which samples have a translation: synth.translate.pending.
        ([("provenance.translated_from", 1)], {"sparse": True}),
        ([("superseded_by", 1)], {"partialFilterExpression": {"superseded_by": {"$type": "string"}}}),
        # How many are superseded, of which `synth review` shows the rest.
        ([("superseded", 1)], {"partialFilterExpression": {"superseded": True}}),
        *_flagged("toxicity", {"$gt": 0.5}),
        *_flagged("duplicate_of", {"$type": "string"}),
        *_flagged("contaminated.set", {"$exists": True}),
        *_flagged("personal_data.kind", {"$exists": True}),
    ],
    # A row for each part of an article and each way of asking: synth.reverse.
    "fragments": [
        ([("key", 1)], {"unique": True}),
        ([("state", 1), ("language", 1)], {}),
        ([("fragment", 1)], {}),
        ([("link", 1)], {}),
    ],
    "filters": [([("name", 1)], {"unique": True})],
    "takedowns": [([("link", 1)], {"unique": True}), ([("links", 1)], {}), ([("hashes", 1)], {})],
    "llm_calls": [([("hash", 1)], {"unique": True})],
    # Who asks for which reply at the moment: synth.llm.leases. What nobody gave back goes after an hour.
    "llm_leases": [([("until", 1)], {"expireAfterSeconds": 3600})],
    "runs": [([("stage", 1), ("started_at", -1)], {})],
    "ratings": [([("item", 1), ("rater", 1)], {"unique": True})],
    # What people do in `synth review`: every mark of every rater.
    "marks": [
        ([("rater", 1), ("token", 1)], {"unique": True}),
        ([("rater", 1), ("at", -1), ("number", -1)], {}),
        ([("undoes", 1)], {"sparse": True}),
        ([("item", 1), ("at", 1)], {}),
    ],
    "queue_rows": [
        ([("queue", 1), ("state", 1), ("rank", 1), ("place", 1)], {}),
        ([("queue", 1), ("votes.rater", 1), ("state", 1)], {}),
        ([("queue", 1), ("skips", 1), ("state", 1)], {}),
        ([("item", 1)], {}),
    ],
    # A row for each rater of a queue, and one for each session of the server that a process of ours uses.
    "queue_raters": [],
    "server_sessions": [],
}


#: Indexes of samples that earlier versions made, in whose place others are.
_FORMER = (
    "date_-1__id_1", "language_1_date_-1__id_1", "status_1_date_-1__id_1", "tags_1_date_-1__id_1",
    "provenance.run_1_date_-1__id_1", "min_similarity_1",
)  # fmt: skip
_NO_SUCH_INDEX = 27
#: Samples of which new indexes take a while.
_MANY = 100_000


def ensure_indexes(database: Database[dict[str, Any]]) -> None:
    """Create what INDEXES names and the database lacks, and remove what it replaces."""
    from pymongo import IndexModel

    former = database.samples.index_information().keys() & set(_FORMER)
    if former and database.samples.estimated_document_count() > _MANY:
        print("store: making the indexes of samples anew (once, a minute or two for a million)", file=sys.stderr)
    for collection, indexes in INDEXES.items():
        if indexes:
            database[collection].create_indexes([IndexModel(keys, **options) for keys, options in indexes])
    for name in former:
        _drop(database, name)


def _drop(database: Database[dict[str, Any]], name: str) -> None:
    """Remove an index of samples, unless another process did."""
    from pymongo.errors import OperationFailure

    try:
        database.samples.drop_index(name)
    except OperationFailure as error:
        if error.code != _NO_SUCH_INDEX:
            raise
