"""`-a warc=FILE[,FILE…]`: the articles of WARC files go through the same extraction and pipelines, without the network.

A replay refreshes: what is stored is replaced where the text differs, the old text kept in `revisions`; except by a
capture that is older than what is stored, unless `refresh=1` says so.
"""

from __future__ import annotations

import asyncio
import glob
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import DontCloseSpider, IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes
from scrapy.robotstxt import decode_robotstxt

from crawler.downloadermiddlewares.backoff import PermissionMiddleware, record_permission
from crawler.downloadermiddlewares.robots import Rules, agent_of, read, reservations_in
from crawler.items import Article, NewsmillError, RecordError, canonical_link, newspaper_of
from crawler.warc.reader import Exchange, Place, Reader, Record, exchange_of, instant_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.spiders.newspaper import NewspaperSpider

log = logging.getLogger(__name__)

#: What a site says for all its pages.
_ROBOTS, _RESERVATIONS = "/robots.txt", "/.well-known/tdmrep.json"
#: MongoDB keeps milliseconds.
_TICK = timedelta(milliseconds=2)
_BATCH = 1000
#: Headers that tell how a body is written down: a record that repeats an answer has none.
_OF_BODIES = frozenset({b"content-type", b"content-encoding", b"content-length", b"transfer-encoding"})
#: What a file packed with Zstandard begins with; the second is a frame that holds a dictionary for the others.
_ZSTANDARD = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18")


class Capture(NamedTuple):
    """One answer of a newspaper, as some crawl got it."""

    when: datetime
    place: Place
    #: of the payload, as the record gives it; "" where it does not
    digest: str
    #: the record's name
    id: str
    #: the record that said later: still the same
    again: Place | None = None


class Revisit(NamedTuple):
    """A record that names an answer instead of repeating it."""

    #: the article's link, or the path of what a site says for all its pages
    shelf: str
    #: of its own
    when: datetime
    place: Place
    #: how it names the answer: the payload's digest, the record's name, its shelf and second
    digest: str
    id: str
    target: tuple[str, datetime | None]


class Replay:
    """What some files hold of one newspaper: each article's captures, oldest first, and what the site permitted."""

    def __init__(self, crawler: Crawler, spider: NewspaperSpider) -> None:
        self.crawler = crawler
        self.spider = spider
        self.reader = Reader(spider.warc, crawler.settings.getint("DOWNLOAD_MAXSIZE"))
        self._captures: dict[str, deque[Capture]] = {}
        self._site: dict[str, list[Capture]] = {_ROBOTS: [], _RESERVATIONS: []}
        #: id of a record -> what a browser made of it
        self._drawn: dict[str, Place] = {}
        self._revisits: list[Revisit] = []
        self._served: set[str] = set()
        self._read_well: set[str] = set()
        self._rules: dict[Capture | None, Rules] = {}
        crawler.signals.connect(self.idle, signals.spider_idle)
        crawler.signals.connect(self.reader.close, signals.spider_closed)

    async def requests(self) -> AsyncIterator[Request]:
        """A request for each article's first capture; the others follow when all of those are through."""
        await asyncio.to_thread(self._index)
        await asyncio.to_thread(self._leave_out)
        for why in self.reader.damage.values():
            # An error: the crawl ends with status 1.
            log.error("%s: warc: %s", self.spider.name, why)
        entries = [entry for link in self._captures if (entry := self.spider.entry_of(link))]
        async for request in self.spider._admit(entries, False):
            yield request

    def idle(self) -> None:
        """Everything asked for came to its end, store included: now the next captures of the same articles.

        One after the other, so that the newest text ends up in `articles` and the others, in their order, in
        `revisions`.
        """
        engine = self.crawler.engine
        more = [link for link in sorted(self._served) if self._captures[link]]
        if not more or engine is None or self.spider._closing is not None:
            return
        self._served.clear()
        for link in more:
            self.spider._open += 1
            engine.crawl(self.spider.article_request(link))
        raise DontCloseSpider

    # --- looking through the files -----------------------------------------------------------------------------------

    def _index(self) -> None:
        for record in self.reader.records():
            if newspaper_of(record.url) == self.spider.name:
                self._sort_in(record)
        self._repeat()
        for link, captures in self._captures.items():
            self._captures[link] = deque(self._different(sorted(captures, key=_when)))

    def _sort_in(self, record: Record) -> None:
        path = urlsplit(record.url).path
        if path in self._site:
            if record.when and not record.too_large:
                self._sort_in_rules(record, path)
            return
        if record.kind == "conversion" and record.headers.get("content-type", "").startswith("text/html"):
            self._drawn[record.headers.get("warc-refers-to", "")] = record.place
            return
        link = self._link(record)
        if not link:
            return
        if reason := _useless(record):
            self._skip(reason)
        elif record.kind == "revisit":
            self._revisits.append(self._revisit(record, link))
        else:
            self._captures.setdefault(link, deque()).append(_capture(record))

    def _sort_in_rules(self, record: Record, path: str) -> None:
        if record.kind == "response":
            self._site[path].append(_capture(record))
        elif record.kind == "revisit":
            self._revisits.append(self._revisit(record, path))

    def _revisit(self, record: Record, shelf: str) -> Revisit:
        own = _capture(record)
        url = record.headers.get("warc-refers-to-target-uri", "").strip("<> ") or record.url
        when = instant_of(record.headers.get("warc-refers-to-date", ""))
        target = (self._shelf(url), when and when.replace(microsecond=0))
        return Revisit(shelf, own.when, own.place, own.digest, record.headers.get("warc-refers-to", ""), target)

    def _shelf(self, url: str) -> str:
        path = urlsplit(url).path
        try:
            return path if path in self._site else canonical_link(url)
        except (RecordError, ValueError):
            return ""

    def _repeat(self) -> None:
        """Give each revisit the payload of the answer it names, wherever in the files that lies."""
        if not self._revisits:
            return
        answers = _Answers({**self._captures, **self._site})
        for revisit in self._revisits:
            answer = answers.of(revisit)
            rules = self._site.get(revisit.shelf)
            if answer is not None:
                captures = self._captures.setdefault(revisit.shelf, deque()) if rules is None else rules
                captures.append(answer._replace(when=revisit.when, again=revisit.place))
            elif rules is None:
                self._skip("revisit_without_original")
        self._revisits.clear()

    def _link(self, record: Record) -> str:
        """The article's canonical link; "" for what is none of this newspaper's articles."""
        if record.kind not in ("response", "revisit"):
            return ""
        try:
            link = canonical_link(record.url)
        except (RecordError, ValueError):
            return ""
        if reason := self.spider.page_class.refusal(link):
            if reason not in ("not_an_article_url", "listing_page"):
                self._skip(reason)
            return ""
        if urlsplit(link).path.rstrip("/") != urlsplit(record.url).path.rstrip("/"):
            self._skip("amp_page")
            return ""
        return link

    def _different(self, captures: list[Capture]) -> Iterator[Capture]:
        """Without those that say the same as the one before."""
        before: Capture | None = None
        for capture in captures:
            if before and (capture.place == before.place or (capture.digest and capture.digest == before.digest)):
                self._skip("same_capture")
                continue
            before = capture
            yield capture

    def _leave_out(self) -> None:
        """Drop what is older than the store's text."""
        if self.spider.refresh or not self.crawler.settings.get("KNOWN_LINKS"):
            return
        from crawler.mongo.articles import database_of

        articles = database_of(self.crawler).articles
        links = list(self._captures)
        for begin in range(0, len(links), _BATCH):
            chosen = {"link": {"$in": links[begin : begin + _BATCH]}, "crawled_at": {"$ne": None}}
            for row in articles.find(chosen, {"link": 1, "crawled_at": 1}):
                captures = self._captures[row["link"]]
                while captures and captures[0].when < row["crawled_at"] - _TICK:
                    captures.popleft()
                    self._skip("older_than_stored")
                if not captures:
                    del self._captures[row["link"]]

    def _skip(self, reason: str) -> None:
        self.spider._count(f"skipped/{reason}")

    # --- answers -----------------------------------------------------------------------------------------------------

    def response(self, request: Request) -> Response:
        """The next capture of an article, as the server sent it.

        Raises:
            IgnoreRequest: the files hold none.
        """
        captures = self._captures.get(request.url)
        found = self._exchange(captures[0]) if captures else None
        if not captures or found is None:
            raise IgnoreRequest(f"warc: no capture of {request.url}")
        capture = captures.popleft()
        self._served.add(request.url)
        request.meta["captured_at"] = capture.when
        headers = Headers()
        for name, value in found.headers:
            headers.appendlist(name, value)
        if _is_plain(found):
            headers.pop(b"Content-Encoding", None)
        kind = responsetypes.from_args(headers=headers, url=request.url, body=found.body)
        return kind(request.url, status=found.status, headers=headers, body=found.body, request=request)

    def _exchange(self, capture: Capture) -> Exchange | None:
        found = self._answer(capture.place)
        if found and capture.again and (later := self._answer(capture.again)):
            found = found._replace(headers=_renewed(found.headers, later.headers))
        drawn = self.reader.read(self._drawn[capture.id]) if capture.id in self._drawn else None
        if found is None or drawn is None:
            return found
        replaced = (b"content-type", b"content-encoding")
        headers = [(name, value) for name, value in found.headers if name.lower() not in replaced]
        headers.append((b"Content-Type", b"text/html; charset=utf-8"))
        return Exchange(found.status, headers, drawn.block)

    def _answer(self, place: Place) -> Exchange | None:
        record = self.reader.read(place)
        return exchange_of(record.block) if record else None

    def read_well(self, link: str) -> None:
        self._read_well.add(link)

    def has_better(self, link: str) -> bool:
        """Whether an article whose capture is broken has, or had, another one."""
        return bool(self._captures.get(link)) or link in self._read_well

    def rules(self, when: datetime) -> Rules | None:
        """What the site permitted at an instant, as far as the files tell; None where they do not."""
        robots = _nearest(self._site[_ROBOTS], when)
        if robots not in self._rules:
            self._rules[robots] = self._read_rules(robots) if robots else Rules(closed="not on record")
        found = self._rules[robots]
        return None if found.closed else found

    def _read_rules(self, robots: Capture) -> Rules:
        answer = self._exchange(robots)
        if answer is None or answer.status >= 500 or answer.status == 429:
            return Rules(closed="not on record")
        found = read(decode_robotstxt(answer.body, None)) if answer.status < 300 else Rules()
        reservations = _nearest(self._site[_RESERVATIONS], robots.when)
        answer = self._exchange(reservations) if reservations else None
        if answer is not None and answer.status == 200:
            found.reservations = reservations_in(answer.body)
        return found


class _Answers:
    """The answers that revisits can name."""

    def __init__(self, shelves: Mapping[str, Iterable[Capture]]) -> None:
        self._named: dict[object, Capture] = {}
        for shelf, captures in shelves.items():
            for capture in captures:
                second = capture.when.replace(microsecond=0)
                for name in (capture.digest, capture.id, (shelf, second)):
                    self._named.setdefault(name, capture)

    def of(self, revisit: Revisit) -> Capture | None:
        """The answer that a revisit names; not one whose payload is another."""
        for name in (revisit.id, revisit.target, revisit.digest):
            found = self._named.get(name) if name else None
            if found is not None and _may_be_same(found.digest, revisit.digest):
                return found
        return None


def _may_be_same(one: str, other: str) -> bool:
    # Of another length are those of another method, or another spelling.
    return not one or not other or one == other or len(one) != len(other)


def _renewed(headers: list[tuple[bytes, bytes]], later: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers of an answer with those that came later in their stead: a site may have reserved its rights since."""
    renewed = {name.lower() for name, _ in later} - _OF_BODIES
    kept = [(name, value) for name, value in headers if name.lower() not in renewed]
    return kept + [(name, value) for name, value in later if name.lower() in renewed]


def _capture(record: Record) -> Capture:
    when = record.when or datetime.min.replace(tzinfo=UTC)
    digest = record.headers.get("warc-payload-digest", "").lower()
    return Capture(when, record.place, digest, record.headers.get("warc-record-id", ""))


def _useless(record: Record) -> str:
    """Why a record of an article's address holds no page; "" where it does."""
    if record.too_large:
        return "too_large"
    if record.when is None:
        return "no_date_of_capture"
    answer = exchange_of(record.block)
    if record.kind == "revisit":
        # Its own answer may be left out; 304 is what a server says that was asked for news.
        return f"status_{answer.status}" if answer and answer.status not in (200, 304) else ""
    if answer is None:
        return "no_http"
    if answer.status != 200:
        return f"status_{answer.status}"
    kind = answer.header(b"content-type").lower()
    is_html = b"html" in kind or (not kind and b"<html" in answer.body[:2048].lower())
    return "" if is_html else "not_html"


def _is_plain(found: Exchange) -> bool:
    """Whether a body is not coded, whatever its headers say: many tools decode it and keep the header."""
    coding = found.header(b"content-encoding").lower()
    if coding in (b"gzip", b"x-gzip"):
        return not found.body.startswith(b"\x1f\x8b")
    return found.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and b"<html" in found.body[:4096].lower()


def _nearest(captures: list[Capture], when: datetime) -> Capture | None:
    """The last one before an instant, else the first after it."""
    ordered = sorted(captures, key=_when)
    before = [capture for capture in ordered if capture.when <= when]
    return next(iter(before[-1:] or ordered[:1]), None)


def _when(capture: Capture) -> datetime:
    return capture.when


class ReplayHandler(BaseDownloadHandler):
    """Takes the network's place: what the files do not hold cannot be had."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._crawler = crawler

    async def download_request(self, request: Request) -> Response:
        replay: Replay = self._crawler.spider.replay  # type: ignore[union-attr]
        return replay.response(request)

    async def close(self) -> None:
        pass


class RecordedPermission(PermissionMiddleware):
    """Writes into each article what its site permitted when it was captured, as far as the files tell."""

    def record(self, article: Article, response: Response) -> None:
        replay: Replay = self.crawler.spider.replay  # type: ignore[union-attr]
        replay.read_well(response.url)
        when: datetime = response.meta["captured_at"]
        rules, agent = replay.rules(when), agent_of(self.crawler.settings)
        # None: what the site allowed then is not on record.
        robots = rules.allowed(response.url, agent) if rules is not None else None
        record_permission(
            article, response, robots, rules.opt_outs(response.url, agent) if rules is not None else [], when
        )


def install(crawler: Crawler, spider: NewspaperSpider) -> Replay:
    """Put the files in the network's place, before the crawl's parts are built."""
    settings = crawler.settings
    changes = {
        **settings.getdict("LOOPBACK_SETTINGS"),
        "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.warc.replay.ReplayHandler"),
        # All of ours deal with servers; and Scrapy's count of requests would be one of reads.
        "DOWNLOADER_MIDDLEWARES": dict.fromkeys(
            (*settings.getdict("DOWNLOADER_MIDDLEWARES"), "scrapy.downloadermiddlewares.stats.DownloaderStats")
        ),
        "SPIDER_MIDDLEWARES": {
            **settings.getdict("SPIDER_MIDDLEWARES"),
            "crawler.downloadermiddlewares.backoff.PermissionMiddleware": None,
            "crawler.warc.replay.RecordedPermission": 900,
        },
    }
    for name, value in changes.items():
        settings.set(name, value, "cmdline")
    # What some old capture is refused for says nothing of the page as it is today.
    spider.memory = None
    return Replay(crawler, spider)


def _matching(pattern: str) -> list[Path]:
    # Path.glob refuses absolute patterns.
    return sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207


def files_of(text: str, newspaper: str) -> list[Path]:
    """The files that `warc=` names: paths and patterns, separated by commas; a folder stands for the WARCs in it.

    Raises:
        NewsmillError: one of them names nothing.
    """
    found: list[Path] = []
    for part in [text] if Path(text).exists() else filter(None, text.split(",")):
        paths = [Path(part)] if Path(part).exists() else _matching(part)
        if Path(part).is_dir():
            paths = sorted(path for ending in ("", ".gz", ".zst") for path in Path(part).glob(f"*.warc{ending}"))
        paths = [path for path in paths if path.is_file()]
        if not paths:
            raise NewsmillError(f"{newspaper}: warc={part!r}: no such file: name WARC files, or a folder of them")
        found += paths
    return list(dict.fromkeys(_unpacked(path, newspaper) for path in found))


def _unpacked(path: Path, newspaper: str) -> Path:
    """The file itself; the unpacked one beside it where it is packed with Zstandard.

    Raises:
        NewsmillError: there is none.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(4) in _ZSTANDARD
    except OSError:
        # Told when it is read.
        return path
    beside = path.with_suffix("")
    if packed and not beside.is_file():
        raise NewsmillError(f"{newspaper}: {path} is packed with Zstandard, which is not read here: unpack it first "
                            f"(zstd -d {path}) and name the unpacked file")  # fmt: skip
    return beside if packed else path
