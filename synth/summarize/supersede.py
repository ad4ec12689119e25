"""Which samples of an event count, once articles, events, models and prompts have changed."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.samples.sample import CURATED, PEOPLE, supersession

if TYPE_CHECKING:
    from pymongo.database import Database

#: Samples and links looked at in one query when the superseded are found.
_CHUNK = 500


def supersede(database: Database[dict[str, Any]], task: str, model: str, prompts: Sequence[str]) -> Counter[str]:
    """Make `superseded` true to the current events; only what differs is written.

    - of one event's samples that of this model and one of these prompts is current, and what a person wrote or
      approved; of several (the texts under the same links changed) that of the event's texts, else the newest;
    - a sample whose event is current again, is current again;
    - a sample of a model whose event is gone is superseded, by the sample of the event that took most of its articles.
    """
    dissolved: list[dict[str, Any]] = []
    changes: list[Change] = []
    for event, samples in _by_event(database, task):
        if event:
            changes += _rivals(samples, model, prompts, event[0].get("texts"))
        else:
            dissolved += [
                sample
                for sample in samples
                if not (sample.get("superseded") and sample.get("superseded_by")) and not _of_people(sample)
            ]
    counts = _apply(database, changes)
    # Only now is it settled which samples are current, and with it who the successors are.
    for start in range(0, len(dissolved), _CHUNK):
        counts += _apply(database, _successors(database, task, dissolved[start : start + _CHUNK]))
    return counts


class Change(NamedTuple):
    """What becomes of a sample."""

    sample: dict[str, Any]
    superseded: bool
    by: str | None


def _by_event(
    database: Database[dict[str, Any]], task: str
) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """([the current event] or [], its samples without their texts), event by event."""
    pipeline: list[dict[str, Any]] = [
        {"$match": {"task": task}},
        {"$project": {"key": 1, "event": 1, "superseded": 1, "superseded_by": 1, "status": 1, "created_at": 1,
                      "made_by": {"model": "$provenance.model", "prompt": "$provenance.prompt",
                                  "texts": "$provenance.texts"},
                      "links": {"$concatArrays": ["$sources.link", {"$ifNull": ["$provenance.left_out.link", []]}]}}},
        {"$lookup": {"from": "clusters", "localField": "event", "foreignField": "event", "as": "current",
                     "pipeline": [{"$match": {"current": True}}, {"$limit": 1}, {"$project": {"texts": 1}}]}},
        {"$sort": {"event": 1, "key": 1}},
    ]  # fmt: skip
    rows = database.samples.aggregate(pipeline, allowDiskUse=True)
    for _, group in itertools.groupby(rows, key=lambda row: row["event"]):
        samples = list(group)
        yield samples[0]["current"], samples


def _rivals(
    samples: Sequence[dict[str, Any]], model: str, prompts: Sequence[str], texts: str | None
) -> Iterator[Change]:
    """Which samples of one current event count. A rejected one takes nobody's place."""

    def newest(candidates: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
        return max(candidates, key=lambda row: (_texts(row) == texts, row["created_at"], row["key"]), default=None)

    eligible = [row for row in samples if row["status"] != "rejected" and not _of_people(row)]
    current = newest(row for row in eligible if row["made_by"].get("model") == model and _prompt(row) in prompts)
    if current is None and all(row.get("superseded") for row in samples):
        # The event came back, and this model has not written about it: the newest sample stands in.
        current = newest(eligible) or newest(samples)
    for row in samples if current else ():
        counts = row is current or row["status"] in CURATED or _of_people(row)
        yield Change(row, not counts, None if counts else str(current["key"]) if current else None)


def _of_people(sample: Mapping[str, Any]) -> bool:
    """Whether people wrote the answer (`synth import` of summaries): no model's takes its place."""
    return bool(sample["made_by"].get("model") == PEOPLE)


def _prompt(sample: Mapping[str, Any]) -> str:
    return str(sample["made_by"].get("prompt", ""))


def _texts(sample: Mapping[str, Any]) -> str | None:
    texts: str | None = sample["made_by"].get("texts")
    return texts


def _successors(database: Database[dict[str, Any]], task: str, samples: Sequence[dict[str, Any]]) -> Iterator[Change]:
    """Samples of events that are dissolved, each with its successor where there is one."""
    links = sorted({link for sample in samples for link in sample["links"]})
    rows = database.clusters.find({"current": True, "links": {"$in": links}}, {"event": 1, "links": 1})
    clusters = {row["event"]: set(row["links"]) for row in rows}
    holders = {
        row["event"]: row["key"]
        for row in database.samples.find(
            {"task": task, "event": {"$in": list(clusters)}, "superseded": {"$ne": True}}, {"event": 1, "key": 1}
        ).sort("key", -1)
    }
    for sample in samples:
        shared = {event: len(members & set(sample["links"])) for event, members in clusters.items() if event in holders}
        best = max(shared, key=lambda event: (shared[event], event), default="")
        yield Change(sample, True, holders[best] if best and shared[best] else None)


def _apply(database: Database[dict[str, Any]], changes: Iterable[Change]) -> Counter[str]:
    from pymongo import UpdateOne

    writes: list[Any] = []
    counts: Counter[str] = Counter()
    for sample, superseded, by in changes:
        before = bool(sample.get("superseded"))
        if (before, sample.get("superseded_by")) == (superseded, by):
            continue
        writes.append(UpdateOne({"_id": sample["_id"]}, supersession(superseded, by)))
        counts["superseded" if superseded else "current_again"] += superseded != before
    if writes:
        database.samples.bulk_write(writes, ordered=False)
    return +counts
