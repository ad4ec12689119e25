"""What a person sees of a crawl while it runs: one line on a terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.spiders.newspaper import crawl_began

if TYPE_CHECKING:
    from datetime import date

    from rich.progress import Progress as Bar
    from scrapy.crawler import Crawler

    from crawler.spiders.newspaper import NewspaperSpider


class Progress:
    """One line on a terminal: articles, the day reached, speed, errors; what is logged stands above it."""

    def __init__(self, crawler: Crawler) -> None:
        if not sys.stderr.isatty() or not crawler.settings.getbool("PROGRESS", True):
            raise NotConfigured
        self.crawler = crawler
        self._bar: Bar | None = None
        self._handlers: list[logging.StreamHandler[Any]] = []
        crawler.signals.connect(self.opened, crawl_began)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def opened(self, spider: NewspaperSpider) -> None:
        """Show the line."""
        self._spider = spider
        self._bar = _bar()
        self._task = self._bar.add_task(spider.name, total=None, what="")
        # The bar puts a writer in the place of stderr that moves it down; handlers hold the stream itself.
        self._handlers = [
            handler for handler in logging.root.handlers
            if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
        ]  # fmt: skip
        self._bar.start()
        self._redirect()
        self._loop = create_looping_call(self.tick)
        self._began = time.monotonic()
        self._loop.start(0.25)

    def _redirect(self) -> None:
        for handler in self._handlers:
            handler.setStream(sys.stderr)

    def tick(self) -> None:
        """Bring the line up to date."""
        assert self.crawler.stats is not None
        assert self._bar is not None
        values = self.crawler.stats.get_stats()
        # Ctrl-C clears `crawling` at once; the crawl ends when what it asked for has come.
        words = state_of(values, time.monotonic() - self._began, self._spider.reached, not self.crawler.crawling)
        self._bar.update(
            self._task, completed=values.get("newsmill/fetched", 0), total=values.get("newsmill/candidates") or None,
            what=words,
        )  # fmt: skip

    def closed(self) -> None:
        """Take the line away at the crawl's end."""
        self.end()

    def end(self) -> None:
        """Take the line away, and give back the terminal as it was."""
        if self._bar is None:
            return
        if self._loop.running:
            self._loop.stop()
        self._bar.stop()
        self._redirect()
        self._bar = None


def _bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    return Bar(
        SpinnerColumn(), TextColumn("[bold]{task.description}"), BarColumn(bar_width=20),
        TextColumn("{task.fields[what]}"), TimeElapsedColumn(Column(no_wrap=True, min_width=7)),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip


def state_of(values: Mapping[str, Any], seconds: float, reached: date | None, stopping: bool) -> str:
    """How far a crawl is, in words for its line; `values` are Scrapy's stats."""
    fetched, retries = values.get("newsmill/fetched", 0), values.get("retry/count", 0)
    if stopping:
        return "stopping; Ctrl-C again: at once"
    articles = sum(values.get(f"newsmill/{name}", 0) for name in ("stored", "updated", "unchanged"))
    parts = [f"{articles:,} articles"]
    if not fetched:
        # Lists come first, minutes of them where the pauses are long.
        lists = values.get("newsmill/lists/read", 0)
        parts = [f"{lists:,} list{'s' * (lists != 1)} read"]
    if reached:
        parts.append(f"back to {reached}")
    if fetched:
        parts.append(f"{fetched / max(0.1, seconds):.1f}/s")
    if retries:
        parts.append(f"{retries:,} retries")
    return "  ".join(parts)
