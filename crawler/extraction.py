"""Extraction beside the crawl: in processes of its own where pages come faster than one can read them.

A polite crawl reads a page in the time it waits for the next. From an origin on this machine, or from an archive, pages
come at the speed of the reader: then a second core is worth its start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from crawler.items import Article
from crawler.page import NotAnArticle, extract

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

log = logging.getLogger(__name__)

#: Pages read in this process first: most crawls are over before a worker would have started.
_FIRST = 100

Outcome = tuple[Article | None, str, str]


class Extractor:
    """Reads pages here, and after the first hundred in EXTRACT_WORKERS processes."""

    def __init__(self, crawler: Crawler) -> None:
        self.workers = crawler.settings.getint("EXTRACT_WORKERS")
        self._read = 0
        self._pool: ProcessPoolExecutor | None = None

    async def extract(self, body: bytes, url: str, newspaper: str) -> Article:
        """The article on a page.

        Raises:
            NotAnArticle: with the reason.
        """
        self._read += 1
        if self.workers < 1 or self._read <= _FIRST:
            return extract(body, url, newspaper)
        try:
            article, reason, detail = await self._elsewhere(body, url, newspaper)
        except BrokenExecutor as error:
            # Killed, or out of memory: slower is better than lost.
            log.warning("extraction goes on in one process: a worker ended (%s)", error)
            self.workers = 0
            return extract(body, url, newspaper)
        if article is None:
            raise NotAnArticle(reason, detail)
        return article

    async def _elsewhere(self, body: bytes, url: str, newspaper: str) -> Outcome:
        if self._pool is None:
            # Not forked: this process has threads, and a reactor.
            self._pool = ProcessPoolExecutor(self.workers, get_context("spawn"), _watch_parent, (os.getpid(),))
        return await asyncio.get_running_loop().run_in_executor(self._pool, read, body, url, newspaper)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def read(body: bytes, url: str, newspaper: str) -> Outcome:
    """(article, "", "") or (None, reason, detail): what can be sent from process to process."""
    try:
        return extract(body, url, newspaper), "", ""
    except NotAnArticle as refusal:
        return None, refusal.reason, refusal.detail


def _watch_parent(parent: int) -> None:
    """End with the crawl: a worker whose parent was killed would wait for pages for ever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
