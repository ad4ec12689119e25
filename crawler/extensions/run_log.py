"""A crawl's row in `runs`: opened when it begins, closed with its counts and what the drift alarm found.

Where nothing is stored (RUN_LOG is off) there are the closing words alone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals

from crawler.extensions.drift.monitor import DriftMonitor
from crawler.extensions.summary import COMPLETE, INTERRUPTED, closing_of
from crawler.extensions.volume import articles_met, usual
from crawler.mongo import Run, run_of
from crawler.mongo.seen_links import database_of
from crawler.pipelines.store import write_failure
from crawler.spiders.newspaper import crawl_began

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from scrapy.crawler import Crawler

    from crawler.spiders.newspaper import NewspaperSpider

#: Name among Scrapy's stats of the id of the crawl's row in `runs`.
RUN_ID = "newsmill/run"
#: What of its closing a row keeps.
_NOTES = ("reason", "known", "skipped", "skipped_examples", "lists", "requests", "incomplete", "missed")


class RunLog:
    """The crawl's row in `runs`, and its closing words."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._is_stored = crawler.settings.getbool("RUN_LOG")
        self._drift = DriftMonitor(crawler) if self._is_stored else None
        self._run: Run | None = None
        self._context: AbstractContextManager[Run] | None = None
        self._configuration: dict[str, Any] = {}
        # Not when the spider opens: so it does in `scrapy shell` as well, and nothing is crawled there.
        crawler.signals.connect(self.opened, crawl_began)
        crawler.signals.connect(self.closed, signals.spider_closed)
        self._began: float | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def is_open(self) -> bool:
        """Whether the crawl has begun."""
        return self._began is not None

    def opened(self, spider: NewspaperSpider) -> None:
        """Open the row, and begin to count."""
        self._configuration = configuration_of(spider)
        if self._drift is not None:
            self._drift.open(spider)
            self._context = run_of(database_of(self.crawler), f"crawl:{spider.name}", self._configuration)
            self._run = self._context.__enter__()
            if self.crawler.stats:
                self.crawler.stats.set_value(RUN_ID, self._run.id)
        self._began = time.monotonic()

    def closed(self, spider: NewspaperSpider, reason: str) -> None:
        """Sum up, compare with the crawls before, and close the row."""
        if self._began is None:
            return
        stats = self.crawler.stats.get_stats() if self.crawler.stats else {}
        closing = closing_of(spider, reason, stats, time.monotonic() - self._began)
        closing["feeds"] = _feeds(self.crawler)
        comparison = self._compare(spider, closing)
        closing |= {"drift": comparison.get("drift", []), "drift_accepted": comparison.get("accepted", False)}
        closing["usual"] = comparison.get("usual")
        if self._run is not None:
            self._run.counts.update(closing["counts"])
            self._run.notes.update({name: closing[name] for name in _NOTES} | comparison)
            self._end(reason, closing)
        self.crawler.newsmill_closing = closing  # type: ignore[attr-defined]

    def _end(self, reason: str, closing: dict[str, Any]) -> None:
        """Close the row; an exception thrown into its context names the outcome: failed, interrupted."""
        from pymongo.errors import PyMongoError

        assert self._context is not None
        exception = _exception_of(reason)
        try:
            self._context.__exit__(type(exception) if exception else None, exception, None)
        except PyMongoError as error:
            closing["closed"] = closing["closed"] or write_failure(error)
        except (KeyboardInterrupt, RuntimeError) as error:
            if error is not exception:
                raise

    def _compare(self, spider: NewspaperSpider, closing: dict[str, Any]) -> dict[str, Any]:
        """What the drift alarm found, and how many articles are usual where this crawl met far fewer.

        Nothing where the store is gone, which is said already.
        """
        from pymongo.errors import PyMongoError

        if self._drift is None or closing["reason"] == "store_lost":
            return {}
        try:
            comparison = self._drift.close(spider, closing["counts"])
            if expected := self._usual(closing):
                comparison |= {"usual": round(expected, 1), "accepted": self.crawler.settings.getbool("ACCEPT_DRIFT")}
        except PyMongoError:
            return {}
        return comparison

    def _usual(self, closing: dict[str, Any]) -> float | None:
        """How many articles are usual; None where this crawl met about as many, or did not come to its end."""
        share = self.crawler.settings.getfloat("USUAL_SHARE")
        if not share or closing["files"] or closing["closed"] or closing["reason"] != "finished":
            return None
        expected = usual(database_of(self.crawler), self._configuration)
        return expected if expected is not None and articles_met(closing) < share * expected else None


def configuration_of(spider: NewspaperSpider) -> dict[str, Any]:
    """What a crawl was asked for, as its row in `runs` names it."""
    return {
        "newspaper": spider.name, "since": str(spider.since) if spider.dated else None,
        "until": str(spider.until) if spider.dated else None, "section": spider.section or None,
        "limit": spider.limit or None, "origin": spider.origin or None, "refresh": spider.refresh,
        "warc": [str(path) for path in spider.warc] or None,
        "javascript": bool(getattr(spider, "javascript", False)),
    }  # fmt: skip


def _feeds(crawler: Crawler) -> dict[str, Any]:
    """The files that the articles go to besides the store (-o, -O), how many went there, and what no article means."""
    stats = crawler.stats.get_stats() if crawler.stats else {}
    return {
        "files": [str(uri) for uri in crawler.settings.getdict("FEEDS")],
        "items": int(stats.get("item_scraped_count", 0)),
        "kept": not crawler.settings.getbool("FEED_STORE_EMPTY"),
    }


def _exception_of(reason: str) -> BaseException | None:
    if reason in COMPLETE:
        return None
    return KeyboardInterrupt() if reason in INTERRUPTED else RuntimeError(reason)
