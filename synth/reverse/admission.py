"""Which fragments become samples: those with the score, each instruction once. Another lambda asks nobody anything.

The scores are stored, so that a lower lambda brings back what a higher one left out, and a higher one takes out of the
current samples what a lower one had let in. Doing it twice changes nothing.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.outages import outlast
from synth.prompts.quoting import addresses_to_models
from synth.reverse.attempt import all_calls
from synth.reverse.exclusions import articles_of, exclusions
from synth.reverse.refusals import Repeats
from synth.reverse.settings import TASK, Settings
from synth.samples.sample import CURATED, Sample, sample_key, source_of, supersession

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]
    Row = dict[str, Any]

#: States of rows that have an instruction and a score.
SCORED = ("judged", "kept", "below_lambda")
_REPEATED = {"state": "refused", "reason": "repeated"}
_CHUNK = 500


def admit(database: Store, settings: Settings, where: Mapping[str, Any]) -> Counter[str]:
    """Samples of what is kept; how many rows are kept, below lambda or refused now, and what changed among samples."""
    scored = {"$or": [{"state": {"$in": list(SCORED)}}, {**_REPEATED, "score": {"$exists": True}}]}
    query = {"$and": [settings.rows(), scored, dict(where)]}
    keys = [row["_id"] for row in database.fragments.find(query, {"_id": 1}).sort([("turn", 1), ("_id", 1)])]
    repeats, counts = Repeats(_instructions_beside(database, settings, where)), Counter[str]()
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        counts += outlast(functools.partial(_admit, database, settings, part, repeats))
    return counts


def _instructions_beside(database: Store, settings: Settings, where: Mapping[str, Any]) -> Iterator[str]:
    """The instructions that are kept and that the filter leaves as they are."""
    if where:
        query = {"$and": [settings.rows(), {"state": "kept"}, {"$nor": [dict(where)]}]}
        yield from (row["instruction"] for row in database.fragments.find(query, {"instruction": 1}))


def _admit(database: Store, settings: Settings, keys: Sequence[Any], repeats: Repeats) -> Counter[str]:
    by_id = {row["_id"]: row for row in database.fragments.find({"_id": {"$in": list(keys)}})}
    rows = [by_id[key] for key in keys if key in by_id]
    articles = articles_of(database, rows)
    reasons = exclusions(database, rows, articles)
    states = [_state(row, reasons.get(row["key"], ""), settings.threshold, repeats) for row in rows]
    counts = Counter(state["state"] if state["state"] != "refused" else state["reason"] for state in states)
    _write_states(database, rows, states)
    if settings.single_prompt:
        # What is only a comparison is no sample.
        return counts
    admitted = [row for row, state in zip(rows, states, strict=True) if state["state"] == "kept"]
    withdrawn = [row for row, state in zip(rows, states, strict=True) if state["state"] != "kept"]
    return counts + _write_samples(database, admitted, articles, settings) + _withdraw(database, withdrawn)


def _state(row: Mapping[str, Any], exclusion: str, threshold: float, repeats: Repeats) -> dict[str, Any]:
    if exclusion:
        return {"state": "excluded", "reason": exclusion}
    if row["score"] < threshold:
        return {"state": "below_lambda", "reason": "below_lambda"}
    return dict(_REPEATED) if repeats.add(row["instruction"]) else {"state": "kept", "reason": ""}


def _write_states(database: Store, rows: Sequence[Row], states: Sequence[Mapping[str, Any]]) -> None:
    from pymongo import UpdateOne

    changed = [
        UpdateOne({"_id": row["_id"]}, {"$set": dict(state)})
        for row, state in zip(rows, states, strict=True)
        if (row["state"], row.get("reason")) != (state["state"], state["reason"])
    ]
    if changed:
        database.fragments.bulk_write(changed, ordered=False)


def _write_samples(
    database: Store, rows: Sequence[Row], articles: Mapping[str, Row], settings: Settings
) -> Counter[str]:
    """The samples of kept fragments; of several ways to one fragment the one asked for last counts, unless a person
    approved another.
    """
    from pymongo import UpdateOne

    samples = {row["fragment"]: _sample(row, articles[row["link"]], settings) for row in rows}
    query = {"task": TASK, "provenance.fragment": {"$in": list(samples)}}
    fields = {"key": 1, "status": 1, "superseded": 1, "provenance.fragment": 1}
    stored = list(database.samples.find(query, fields)) if samples else []
    writes: list[Any] = [
        UpdateOne({"key": sample.key}, {"$setOnInsert": sample.document()}, upsert=True) for sample in samples.values()
    ]
    additions = len(samples) - len({row["key"] for row in stored} & {sample.key for sample in samples.values()})
    changes = list(_replaced(stored, {fragment: sample.key for fragment, sample in samples.items()}))
    writes += [UpdateOne({"key": key}, change) for key, change, _ in changes]
    if writes:
        database.samples.bulk_write(writes, ordered=True)
    return Counter({"samples": additions}) + Counter(name for _, _, name in changes)


def _replaced(stored: Sequence[Mapping[str, Any]], current: Mapping[str, str]) -> Iterator[tuple[str, Row, str]]:
    """(key, update, name in counts) of samples that count no longer, or again."""
    approved = {row["provenance"]["fragment"]: row["key"] for row in stored if row["status"] in CURATED}
    superseded = {row["key"]: bool(row.get("superseded")) for row in stored}
    holders = {fragment: approved.get(fragment, key) for fragment, key in current.items()}
    rivals = {row["key"]: row["provenance"]["fragment"] for row in stored} | {
        key: name for name, key in current.items()
    }
    for key, fragment in sorted(rivals.items()):
        holder = holders[fragment]
        if key != holder and key not in approved.values() and not superseded.get(key, False):
            yield key, supersession(True, holder), "superseded"
        elif key == holder and superseded.get(key, False):
            yield key, supersession(False), "current_again"


def _withdraw(database: Store, rows: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Samples of fragments that are not kept any longer count no more, unless a person approved them."""
    if not rows:
        return Counter()
    query = {"key": {"$in": [_key(row) for row in rows]}, "status": "new", "superseded": {"$ne": True}}
    changed = database.samples.update_many(query, {"$set": {"superseded": True}}).modified_count
    return +Counter(superseded=changed)


def _key(row: Mapping[str, Any]) -> str:
    return sample_key(TASK, row["fragment"], row["prompt"], row["llm"], row["key"])


def _sample(row: Mapping[str, Any], article: Mapping[str, Any], settings: Settings) -> Sample:
    provenance = {
        "run": row.get("run", ""), "articles": [article["_id"]], "calls": all_calls(row["calls"]),
        "prompt": row["prompt"], "model": row["llm"], "judge_model": row["judge_llm"], "fragment": row["fragment"],
        "method": row["method"], "task_prompt": row["task_prompt"], "score": row["score"],
    }  # fmt: skip
    if row.get("translator"):
        provenance["translator"] = row["translator"]
    return Sample(
        key=_key(row), task=TASK, question=row["instruction"], instruction=row["instruction"], answer=row["text"],
        language=row["language"], date=article.get("date"), tags=list(article.get("tags") or []),
        sources=[source_of(article)], injection=addresses_to_models([row["text"], row["instruction"]]),
        event=row.get("event") or "", cluster_size=1, question_tokens=settings.count(row["instruction"]),
        provenance=provenance,
    )  # fmt: skip
