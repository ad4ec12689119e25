"""Store: articles into MongoDB, in batches."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bson.errors import BSONError

from crawler.items import Article, NewsmillError, content_hash
from crawler.mongo import loss_message, may_only_read
from crawler.mongo.articles import write
from crawler.mongo.seen_links import database_of
from crawler.pipelines import Dropped, Pipeline
from crawler.pipelines.validate import invalid

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

#: Articles of one write at most: a few megabytes.
_BATCH = 200
#: What a row that BSON has no form for raises: an object in its tags, a number of 100 bits, half a character, 16 MB.
_ROW_ERRORS = (BSONError, OverflowError, UnicodeError, TypeError, ValueError, AttributeError)
#: Seconds an article waits for company.
_COMPANY_SECONDS = 0.05


class StorePipeline(Pipeline):
    """Writes whatever has come in since the last write, together: batches grow with the load.

    An article has been stored when its `process_item` returns: acknowledged, durable.
    """

    #: where nothing of this kind is among ITEM_PIPELINES, no store is asked (addons.py)
    is_store = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._buffer: list[tuple[Article, asyncio.Future[str]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._broken: Exception | None = None

    async def process_item(self, item: Any) -> Any:
        # A copy: what a user's pipelines did to the item is what is stored, and theirs to go on with.
        article = replace(self.article(item))
        if self._broken is not None:
            raise Dropped("store_lost", article.link) from self._broken
        # Pipelines before this one may have changed it.
        if reason := invalid(article, datetime.now(UTC)):
            raise await self.drop(item, reason)
        article.content_hash = content_hash(article.title, article.content)
        await self._count(await self._stored(article), article)
        return item

    async def _stored(self, article: Article) -> str:
        """What became of an article."""
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._buffer.append((article, result))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.ensure_future(self._write())
        return await result

    async def _count(self, outcome: str, article: Article) -> None:
        if outcome == "taken_down":
            raise await self.drop(article, "taken_down")
        if self.crawler.stats:
            self.crawler.stats.inc_value(f"newsmill/{outcome}")
        if outcome == "also_at":
            raise Dropped("also_at", article.link)
        if (count := getattr(self.crawler.spider, "article_stored", None)) is not None:
            count()

    async def close_spider(self) -> None:
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        while self._buffer:
            # A write costs as much as reading three pages, whether it carries one article or fifty.
            await asyncio.sleep(_COMPANY_SECONDS)
            batch, self._buffer = self._buffer[:_BATCH], self._buffer[_BATCH:]
            try:
                await self._write_batch(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is, articles that wait must hear of it
                self._stop(error, batch)
                return

    async def _write_batch(self, batch: list[tuple[Article, asyncio.Future[str]]]) -> None:
        """Store a batch; what cannot be stored is dropped by name, and the others of its batch are stored.

        Raises:
            PyMongoError, NewsmillError: the store is gone.
        """
        try:
            outcomes = await asyncio.to_thread(self._write_rows, [article for article, _ in batch])
        except _ROW_ERRORS as error:
            if len(batch) > 1:
                for part in batch:
                    await self._write_batch([part])
                return
            if self.crawler.stats:
                self.crawler.stats.inc_value("newsmill/dropped/unstorable")
            batch[0][1].set_exception(Dropped("unstorable", f"{batch[0][0].link}: {str(error)[:200]}"))
            return
        for (_, result), outcome in zip(batch, outcomes, strict=True):
            result.set_result(outcome)

    def _write_rows(self, articles: list[Article]) -> list[str]:
        # Not opened before there is something to store: `scrapy shell` builds this pipeline as well.
        return write(database_of(self.crawler), articles)

    def _stop(self, error: Exception, batch: list[tuple[Article, asyncio.Future[str]]]) -> None:
        """No store, no crawl: end it, saying why."""
        self._broken = error
        for result in [result for _, result in [*batch, *self._buffer] if not result.done()]:
            result.set_exception(Dropped("store_lost", str(error)[:200]))
        self._buffer = []
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/closed", write_failure(error))
        if self.crawler.engine:
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="store_lost"))


def write_failure(error: Exception) -> str:
    """One line for a write that failed."""
    from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

    if isinstance(error, NewsmillError):
        return str(error)
    if isinstance(error, AutoReconnect | ServerSelectionTimeoutError) or may_only_read(error):
        return loss_message(error)
    return f"store: {type(error).__name__}: {str(error)[:200]}"
