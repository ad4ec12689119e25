"""Pauses before a request: they end at once when the crawl is asked to stop (Ctrl-C, SIGTERM)."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.asyncio import create_looping_call
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

#: Seconds between two looks whether the crawl is asked to stop.
_LOOK = 0.2


class InterruptedPause(IgnoreRequest):
    """A request that was still waiting when the crawl was asked to stop: it was not sent, and counts as nothing."""

    reason = "interrupted"

    def __init__(self) -> None:
        super().__init__("interrupted before it was sent")


async def pause(crawler: Crawler, seconds: float) -> None:
    """Wait so long.

    Raises:
        InterruptedPause: the crawl is asked to stop.
    """
    end = time.monotonic() + seconds
    while (rest := end - time.monotonic()) > 0:
        if _is_stopping(crawler):
            raise InterruptedPause
        await asyncio.sleep(min(rest, _LOOK))


def _is_stopping(crawler: Crawler) -> bool:
    """Whether the crawl is asked to stop: its engine then waits for every request that is under way.

    (`crawler.crawling` is not so much as set in `scrapy shell`.)
    """
    return crawler.engine is not None and not crawler.engine.running


class QueueRelease:
    """Gives up what waits in Scrapy's downloader for its site's delay when the crawl is asked to stop.

    Scrapy would send it, however long that takes, and end then.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._loop = create_looping_call(self.look)
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def opened(self) -> None:
        """Begin to look."""
        self._loop.start(_LOOK, now=False)

    def closed(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def look(self) -> None:
        """Give up what waits, where the crawl is asked to stop."""
        if self.crawler.engine is None or not _is_stopping(self.crawler):
            return
        for slot in self.crawler.engine.downloader.slots.values():
            while slot.queue:
                _, waiting = slot.queue.popleft()
                waiting.errback(Failure(InterruptedPause()))  # type: ignore[no-untyped-call]
