"""What WARC files hold of one newspaper: captures of its articles, revisits resolved, and what the site permitted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.items import RecordError, canonical_link, newspaper_of
from crawler.page import ArticlePage
from crawler.warc.reader import Location, Reader, Record, exchange_of, instant_of

#: What a site says for all its pages.
ROBOTS, RESERVATIONS = "/robots.txt", "/.well-known/tdmrep.json"


class Capture(NamedTuple):
    """One answer of a newspaper, as some crawl got it."""

    when: datetime
    location: Location
    #: of the payload, as the record gives it; "" where it does not
    digest: str
    #: the record's name
    id: str
    #: the record that said later: still the same
    revisit: Location | None = None


class Revisit(NamedTuple):
    """A record that names an answer instead of repeating it."""

    #: the article's link, or the path of what a site says for all its pages
    shelf: str
    #: of its own
    when: datetime
    location: Location
    #: how it names the answer: the payload's digest, the record's name, its shelf and second
    digest: str
    id: str
    target: tuple[str, datetime | None]


class CaptureIndex:
    """Where the captures of one newspaper's articles lie in some files.

    Attributes:
        captures: link -> its captures, oldest first, without those that say the same as the one before.
        site: path of what a site says for all its pages -> its captures.
        rendered: id of a record -> what a browser made of it.
    """

    def __init__(
        self, reader: Reader, newspaper: str, page_class: type[ArticlePage], skip: Callable[[str], None]
    ) -> None:
        """Nothing is read yet.

        Args:
            reader: of the files.
            newspaper: its name.
            page_class: knows which addresses are articles'.
            skip: called with the reason for each record of an article that is left out.
        """
        self._reader = reader
        self._newspaper = newspaper
        self._page_class = page_class
        self._skip = skip
        self.captures: dict[str, deque[Capture]] = {}
        self.site: dict[str, list[Capture]] = {ROBOTS: [], RESERVATIONS: []}
        self.rendered: dict[str, Location] = {}
        self._revisits: list[Revisit] = []

    def scan(self) -> None:
        """Look through the files."""
        for record in self._reader.records():
            if newspaper_of(record.url) == self._newspaper:
                self._sort_in(record)
        self._resolve_revisits()
        for link, captures in self.captures.items():
            self.captures[link] = deque(self._different(sorted(captures, key=_when)))

    def _sort_in(self, record: Record) -> None:
        path = urlsplit(record.url).path
        if path in self.site:
            if record.when and not record.too_large:
                self._sort_in_rules(record, path)
            return
        if record.kind == "conversion" and record.headers.get("content-type", "").startswith("text/html"):
            self.rendered[record.headers.get("warc-refers-to", "")] = record.location
            return
        link = self._link(record)
        if not link:
            return
        if reason := unusable(record):
            self._skip(reason)
        elif record.kind == "revisit":
            self._revisits.append(self._revisit(record, link))
        else:
            self.captures.setdefault(link, deque()).append(_capture(record))

    def _sort_in_rules(self, record: Record, path: str) -> None:
        if record.kind == "response":
            self.site[path].append(_capture(record))
        elif record.kind == "revisit":
            self._revisits.append(self._revisit(record, path))

    def _revisit(self, record: Record, shelf: str) -> Revisit:
        own = _capture(record)
        url = record.headers.get("warc-refers-to-target-uri", "").strip("<> ") or record.url
        when = instant_of(record.headers.get("warc-refers-to-date", ""))
        target = (self._shelf(url), when and when.replace(microsecond=0))
        return Revisit(shelf, own.when, own.location, own.digest, record.headers.get("warc-refers-to", ""), target)

    def _shelf(self, url: str) -> str:
        path = urlsplit(url).path
        try:
            return path if path in self.site else canonical_link(url)
        except (RecordError, ValueError):
            return ""

    def _resolve_revisits(self) -> None:
        """Give each revisit the payload of the answer it names, wherever in the files that lies."""
        if not self._revisits:
            return
        answers = _Answers({**self.captures, **self.site})
        for revisit in self._revisits:
            answer = answers.of(revisit)
            rules = self.site.get(revisit.shelf)
            if answer is not None:
                captures = self.captures.setdefault(revisit.shelf, deque()) if rules is None else rules
                captures.append(answer._replace(when=revisit.when, revisit=revisit.location))
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
        if reason := self._page_class.refusal(link):
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
            if before and (capture.location == before.location or (capture.digest and capture.digest == before.digest)):
                self._skip("same_capture")
                continue
            before = capture
            yield capture


class _Answers:
    """The answers that revisits can name."""

    def __init__(self, shelves: Mapping[str, Iterable[Capture]]) -> None:
        self._by_name: dict[object, Capture] = {}
        for shelf, captures in shelves.items():
            for capture in captures:
                second = capture.when.replace(microsecond=0)
                for name in (capture.digest, capture.id, (shelf, second)):
                    self._by_name.setdefault(name, capture)

    def of(self, revisit: Revisit) -> Capture | None:
        """The answer that a revisit names; not one whose payload is another."""
        for name in (revisit.id, revisit.target, revisit.digest):
            capture = self._by_name.get(name) if name else None
            if capture is not None and _may_be_same(capture.digest, revisit.digest):
                return capture
        return None


def _may_be_same(digest: str, reference: str) -> bool:
    # Of another length are those of another method, or another spelling.
    return not digest or not reference or digest == reference or len(digest) != len(reference)


def _capture(record: Record) -> Capture:
    when = record.when or datetime.min.replace(tzinfo=UTC)
    digest = record.headers.get("warc-payload-digest", "").lower()
    return Capture(when, record.location, digest, record.headers.get("warc-record-id", ""))


def unusable(record: Record) -> str:
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


def nearest(captures: list[Capture], when: datetime) -> Capture | None:
    """The last one before an instant, else the first after it."""
    ordered = sorted(captures, key=_when)
    before = [capture for capture in ordered if capture.when <= when]
    return next(iter(before[-1:] or ordered[:1]), None)


def _when(capture: Capture) -> datetime:
    return capture.when
