"""Store: articles into MongoDB, in batches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crawler.items import Article
from crawler.mongo import loss_message
from crawler.mongo.articles import write
from crawler.mongo.seen_links import database_of
from crawler.pipelines import Dropped, Pipeline

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

#: Articles of one write at most: a few megabytes.
_BATCH = 200
#: Seconds an article waits for company.
_COMPANY_SECONDS = 0.05


class StorePipeline(Pipeline):
    """Writes whatever has come in since the last write, together: batches grow with the load.

    An article has been stored when its `process_item` returns: acknowledged, durable.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._database = database_of(crawler)
        self._buffer: list[tuple[Article, asyncio.Future[str]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    async def process_item(self, item: Article) -> Article:
        if self._broken is not None:
            raise Dropped("store_lost", item.link) from self._broken
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._buffer.append((item, result))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.ensure_future(self._write())
        outcome = await result
        if outcome == "taken_down":
            raise await self.drop(item, "taken_down")
        if self.crawler.stats:
            self.crawler.stats.inc_value(f"newsmill/{outcome}")
        if outcome == "also_at":
            raise Dropped("also_at", item.link)
        return item

    async def close_spider(self) -> None:
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._buffer:
            # A write costs as much as reading three pages, whether it carries one article or fifty.
            await asyncio.sleep(_COMPANY_SECONDS)
            batch, self._buffer = self._buffer[:_BATCH], self._buffer[_BATCH:]
            try:
                outcomes = await asyncio.to_thread(write, self._database, [article for article, _ in batch])
            except Exception as error:  # noqa: BLE001 - whatever it is, articles that wait must hear of it
                self._stop(error, batch)
                return
            for (_, result), outcome in zip(batch, outcomes, strict=True):
                result.set_result(outcome)

    def _stop(self, error: Exception, batch: list[tuple[Article, asyncio.Future[str]]]) -> None:
        """No store, no crawl: end it, saying why."""
        self._broken = error
        for _, result in [*batch, *self._buffer]:
            result.set_exception(Dropped("store_lost", str(error)[:200]))
        self._buffer = []
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/closed", write_failure(error))
        if self.crawler.engine:
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="store_lost"))


def write_failure(error: Exception) -> str:
    """One line for a write that failed."""
    from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

    if isinstance(error, AutoReconnect | ServerSelectionTimeoutError):
        return loss_message(error)
    return f"store: {type(error).__name__}: {str(error)[:200]}"
