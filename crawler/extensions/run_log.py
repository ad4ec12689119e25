"""What a person sees of a crawl: a bar while it runs, a table when it ends; and its row in `runs`."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from crawler.extensions.drift import Watch, warnings
from crawler.mongo import Run, run_of
from crawler.mongo.articles import database_of
from crawler.pipelines.store import counts_of, reason_of

if TYPE_CHECKING:
    from datetime import date

    from rich.progress import Progress as Bar
    from scrapy.crawler import Crawler

    from crawler.spiders.newspaper import NewspaperSpider

#: Reasons of Scrapy for which a crawl is whole, and for which it was cut short.
WHOLE = ("finished", "limit")
INTERRUPTED = ("shutdown",)


class RunLog:
    """The crawl's row in `runs`, and its closing words."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._watch = Watch(crawler)
        self._run: Run | None = None
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def run_id(self) -> str:
        """The id of the crawl's row in `runs`; "" before the crawl begins."""
        return self._run.id if self._run else ""

    def opened(self, spider: NewspaperSpider) -> None:
        self._began = time.monotonic()
        self._watch.open(spider)
        configuration = {
            "newspaper": spider.name, "since": str(spider.since) if spider.dated else None,
            "until": str(spider.until) if spider.dated else None, "section": spider.section or None,
            "limit": spider.limit or None, "origin": spider.origin or None, "refresh": spider.refresh,
            "warc": [str(path) for path in spider.warc] or None,
            "javascript": bool(getattr(spider, "javascript", False)),
        }  # fmt: skip
        self._context = run_of(database_of(self.crawler), f"crawl:{spider.name}", configuration)
        self._run = self._context.__enter__()

    def closed(self, spider: NewspaperSpider, reason: str) -> None:
        assert self._run is not None
        stats = self.crawler.stats.get_stats() if self.crawler.stats else {}
        closing = closing_of(spider, reason, stats, time.monotonic() - self._began)
        self._run.counts.update(closing["counts"])
        self._run.notes.update({name: closing[name] for name in ("reason", "known", "skipped", "lists", "requests",
                                                                 "incomplete", "missed")})  # fmt: skip
        seen = self._watched(spider, closing)
        self._run.notes.update(seen)
        closing |= {"drift": seen.get("drift", []), "drift_accepted": seen.get("accepted", False)}
        self._end(reason, closing)
        self.crawler.newsmill_closing = closing  # type: ignore[attr-defined]

    def _end(self, reason: str, closing: dict[str, Any]) -> None:
        """Close the row; an exception thrown into its context names the outcome: failed, interrupted."""
        from pymongo.errors import PyMongoError

        ended = None if reason in WHOLE else KeyboardInterrupt() if reason in INTERRUPTED else RuntimeError(reason)
        try:
            self._context.__exit__(type(ended) if ended else None, ended, None)
        except PyMongoError as error:
            closing["closed"] = closing["closed"] or reason_of(error)
        except (KeyboardInterrupt, RuntimeError) as error:
            if error is not ended:
                raise

    def _watched(self, spider: NewspaperSpider, closing: dict[str, Any]) -> dict[str, Any]:
        """What the drift alarm says; nothing where the store is gone, which is told already."""
        from pymongo.errors import PyMongoError

        if closing["reason"] == "store_lost":
            return {}
        try:
            return self._watch.close(spider, closing["counts"])
        except PyMongoError:
            return {}


def closing_of(spider: NewspaperSpider, reason: str, stats: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What a crawl comes to: counts by outcome, and what a user must know before trusting them."""
    skipped = {key.removeprefix("newsmill/skipped/"): int(value)
               for key, value in stats.items() if key.startswith("newsmill/skipped/")}  # fmt: skip
    return {
        "newspaper": spider.name,
        "origin": spider.origin,
        "files": len(spider.warc),
        "reason": reason,
        "counts": counts_of(stats),
        "known": int(stats.get("newsmill/known", 0)),
        "skipped": skipped,
        "opted_out": int(stats.get("newsmill/opted_out", 0)),
        "lists": {"failed": int(stats.get("newsmill/lists/failed", 0)),
                  "missing": int(stats.get("newsmill/lists/missing", 0)),
                  "read": int(stats.get("newsmill/lists/read", 0)),
                  "empty": int(stats.get("newsmill/lists/empty", 0))},
        "requests": int(stats.get("downloader/request_count", 0)),
        "retries": int(stats.get("retry/count", 0)),
        "bytes": int(stats.get("downloader/response_bytes", 0)),
        "incomplete": int(stats.get("newsmill/incomplete", 0)),
        "missed": list(stats.get("newsmill/missed", [])),
        "closed": str(stats.get("newsmill/closed", "")),
        "errors": int(stats.get("log_count/ERROR", 0)),
        "seconds": round(seconds, 2),
    }  # fmt: skip


def exit_status(closing: dict[str, Any]) -> int:
    """0: everything there is was had. 1: something is missing, and a second run may bring it. 3: the quality fell.

    3 goes before 1: what is missing is fetched by the next run, what was read wrongly stays wrong.
    """
    if closing.get("drift") and not closing.get("drift_accepted"):
        return 3
    whole = closing["reason"] in WHOLE and not closing["closed"] and not closing["incomplete"] and not closing["errors"]
    return 0 if whole else 1


def show(closing: dict[str, Any], as_json: bool = False) -> None:
    """The closing table and its last line; JSON instead where asked for."""
    if as_json:
        print(json.dumps(closing, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console()
    counts = closing["counts"]
    table = Table(show_header=False, box=None, padding=(0, 2), highlight=False)
    table.add_column()
    table.add_column(justify="right", style="bold")
    rows = {name: value for name, value in counts.items() if name != "also_at"}
    words = _WORDS | ({"fetched": "articles read"} if closing["files"] else {})
    for name, value in sorted(rows.items(), key=lambda row: (row[0] not in _KEPT, -row[1], row[0])):
        table.add_row(words.get(name, name.replace("_", " ")), f"{value:,}")
    where = "in the files, left out" if closing["files"] else "by its link, not fetched"
    for name, value in closing["skipped"].items():
        table.add_row(f"{name.replace('_', ' ')} ({where})", f"{value:,}")
    console.print(table)
    print(last_line(closing))


_KEPT = ("fetched", "stored", "updated", "unchanged")
_WORDS = {"fetched": "articles fetched", "stored": "new articles stored", "updated": "articles changed"}
#: What is no refusal: another link for an article, an article of another day than its list said.
_ELSEWHERE = ("also_at", "outside_dates")


def last_line(closing: dict[str, Any]) -> str:
    counts = closing["counts"]
    parts = [f"{counts.get('stored', 0):,} new articles"]
    if counts.get("updated"):
        parts.append(f"{counts['updated']:,} changed")
    if counts.get("unchanged"):
        parts.append(f"{counts['unchanged']:,} unchanged")
    if closing["known"]:
        parts.append(f"{closing['known']:,} known already")
    if counts.get("also_at"):
        parts.append(f"{counts['also_at']:,} the same under another link")
    if counts.get("outside_dates"):
        parts.append(f"{counts['outside_dates']:,} of other days")
    dropped = sum(value for name, value in counts.items() if name not in (*_KEPT, *_ELSEWHERE))
    if dropped:
        parts.append(f"{dropped:,} refused")
    if closing["opted_out"]:
        parts.append(f"{closing['opted_out']:,} opted out of text mining")
    files, requests = closing["files"], closing["requests"]
    source = f"{files:,} WARC file{'s' * (files != 1)}" if files else f"{requests:,} requests"
    return f"{closing['newspaper']}: {', '.join(parts)}; {source}, {closing['seconds']:.1f} s"


#: Missed pages that are named.
_NAMED = 3


def warnings_of(closing: dict[str, Any]) -> list[str]:
    """What went wrong, one line each: for stderr."""
    name, found = closing["newspaper"], []
    if closing["closed"]:
        # What was lost (the store, the disk of the archive) is ours.
        asked = closing["origin"] and not closing["reason"].endswith("_lost")
        found.append(f"{name}: stopped: {closing['closed']}" + (f" (asked at {closing['origin']})" if asked else ""))
    elif closing["reason"] in INTERRUPTED:
        found.append(f"{name}: interrupted; run it again to go on")
    elif closing["reason"] not in WHOLE:
        found.append(f"{name}: ended early: {closing['reason']}")
    if closing["incomplete"]:
        # What stopped it says when to come again.
        again = "" if closing["closed"] else "; run it again for them"
        pages = "1 page" if closing["incomplete"] == 1 else f"{closing['incomplete']:,} pages"
        more = ["…"] if closing["incomplete"] > _NAMED else []
        told = "; ".join([*closing["missed"][:_NAMED], *more])
        found.append(f"{name}: {pages} could not be had{again}: {told}")
    lists = closing["lists"]
    if lists["read"] and lists["read"] == lists["empty"]:
        found.append(f"{name}: none of {lists['read']} lists names an article: has the newspaper changed them?")
    found += warnings(name, closing.get("drift", []), closing.get("drift_accepted", False))
    return found


class Progress:
    """One line on a terminal: articles, the day reached, speed, errors; what is logged stands above it."""

    def __init__(self, crawler: Crawler) -> None:
        if not sys.stderr.isatty() or not crawler.settings.getbool("PROGRESS", True):
            raise NotConfigured
        self.crawler = crawler
        self._bar: Bar | None = None
        self._handlers: list[logging.StreamHandler[Any]] = []
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def opened(self, spider: NewspaperSpider) -> None:
        self._spider = spider
        self._bar = _bar()
        self._task = self._bar.add_task(spider.name, total=None, what="")
        # The bar puts a writer in the place of stderr that moves it down; handlers hold the stream itself.
        self._handlers = [
            each for each in logging.root.handlers
            if isinstance(each, logging.StreamHandler) and each.stream is sys.stderr
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
        assert self.crawler.stats is not None
        assert self._bar is not None
        values = self.crawler.stats.get_stats()
        # Ctrl-C clears `crawling` at once; the crawl ends when what it asked for has come.
        words = state_of(values, time.monotonic() - self._began, self._spider.reached, not self.crawler.crawling)
        self._bar.update(
            self._task, completed=values.get("newsmill/fetched", 0), total=values.get("newsmill/candidates") or None,
            what=words,
        )  # fmt: skip

    def closed(self, spider: NewspaperSpider, reason: str) -> None:
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
    said = [f"{articles:,} articles"]
    if not fetched:
        # Lists come first, minutes of them where the pauses are long.
        lists = values.get("newsmill/lists/read", 0)
        said = [f"{lists:,} list{'s' * (lists != 1)} read"]
    if reached:
        said.append(f"back to {reached}")
    if fetched:
        said.append(f"{fetched / max(0.1, seconds):.1f}/s")
    if retries:
        said.append(f"{retries:,} retries")
    return "  ".join(said)
