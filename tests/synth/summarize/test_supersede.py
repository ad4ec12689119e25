"""Which samples of an event count; `test_summarize` tells the same from a user's side."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from synth.summarize.supersede import supersede

TASK, MODEL, PROMPTS = "news_summary", "openai:x", ["p.it/2", "p.en/2"]


def sample(key: str, day: int = 1, **more: Any) -> dict[str, Any]:
    made = {"model": more.pop("model", MODEL), "prompt": more.pop("prompt", PROMPTS[0])}
    if texts := more.pop("texts", ""):
        made["texts"] = texts
    links = more.pop("links", ["a", "b"])
    row = {"key": key, "task": TASK, "event": "e", "status": "new", "superseded": False, "provenance": made,
           "created_at": datetime(2026, 5, day, tzinfo=UTC), "sources": [{"link": link} for link in links]}  # fmt: skip
    return row | more


def settle(database: Any, *samples: dict[str, Any], texts: str = "", event: str = "e") -> dict[str, Any]:
    """{key: by whom it is superseded, or None} after a run."""
    database.samples.delete_many({})
    database.samples.insert_many(list(samples))
    if not database.clusters.find_one({"event": event}):
        cluster = {"run": "r", "number": 1, "event": event, "links": ["a", "b", "c"], "current": True}
        database.clusters.insert_one(cluster | ({"texts": texts} if texts else {}))
    first = supersede(database, TASK, MODEL, PROMPTS)
    assert supersede(database, TASK, MODEL, PROMPTS) == {}, "a second run has nothing to do"
    rows = list(database.samples.find())
    assert first["superseded"] <= sum(row["superseded"] for row in rows)
    return {row["key"]: row.get("superseded_by", "nobody") if row["superseded"] else None for row in rows}


def test_one_of_several_is_current(database: Any) -> None:
    assert settle(database, sample("old", 1), sample("new", 2)) == {"old": "new", "new": None}
    assert settle(database, sample("it", 2), sample("en", 1, prompt=PROMPTS[1])) == {"it": None, "en": "it"}


def test_the_one_of_the_events_texts_is_current(database: Any) -> None:
    rows = [sample("then", 1, texts="t1"), sample("now", 2, texts="t2"), sample("before", 3)]
    assert settle(database, *rows, texts="t1") == {"then": None, "now": "then", "before": "then"}


def test_other_models_and_wordings_give_way(database: Any) -> None:
    rows = [sample("mine", 1), sample("other", 2, model="openai:y"), sample("wording", 3, prompt="p.it/1")]
    assert settle(database, *rows) == {"mine": None, "other": "mine", "wording": "mine"}
    # Nothing of mine: all stays as it is.
    assert settle(database, rows[1], rows[2]) == {"other": None, "wording": None}


def test_what_people_decided_stays(database: Any) -> None:
    rows = [sample("mine", 2), sample("edited", 1, status="edited"), sample("rejected", 3, status="rejected")]
    assert settle(database, *rows) == {"mine": None, "edited": None, "rejected": "mine"}
    alone = sample("rejected", 1, status="rejected")
    assert settle(database, alone, sample("other", 1, model="openai:y")) == {"rejected": None, "other": None}


def test_an_event_that_is_gone_leaves_its_samples_to_the_heir(database: Any) -> None:
    gone = sample("gone", 1, event="dissolved", links=["a", "b"])
    assert settle(database, gone, sample("heir", 2)) == {"gone": "heir", "heir": None}
    stranger = sample("gone", 1, event="dissolved", links=["y", "z"])
    assert settle(database, stranger, sample("heir", 2)) == {"gone": "nobody", "heir": None}
    # Known by an article that was no source, too.
    copied = sample("gone", 1, event="dissolved", links=["y"])
    copied["provenance"]["left_out"] = [{"link": "c", "reason": "near_copy"}]
    assert settle(database, copied, sample("heir", 2)) == {"gone": "heir", "heir": None}


def test_other_tasks_are_none_of_its_business(database: Any) -> None:
    rows = [sample("mine", 1), sample("translated", 2, task="translation", model="openai:y")]
    assert settle(database, *rows) == {"mine": None, "translated": None}
