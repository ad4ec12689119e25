"""What is dropped is dropped by name, and counted (store.py, permission.py: test_crawl.py)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.items import Article, content_hash
from crawler.pipelines import Dropped, counts_of
from crawler.pipelines.validate import ValidatePipeline, invalid

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = Article(
    link="https://www.ansa.it/a.html", title="Titolo", content="Testo.", source_site="Ansa", language="it",
    date=NOW, content_hash=content_hash("Titolo", "Testo."),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"title": ""}, "no_title"),
        ({"content": ""}, "empty_body"),
        ({"date": None}, "no_date"),
        ({"date": datetime(2026, 5, 1)}, "no_date"),
        ({"date": NOW + timedelta(days=2)}, "date_in_the_future"),
        ({"date": NOW + timedelta(hours=2)}, ""),
        ({"link": "https://example.org/a.html"}, "foreign_link"),
        ({"source_site": "Open"}, "foreign_link"),
    ],
)
def test_what_an_article_needs(change: dict[str, Any], reason: str) -> None:
    assert invalid(replace(GOOD, **change), NOW) == reason


def test_counts_name_every_outcome() -> None:
    stats = {"newsmill/fetched": 9, "newsmill/stored": 5, "newsmill/dropped/gallery": 3, "newsmill/known": 7, "x": 1}
    assert counts_of(stats) == {"fetched": 9, "stored": 5, "gallery": 3}


def test_a_clock_may_run_a_day_ahead_and_no_more() -> None:
    assert invalid(replace(GOOD, date=NOW + timedelta(days=1)), NOW) == ""
    assert invalid(replace(GOOD, date=NOW + timedelta(days=1, seconds=1)), NOW) == "date_in_the_future"


def test_the_step_lets_an_article_through_and_drops_others_by_name() -> None:
    refused: list[tuple[str, str]] = []

    async def refuse(link: str, reason: str) -> None:
        refused.append((link, reason))

    crawler: Any = SimpleNamespace(spider=SimpleNamespace(refuse=refuse))
    step = ValidatePipeline(crawler)
    assert asyncio.run(step.process_item(GOOD)) is GOOD
    with pytest.raises(Dropped, match="empty_body"):
        asyncio.run(step.process_item(replace(GOOD, content="")))
    assert refused == [(GOOD.link, "empty_body")]
