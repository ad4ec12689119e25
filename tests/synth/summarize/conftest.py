"""Events to summarise, and models that say what a test tells them to."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crawler.items import article_from_record
from synth.cluster.events import event_key
from synth.llm import Completion
from synth.llm.extractive.model import Extractive
from synth.prompts import load_prompt
from synth.summarize.settings import Settings
from synth.summarize.sources import REASONS

EXTRACTIVE = Extractive.name
SETTINGS = Settings(load_prompt("news_summary"))


class Renamed(Extractive):
    """Another model with the same answers."""

    name = "other/1"


class Saying(Extractive):
    """A model that always says the same."""

    def __init__(self, text: str, finish_reason: str = "stop") -> None:
        self.reply = Completion(text, "saying", finish_reason)

    async def complete(self, *_: Any, **__: Any) -> Completion:
        return self.reply


def cluster_of(database: Any, rows: list[dict[str, Any]], number: int) -> dict[str, Any]:
    links = sorted(row["link"] for row in rows)
    return {
        "run": "r", "number": number, "event": event_key(links), "articles": [row["_id"] for row in rows],
        "links": links, "size": len(rows), "language": rows[0]["language"], "current": True,
    }  # fmt: skip


@pytest.fixture
def store(database: Any, sample_records: list[dict[str, Any]]) -> Any:
    """The sample articles and their gold events, as `synth import` and `synth cluster` would store them."""
    database.articles.insert_many([article_from_record(row).document() for row in sample_records])
    by_link = {row["link"]: row for row in database.articles.find()}
    events: dict[str, list[dict[str, Any]]] = {}
    for record in sample_records:
        if record.get("event"):
            events.setdefault(record["event"], []).append(by_link[article_from_record(record).link])
    several = [rows for _, rows in sorted(events.items()) if len(rows) > 1]
    database.clusters.insert_many([cluster_of(database, rows, number) for number, rows in enumerate(several)])
    return database


def told(counts: Counter[str]) -> dict[str, int]:
    """Outcomes of events, without those of their articles."""
    return {name: count for name, count in counts.items() if name not in REASONS}


def samples_of(database: Any) -> dict[str, Any]:
    """What a run made, without ids and instants."""
    return {
        row["key"]: (row["answer"], row["question"], row["superseded"], row.get("superseded_by"))
        for row in database.samples.find()
    }
