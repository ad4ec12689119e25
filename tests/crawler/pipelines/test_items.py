"""What any kind of item becomes between the steps, and how drops are counted. Covers crawler/pipelines/__init__.py."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.pipelines import OUTCOMES, Dropped, Pipeline, article_of, counts_of
from tests.crawler.pipelines.test_store import crawler_of
from tests.crawler.pipelines.test_validate import GOOD


def test_a_drop_names_its_reason_and_what_it_is_about() -> None:
    dropped = Dropped("no_date", "https://www.ansa.it/a.html")
    assert (dropped.reason, str(dropped)) == ("no_date", "no_date: https://www.ansa.it/a.html")
    assert str(Dropped("no_date")) == "no_date"
    assert dropped.log_level == "INFO"


def test_an_article_is_itself_and_a_mapping_becomes_one() -> None:
    assert article_of(GOOD) is GOOD
    assert article_of(asdict(GOOD)) == GOOD


def test_fields_of_the_users_own_stay_with_the_item() -> None:
    assert article_of(asdict(GOOD) | {"sentiment": 0.3, "_id": 7}) == GOOD


@pytest.mark.parametrize("name", ["date", "date_modified", "crawled_at"])
def test_instants_may_be_texts(name: str) -> None:
    article = article_of(asdict(GOOD) | {name: "2026-05-01T12:30:00Z"})
    assert getattr(article, name) == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def test_an_instant_without_a_zone_is_in_utc() -> None:
    assert article_of(asdict(GOOD) | {"date": "2026-05-01T12:30:00"}).date == datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (None, "no_item: a pipeline returned NoneType, not the item"),
        (7, "no_item: a pipeline returned int, not the item"),
        ({"title": "Titolo"}, "unstorable: an item without link or title: {'title': 'Titolo'}"),
        (asdict(GOOD) | {"content": ["uno", "due"]}, f"unstorable: {GOOD.link}: content is list, not a text"),
        (replace(GOOD, language=None), f"unstorable: {GOOD.link}: language is NoneType, not a text"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_an_article_is_dropped_by_name_and_counted(item: Any, message: str) -> None:
    crawler = crawler_of()
    with pytest.raises(Dropped) as caught:
        Pipeline.from_crawler(crawler).article(item)
    assert str(caught.value) == message
    assert crawler.stats == {f"newsmill/dropped/{caught.value.reason}": 1}
    # Another crawl may bring it: it is not remembered.
    assert crawler.spider.refused == []


def test_without_stats_it_is_dropped_as_well() -> None:
    with pytest.raises(Dropped, match="no_item"):
        Pipeline(SimpleNamespace(stats=None)).article(None)  # type: ignore[arg-type]


def test_what_is_dropped_is_remembered_where_the_spider_can() -> None:
    crawler = crawler_of()
    dropped = asyncio.run(Pipeline(crawler).drop(asdict(GOOD), "no_date"))
    assert str(dropped) == f"no_date: {GOOD.link}"
    assert crawler.spider.refused == [(GOOD.link, "no_date")]
    assert str(asyncio.run(Pipeline(crawler).drop(GOOD, "wrong_language", "en 0.99"))) == "wrong_language: en 0.99"
    # A spider of the user's own has no memory.
    crawler.spider = SimpleNamespace()
    assert asyncio.run(Pipeline(crawler).drop(GOOD, "no_date")).reason == "no_date"


def test_outcomes_of_nothing_are_left_out_and_counts_are_whole() -> None:
    stats = {f"newsmill/{name}": number for number, name in enumerate(OUTCOMES)}
    assert counts_of(stats) == {"stored": 1, "updated": 2, "unchanged": 3, "also_at": 4}
    assert counts_of({"newsmill/dropped/no_date": 0}) == {"no_date": 0}
