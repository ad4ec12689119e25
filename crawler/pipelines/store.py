"""validate -> permission -> language -> store. Whatever does not come through has a named reason, and is counted."""

from __future__ import annotations

import asyncio
import functools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import DropItem

from crawler.items import NEWSPAPERS, Article, newspaper_of
from crawler.mongo import lost
from crawler.mongo.articles import database_of, write

if TYPE_CHECKING:
    from lingua import LanguageDetector
    from scrapy.crawler import Crawler

#: Articles of one write at most: a few megabytes.
_BATCH = 200
#: Seconds an article waits for company.
_LINGER = 0.05
#: Shorter texts are names and numbers to a language detector.
_LANGUAGE_NEEDS = 200
_LANGUAGE_READS = 400
_SURE = 0.9
#: Frequent words that the languages around do not have.
_OWN_WORDS = {
    "it": frozenset(
        "che della delle degli dello dei nella nelle negli nello nel gli più anche perché è sono dalla dalle dal alla "
        "alle agli allo sulla sul hanno stato stata dopo di".split()
    ),
    "vi": frozenset(
        "của và là không những được người trong các một cho với này đã đến từ có để khi tại ở nhiều về ra trên sau năm "
        "ông bà theo vào làm".split()
    ),
}


class Dropped(DropItem):
    """An article that is not stored, by name."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason, log_level="INFO")
        self.reason = reason


class Pipeline:
    """Counts what it drops, and has it remembered."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def drop(self, article: Article, reason: str, detail: str = "") -> Dropped:
        refuse = getattr(self.crawler.spider, "refuse", None)
        if refuse is not None:
            await refuse(article.link, reason)
        return Dropped(reason, detail or article.link)


class ValidatePipeline(Pipeline):
    """An article has an address of its newspaper, a title, a text and a possible date."""

    async def process_item(self, item: Article) -> Article:
        if reason := invalid(item, datetime.now(UTC)):
            raise await self.drop(item, reason)
        return item


def invalid(article: Article, now: datetime) -> str:
    """Why an article cannot be one; "" where it can."""
    name = newspaper_of(article.link)
    if name is None or NEWSPAPERS[name].source_site != article.source_site:
        return "foreign_link"
    if not article.title:
        return "no_title"
    if not article.content:
        return "empty_body"
    if article.date is None or article.date.tzinfo is None:
        return "no_date"
    # Clocks of newspapers run a little ahead; more than a day is a misread date.
    if article.date > now + timedelta(days=1):
        return "date_in_the_future"
    return ""


class PermissionPipeline(Pipeline):
    """Lets opted-out articles through, marked, unless OPT_OUT=drop."""

    async def process_item(self, item: Article) -> Article:
        if item.permission.get("opt_out"):
            if self.crawler.stats:
                self.crawler.stats.inc_value("newsmill/opted_out")
            if self.crawler.settings["OPT_OUT"] == "drop":
                raise await self.drop(item, "opted_out", "; ".join(item.permission.get("evidence", [])))
        return item


class LanguagePipeline(Pipeline):
    """Refuses a text that is surely in another language than its newspaper's."""

    async def process_item(self, item: Article) -> Article:
        text = item.content[:_LANGUAGE_READS]
        if len(text) >= _LANGUAGE_NEEDS and not speaks(text, item.language):
            code, confidence = detected(text)
            if code != item.language and confidence >= _SURE:
                raise await self.drop(item, "wrong_language", f"{code} {confidence:.2f}: {item.link}")
        return item


def speaks(text: str, language: str) -> bool:
    """Whether a text has so many words of its own language that no detector need be asked: nearly every article has."""
    own, words = _OWN_WORDS.get(language, frozenset()), text.lower().split()
    return sum(word in own for word in words) >= max(4, len(words) // 15)


def detected(text: str) -> tuple[str, float]:
    """(ISO 639-1 code, confidence) among the languages that these newspapers might run a text in."""
    best = _detector().compute_language_confidence_values(text)[0]
    return best.language.iso_code_639_1.name.lower(), float(best.value)


@functools.cache
def _detector() -> LanguageDetector:
    from lingua import IsoCode639_1, Language, LanguageDetectorBuilder

    codes = {"AR", "DE", "EN", "ES", "FR", "PT", "RU", "ZH"} | {paper.language.upper() for paper in NEWSPAPERS.values()}
    languages = [Language.from_iso_code_639_1(IsoCode639_1.from_str(code)) for code in sorted(codes)]
    # Long texts need no five-letter models: a tenth of the memory.
    return LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()


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
        written: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._buffer.append((item, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.ensure_future(self._write())
        outcome = await written
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
            await asyncio.sleep(_LINGER)
            batch, self._buffer = self._buffer[:_BATCH], self._buffer[_BATCH:]
            try:
                outcomes = await asyncio.to_thread(write, self._database, [article for article, _ in batch])
            except Exception as error:
                self._stop(error, batch)
                return
            for (_, written), outcome in zip(batch, outcomes, strict=True):
                written.set_result(outcome)

    def _stop(self, error: Exception, batch: list[tuple[Article, asyncio.Future[str]]]) -> None:
        """No store, no crawl: end it, saying why."""
        self._broken = error
        for _, written in [*batch, *self._buffer]:
            written.set_exception(Dropped("store_lost", str(error)[:200]))
        self._buffer = []
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/closed", reason_of(error))
        if self.crawler.engine:
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="store_lost"))


def reason_of(error: Exception) -> str:
    """One line for a write that failed."""
    from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

    if isinstance(error, AutoReconnect | ServerSelectionTimeoutError):
        return lost(error)
    return f"store: {type(error).__name__}: {str(error)[:200]}"


def counts_of(stats: dict[str, Any]) -> dict[str, int]:
    """Outcome -> articles, from Scrapy's stats: what became of every page that was fetched, and what was refused."""
    counts = {}
    for name in ("fetched", "stored", "updated", "unchanged", "also_at"):
        if value := stats.get(f"newsmill/{name}"):
            counts[name] = int(value)
    for key, value in stats.items():
        if key.startswith("newsmill/dropped/"):
            counts[key.removeprefix("newsmill/dropped/")] = int(value)
    return counts
