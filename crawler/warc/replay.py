"""`-a warc=FILE[,FILE…]`: the articles of WARC files go through the same extraction and pipelines, without the network.

A replay refreshes: what is stored is replaced where the text differs, the old text kept in `revisions`; except by a
capture that is older than what is stored, unless `refresh=1` says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.robotstxt import decode_robotstxt

from crawler.downloadermiddlewares.robots import Rules, agent_of, parse_robots, reservations_in
from crawler.items import Article
from crawler.mongo.seen_links import database_of
from crawler.spidermiddlewares.permission import PermissionMiddleware, record_permission
from crawler.warc.captures import RESERVATIONS, ROBOTS, Capture, CaptureIndex, nearest
from crawler.warc.reader import Exchange, Location, Reader, exchange_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.spiders.newspaper import NewspaperSpider

log = logging.getLogger(__name__)

#: MongoDB keeps milliseconds.
_TICK = timedelta(milliseconds=2)
_BATCH = 1000
#: Headers that describe how a body is encoded: a record that repeats an answer has none.
_OF_BODIES = frozenset({b"content-type", b"content-encoding", b"content-length", b"transfer-encoding"})


class Replay:
    """What some files hold of one newspaper: each article's captures, oldest first, and what the site permitted."""

    def __init__(self, crawler: Crawler, spider: NewspaperSpider) -> None:
        self.crawler = crawler
        self.spider = spider
        self.reader = Reader(spider.warc, crawler.settings.getint("DOWNLOAD_MAXSIZE"))
        self.index = CaptureIndex(self.reader, spider.name, spider.page_class, self._skip)
        self._served: set[str] = set()
        self._readable: set[str] = set()
        self._rules: dict[Capture | None, Rules] = {}
        crawler.signals.connect(self.idle, signals.spider_idle)
        crawler.signals.connect(self.reader.close, signals.spider_closed)

    async def requests(self) -> AsyncIterator[Request]:
        """A request for each article's first capture; the others follow when all of those are through."""
        await asyncio.to_thread(self.index.scan)
        await asyncio.to_thread(self._drop_older)
        for why in self.reader.damage.values():
            # An error: the crawl ends with status 1.
            log.error("%s: warc: %s", self.spider.name, why)
        entries = [entry for link in self.index.captures if (entry := self.spider.entry_of(link))]
        async for request in self.spider.admit(entries, False):
            yield request

    def idle(self) -> None:
        """Everything asked for came to its end, store included: now the next captures of the same articles.

        One after the other, so that the newest text ends up in `articles` and the others, in their order, in
        `revisions`.
        """
        engine = self.crawler.engine
        more = [link for link in sorted(self._served) if self.index.captures[link]]
        if not more or engine is None or self.spider.closing is not None:
            return
        self._served.clear()
        for link in more:
            self.spider.candidates.in_flight += 1
            engine.crawl(self.spider.article_request(link))
        raise DontCloseSpider

    def _drop_older(self) -> None:
        """Drop what is older than the store's text."""
        if self.spider.refresh or not self.crawler.settings.get("KNOWN_LINKS"):
            return
        articles = database_of(self.crawler).articles
        links = list(self.index.captures)
        for begin in range(0, len(links), _BATCH):
            query = {"link": {"$in": links[begin : begin + _BATCH]}, "crawled_at": {"$ne": None}}
            for row in articles.find(query, {"link": 1, "crawled_at": 1}):
                captures = self.index.captures[row["link"]]
                while captures and captures[0].when < row["crawled_at"] - _TICK:
                    captures.popleft()
                    self._skip("older_than_stored")
                if not captures:
                    del self.index.captures[row["link"]]

    def _skip(self, reason: str) -> None:
        self.spider.count(f"skipped/{reason}")

    # --- answers -----------------------------------------------------------------------------------------------------

    def response(self, request: Request) -> Response:
        """The next capture of an article, as the server sent it.

        Raises:
            IgnoreRequest: the files hold none.
        """
        captures = self.index.captures.get(request.url)
        exchange = self._exchange(captures[0]) if captures else None
        if not captures or exchange is None:
            raise IgnoreRequest(f"warc: no capture of {request.url}")
        capture = captures.popleft()
        self._served.add(request.url)
        request.meta["captured_at"] = capture.when
        headers = Headers()
        for name, value in exchange.headers:
            headers.appendlist(name, value)
        if _is_plain(exchange):
            headers.pop(b"Content-Encoding", None)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=exchange.body)
        return kind(request.url, status=exchange.status, headers=headers, body=exchange.body, request=request)

    def _exchange(self, capture: Capture) -> Exchange | None:
        exchange = self._answer(capture.location)
        if exchange and capture.revisit and (later := self._answer(capture.revisit)):
            exchange = exchange._replace(headers=_renewed(exchange.headers, later.headers))
        location = self.index.rendered.get(capture.id)
        rendered = self.reader.record_at(location) if location else None
        if exchange is None or rendered is None:
            return exchange
        replaced = (b"content-type", b"content-encoding")
        headers = [(name, value) for name, value in exchange.headers if name.lower() not in replaced]
        headers.append((b"Content-Type", b"text/html; charset=utf-8"))
        return Exchange(exchange.status, headers, rendered.block)

    def _answer(self, location: Location) -> Exchange | None:
        record = self.reader.record_at(location)
        return exchange_of(record.block) if record else None

    def note_readable(self, link: str) -> None:
        """Note that one of an article's captures was whole."""
        self._readable.add(link)

    def has_better(self, link: str) -> bool:
        """Whether an article whose capture is broken has, or had, another one."""
        return bool(self.index.captures.get(link)) or link in self._readable

    def rules(self, when: datetime) -> Rules | None:
        """What the site permitted at an instant, as far as the files show; None where they do not."""
        robots = nearest(self.index.site[ROBOTS], when)
        if robots not in self._rules:
            self._rules[robots] = self._read_rules(robots) if robots else Rules(closed="not on record")
        rules = self._rules[robots]
        return None if rules.closed else rules

    def _read_rules(self, robots: Capture) -> Rules:
        answer = self._exchange(robots)
        if answer is None or answer.status >= 500 or answer.status == 429:
            return Rules(closed="not on record")
        rules = parse_robots(decode_robotstxt(answer.body, None)) if answer.status < 300 else Rules()
        reservations = nearest(self.index.site[RESERVATIONS], robots.when)
        answer = self._exchange(reservations) if reservations else None
        if answer is not None and answer.status == 200:
            rules.reservations = reservations_in(answer.body)
        return rules


def _renewed(headers: list[tuple[bytes, bytes]], later: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers of an answer with those that came later in their stead: a site may have reserved its rights since."""
    renewed = {name.lower() for name, _ in later} - _OF_BODIES
    unchanged = [(name, value) for name, value in headers if name.lower() not in renewed]
    return unchanged + [(name, value) for name, value in later if name.lower() in renewed]


def _is_plain(exchange: Exchange) -> bool:
    """Whether a body is not coded, whatever its headers say: many tools decode it and keep the header."""
    coding = exchange.header(b"content-encoding").lower()
    if coding in (b"gzip", b"x-gzip"):
        return not exchange.body.startswith(b"\x1f\x8b")
    return exchange.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and b"<html" in exchange.body[:4096].lower()


class ReplayHandler(BaseDownloadHandler):
    """Takes the network's place: what the files do not hold cannot be had."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        spider: NewspaperSpider = crawler.spider  # type: ignore[assignment]
        # Two of these are built, for http and https, and one replay.
        if not isinstance(spider.captures, Replay):
            spider.captures = Replay(crawler, spider)
        self._replay = spider.captures

    async def download_request(self, request: Request) -> Response:
        """The next capture of an article."""
        return self._replay.response(request)

    async def close(self) -> None:
        """Nothing is open."""


class RecordedPermission(PermissionMiddleware):
    """Writes into each article what its site permitted when it was captured, as far as the files show."""

    def record(self, article: Article, response: Response) -> None:
        replay: Replay = self.crawler.spider.captures  # type: ignore[union-attr]
        replay.note_readable(response.url)
        when: datetime = response.meta["captured_at"]
        rules, agent = replay.rules(when), agent_of(self.crawler.settings)
        # None: what the site allowed then is not on record.
        robots = rules.allowed(response.url, agent) if rules is not None else None
        record_permission(article, response, robots, rules.opt_outs(response.url) if rules is not None else [], when)
