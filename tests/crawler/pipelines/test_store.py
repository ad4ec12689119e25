"""The last two steps: what opted out, and what the store says of an article. Covers crawler.pipelines.permission."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from pymongo.errors import AutoReconnect, OperationFailure, ServerSelectionTimeoutError
from scrapy.settings import Settings

from crawler.items import Article, NewsmillError, content_hash
from crawler.pipelines import Dropped
from crawler.pipelines import store as store_module
from crawler.pipelines.permission import PermissionPipeline
from crawler.pipelines.store import StorePipeline, write_failure
from tests.crawler.pipelines.test_validate import GOOD

T = TypeVar("T")
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


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what takes a tenth of a second; an article that nobody answers fails the test and does not hang it."""
    return asyncio.run(asyncio.wait_for(work, 10))


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
    return run(process())


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
    run(process())


def test_what_is_no_article_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = crawler_of()
    monkeypatch.setattr(store_module, "write", lambda *_: pytest.fail("written"))
    with pytest.raises(Dropped, match="no_title"):
        asyncio.run(StorePipeline(crawler).process_item(replace(GOOD, title="")))
    assert crawler.spider.refused == [(GOOD.link, "no_title")]


def test_the_copy_that_is_stored_has_the_hash_of_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Article] = []
    monkeypatch.setattr(store_module, "write", lambda _, articles: rows.extend(articles) or ["stored"])
    item = replace(GOOD, title="Un altro titolo", content_hash="of the page")
    assert asyncio.run(StorePipeline(crawler_of()).process_item(item)) is item
    assert item.content_hash == "of the page"
    assert rows[0].content_hash == content_hash("Un altro titolo", GOOD.content)


def many(count: int) -> list[Article]:
    return [replace(GOOD, link=f"https://www.ansa.it/{number}.html") for number in range(count)]


def test_articles_are_written_together_two_hundred_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes, crawler = list[int](), crawler_of()
    monkeypatch.setattr(store_module, "write", lambda _, rows: sizes.append(len(rows)) or ["stored"] * len(rows))

    async def process() -> list[Any]:
        pipeline = StorePipeline(crawler)
        return await asyncio.gather(*(pipeline.process_item(item) for item in many(450)))

    assert len(run(process())) == 450
    assert sizes == [200, 200, 50]
    assert crawler.spider.stored == 450


def test_one_row_that_cannot_be_stored_costs_none_of_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler, stored = crawler_of(), list[str]()
    answers = ["stored", "updated", "", "unchanged", "stored"]
    items = many(len(answers))

    def write(_: Any, articles: list[Article]) -> list[str]:
        if items[2].link in [article.link for article in articles]:
            raise OverflowError("an int of 100 bits")
        stored.extend(article.link for article in articles)
        return [answers[[item.link for item in items].index(article.link)] for article in articles]

    async def process() -> list[Any]:
        pipeline = StorePipeline(crawler)
        return await asyncio.gather(*(pipeline.process_item(item) for item in items), return_exceptions=True)

    monkeypatch.setattr(store_module, "write", write)
    outcomes = run(process())
    assert str(outcomes.pop(2)) == f"unstorable: {items[2].link}: an int of 100 bits"
    assert outcomes == [*items[:2], *items[3:]]
    assert sorted(stored) == [item.link for item in (*items[:2], *items[3:])]
    # Each has its own answer.
    counts = {"newsmill/stored": 2, "newsmill/updated": 1, "newsmill/unchanged": 1, "newsmill/dropped/unstorable": 1}
    assert crawler.stats == counts


def test_of_two_rows_that_cannot_be_stored_each_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = crawler_of()
    dropped = outcomes(monkeypatch, crawler, UnicodeError("half a character"), 2)
    assert [outcome.reason for outcome in dropped] == ["unstorable"] * 2
    assert crawler.stats == {"newsmill/dropped/unstorable": 2}


def test_a_store_that_answers_for_fewer_articles_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    async def process() -> list[Any]:
        pipeline = StorePipeline(crawler_of())
        return await asyncio.gather(*(pipeline.process_item(item) for item in many(2)), return_exceptions=True)

    monkeypatch.setattr(store_module, "write", lambda *_: ["stored"])
    assert [getattr(outcome, "reason", "") for outcome in run(process())] == ["", "store_lost"]


def test_it_is_known_as_what_needs_a_store() -> None:
    assert StorePipeline.is_store


def test_closing_waits_for_what_is_being_written(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Article] = []
    monkeypatch.setattr(store_module, "write", lambda _, articles: rows.extend(articles) or ["stored"])

    async def process() -> None:
        pipeline = StorePipeline(crawler_of())
        await pipeline.close_spider()
        task = asyncio.ensure_future(pipeline.process_item(GOOD))
        await asyncio.sleep(0)
        await pipeline.close_spider()
        assert len(rows) == 1
        # After a pause the next one is written as well.
        await task
        await pipeline.process_item(GOOD)
        assert len(rows) == 2

    run(process())


def test_a_lost_store_loses_the_batches_behind_it_as_well_and_closes_the_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler, reasons, calls = crawler_of(), list[str](), list[int]()

    async def close(*, reason: str) -> None:
        reasons.append(reason)

    def write(_: Any, articles: list[Article]) -> list[str]:
        calls.append(len(articles))
        raise AutoReconnect("gone")

    async def process() -> list[Any]:
        pipeline = StorePipeline(crawler)
        outcomes = await asyncio.gather(*(pipeline.process_item(item) for item in many(201)), return_exceptions=True)
        await asyncio.sleep(0)
        return outcomes

    crawler.engine = SimpleNamespace(close_spider_async=close)
    monkeypatch.setattr(store_module, "write", write)
    assert {outcome.reason for outcome in run(process())} == {"store_lost"}
    assert (calls, reasons) == ([200], ["store_lost"])


def test_a_spider_without_a_limit_and_a_crawl_without_stats_store_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    crawler = crawler_of()
    crawler.stats, crawler.spider = None, SimpleNamespace()
    assert outcomes(monkeypatch, crawler, "stored") == [GOOD]
    (dropped,) = outcomes(monkeypatch, crawler, OverflowError("of 100 bits"))
    assert dropped.reason == "unstorable"
    (dropped,) = outcomes(monkeypatch, crawler, AutoReconnect("gone"))
    assert dropped.reason == "store_lost"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NewsmillError("no server at all"), "no server at all"),
        (AutoReconnect("connection closed"), "store: MongoDB stopped answering (connection closed): what"),
        (ServerSelectionTimeoutError("nobody there"), "store: MongoDB stopped answering (nobody there): what"),
        (OperationFailure("not authorized", 13), "store: this user of MongoDB may not do that (not authorized): name"),
        (OperationFailure("bad value", 2), "store: OperationFailure: bad value"),
        (RuntimeError("x" * 500), "store: RuntimeError: " + "x" * 200),
    ],
)
def test_a_write_that_failed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, line: str) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1/x")
    told = write_failure(error)
    assert told.startswith(line)
    assert "\n" not in told
    assert len(told) < 260
