"""The last two steps: what opted out, and what the store says of an article. Covers crawler.pipelines.permission."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from scrapy.settings import Settings

from crawler.pipelines import Dropped
from crawler.pipelines import store as store_module
from crawler.pipelines.permission import PermissionPipeline
from crawler.pipelines.store import StorePipeline
from tests.crawler.pipelines.test_validate import GOOD

OPTED_OUT = {"opt_out": True, "evidence": ["meta noai"]}


class Stats(dict[str, Any]):
    """As much of Scrapy's stats as a pipeline uses."""

    def __bool__(self) -> bool:
        return True

    def inc_value(self, name: str) -> None:
        self[name] = self.get(name, 0) + 1

    def set_value(self, name: str, value: Any) -> None:
        self[name] = value


def crawler_of(**settings: Any) -> Any:
    refused: list[tuple[str, str]] = []

    async def refuse(link: str, reason: str) -> None:
        refused.append((link, reason))

    spider = SimpleNamespace(refuse=refuse, refused=refused, stored=0)
    spider.article_stored = lambda: setattr(spider, "stored", spider.stored + 1)
    return SimpleNamespace(settings=Settings(settings), stats=Stats(), spider=spider, engine=None, newsmill_database=1)


@pytest.mark.parametrize(
    ("choice", "permission", "reason"),
    [("drop", OPTED_OUT, "opted_out"), ("store", OPTED_OUT, ""), ("drop", {"opt_out": False}, ""), ("drop", {}, "")],
)
def test_what_opted_out_is_dropped_only_where_that_is_wanted(choice: str, permission: Any, reason: str) -> None:
    crawler = crawler_of(OPT_OUT=choice)
    item = replace(GOOD, permission=permission)
    step = PermissionPipeline(crawler).process_item(item)
    if reason:
        with pytest.raises(Dropped, match="opted_out: meta noai"):
            asyncio.run(step)
    else:
        assert asyncio.run(step) is item
    assert crawler.stats == ({"newsmill/opted_out": 1} if permission.get("opt_out") else {})
    assert crawler.spider.refused == ([(GOOD.link, reason)] if reason else [])


def outcomes(monkeypatch: pytest.MonkeyPatch, crawler: Any, answer: Any, count: int = 1) -> list[Any]:
    """What becomes of so many articles where the store answers so: items, or what was raised."""

    def write(_: Any, articles: list[Any]) -> list[str]:
        if isinstance(answer, Exception):
            raise answer
        return [answer] * len(articles)

    async def process() -> list[Any]:
        pipeline = StorePipeline(crawler)
        return await asyncio.gather(*(pipeline.process_item(GOOD) for _ in range(count)), return_exceptions=True)

    monkeypatch.setattr(store_module, "write", write)
    return asyncio.run(process())


@pytest.mark.parametrize(
    ("answer", "reason", "stored", "stats", "refused"),
    [
        ("stored", "", 1, {"newsmill/stored": 1}, []),
        ("updated", "", 1, {"newsmill/updated": 1}, []),
        ("also_at", "also_at", 0, {"newsmill/also_at": 1}, []),
        ("taken_down", "taken_down", 0, {}, [(GOOD.link, "taken_down")]),
        (OverflowError("of 100 bits"), "unstorable", 0, {"newsmill/dropped/unstorable": 1}, []),
    ],
)
def test_what_the_store_says_of_an_article(
    monkeypatch: pytest.MonkeyPatch, answer: Any, reason: str, stored: int, stats: dict[str, int], refused: list[Any]
) -> None:
    crawler = crawler_of()
    (outcome,) = outcomes(monkeypatch, crawler, answer)
    assert getattr(outcome, "reason", "") == reason
    assert (crawler.spider.stored, crawler.stats, crawler.spider.refused) == (stored, stats, refused)


def test_a_lost_store_drops_every_article_that_waits_and_ends_the_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = crawler_of()
    lost = outcomes(monkeypatch, crawler, AutoReconnect("gone"), 3)
    assert [outcome.reason for outcome in lost] == ["store_lost"] * 3
    assert "gone" in crawler.stats["newsmill/closed"]


def test_after_a_loss_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: Any) -> list[str]:
        raise AutoReconnect("gone")

    async def process() -> None:
        pipeline = StorePipeline(crawler_of())
        for _ in range(2):
            with pytest.raises(Dropped, match="store_lost"):
                await pipeline.process_item(GOOD)
            monkeypatch.setattr(store_module, "write", lambda *_: ["stored"])

    monkeypatch.setattr(store_module, "write", write)
    asyncio.run(process())
