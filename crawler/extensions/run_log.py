"""A crawl's row in `runs`: opened when it begins, closed with its counts and what the drift alarm found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals

from crawler.extensions.drift.monitor import DriftMonitor
from crawler.extensions.summary import COMPLETE, INTERRUPTED, closing_of
from crawler.mongo import Run, run_of
from crawler.mongo.seen_links import database_of
from crawler.pipelines.store import write_failure

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.spiders.newspaper import NewspaperSpider

#: Name among Scrapy's stats of the id of the crawl's row in `runs`.
RUN_ID = "newsmill/run"


class RunLog:
    """The crawl's row in `runs`, and its closing words."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._drift = DriftMonitor(crawler)
        self._run: Run | None = None
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def is_open(self) -> bool:
        """Whether the crawl has begun."""
        return self._run is not None

    def opened(self, spider: NewspaperSpider) -> None:
        """Open the row, and begin to count."""
        self._began = time.monotonic()
        self._drift.open(spider)
        configuration = {
            "newspaper": spider.name, "since": str(spider.since) if spider.dated else None,
            "until": str(spider.until) if spider.dated else None, "section": spider.section or None,
            "limit": spider.limit or None, "origin": spider.origin or None, "refresh": spider.refresh,
            "warc": [str(path) for path in spider.warc] or None,
            "javascript": bool(getattr(spider, "javascript", False)),
        }  # fmt: skip
        self._context = run_of(database_of(self.crawler), f"crawl:{spider.name}", configuration)
        self._run = self._context.__enter__()
        if self.crawler.stats:
            self.crawler.stats.set_value(RUN_ID, self._run.id)

    def closed(self, spider: NewspaperSpider, reason: str) -> None:
        """Sum up, compare with the crawls before, and close the row."""
        assert self._run is not None
        stats = self.crawler.stats.get_stats() if self.crawler.stats else {}
        closing = closing_of(spider, reason, stats, time.monotonic() - self._began)
        self._run.counts.update(closing["counts"])
        self._run.notes.update({name: closing[name] for name in ("reason", "known", "skipped", "lists", "requests",
                                                                 "incomplete", "missed")})  # fmt: skip
        comparison = self._compare(spider, closing)
        self._run.notes.update(comparison)
        closing |= {"drift": comparison.get("drift", []), "drift_accepted": comparison.get("accepted", False)}
        self._end(reason, closing)
        self.crawler.newsmill_closing = closing  # type: ignore[attr-defined]

    def _end(self, reason: str, closing: dict[str, Any]) -> None:
        """Close the row; an exception thrown into its context names the outcome: failed, interrupted."""
        from pymongo.errors import PyMongoError

        exception = _exception_of(reason)
        try:
            self._context.__exit__(type(exception) if exception else None, exception, None)
        except PyMongoError as error:
            closing["closed"] = closing["closed"] or write_failure(error)
        except (KeyboardInterrupt, RuntimeError) as error:
            if error is not exception:
                raise

    def _compare(self, spider: NewspaperSpider, closing: dict[str, Any]) -> dict[str, Any]:
        """What the drift alarm found; nothing where the store is gone, which is said already."""
        from pymongo.errors import PyMongoError

        if closing["reason"] == "store_lost":
            return {}
        try:
            return self._drift.close(spider, closing["counts"])
        except PyMongoError:
            return {}


def _exception_of(reason: str) -> BaseException | None:
    if reason in COMPLETE:
        return None
    return KeyboardInterrupt() if reason in INTERRUPTED else RuntimeError(reason)
