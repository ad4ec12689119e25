"""The links that earlier crawls stored or refused: what need not be fetched again."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, Self
from zoneinfo import ZoneInfo

from crawler.mongo import connect, taken_down

if TYPE_CHECKING:
    from pymongo.database import Database
    from scrapy.crawler import Crawler

#: A refused page is asked for again after this: live blogs end, missing pages appear.
REFUSAL_HOLDS = timedelta(days=7)


def database_of(crawler: Crawler) -> Database[dict[str, Any]]:
    """The crawl's one connection, opened when it is first asked for.

    Raises:
        NewsmillError: no server.
    """
    database: Database[dict[str, Any]] | None = getattr(crawler, "newsmill_database", None)
    if database is None:
        database = connect(crawler.settings.get("MONGODB_URI") or None)
        crawler.newsmill_database = database  # type: ignore[attr-defined]
    return database


class Crawl(Protocol):
    """What is asked of a crawl here."""

    name: str
    refresh: bool
    dated: bool
    since: date
    until: date
    zone: ZoneInfo


class StoredLinks:
    """The links that earlier crawls stored, or refused."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @property
    def _database(self) -> Database[dict[str, Any]]:
        return database_of(self._crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def settled(self, links: list[str], crawl: Crawl) -> set[str]:
        """Those of the links that need not be fetched again, or must not."""
        return await asyncio.to_thread(self._settled, links, crawl)

    def _settled(self, links: list[str], crawl: Crawl) -> set[str]:
        removed = taken_down(self._database, links)
        if crawl.refresh:
            return removed
        rows = self._database.articles.find(
            {"$or": [{"link": {"$in": links}}, {"also_at": {"$in": links}}]}, {"link": 1, "also_at": 1}
        )
        settled = {link for row in rows for link in (row["link"], *row.get("also_at", []))}
        for row in self._database.refusals.find({"link": {"$in": links}}):
            if _still_refused(row, crawl):
                settled.add(row["link"])
        return settled & set(links) | removed

    async def refuse(self, link: str, reason: str, day: datetime | None, crawl: Crawl) -> None:
        """Note that a page is no article to store, and why."""
        row = {"newspaper": crawl.name, "reason": reason, "date": day, "checked_at": datetime.now(UTC)}
        await asyncio.to_thread(self._database.refusals.update_one, {"link": link}, {"$set": row}, upsert=True)


def _still_refused(row: dict[str, Any], crawl: Crawl) -> bool:
    if row["reason"] == "outside_dates" and row.get("date"):
        day = row["date"].astimezone(crawl.zone).date()
        return crawl.dated and not crawl.since <= day <= crawl.until
    if row["reason"] == "moved":
        return True
    return bool(row["checked_at"] > datetime.now(UTC) - REFUSAL_HOLDS)
