"""Lists, feeds and sitemaps: the pages that name a newspaper's articles, and how a spider reads them."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree
from scrapy import Request, Spider

from crawler.dates import date_in_link, local_day, parse_date
from crawler.discovery.failures import content_type_of, is_broken_off, short, status_of
from crawler.feeds import UNPACKED_MAX, TooLargeError, is_empty_document, root_of, text_in
from crawler.items import RecordError, canonical_link, newspaper_of
from crawler.newspapers import Newspaper
from crawler.page import ArticlePage
from crawler.page.parser import GarbageError, decode, parse
from crawler.page.text import first, select, text_of

if TYPE_CHECKING:
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector
    from twisted.python.failure import Failure

log = logging.getLogger(__name__)

#: Days by which the day in a link may differ from the day of publication: corrections after midnight, time zones.
SLACK = timedelta(days=1)
#: Answers that say for good that nothing is at an address.
MISSING_STATUSES = (404, 410)
#: Refusals by name that another day may bring.
TEMPORARY_REFUSALS = frozenset({"unreachable", "banned", "endless_redirects"})
#: Addresses that are named of each reason for which some are not fetched.
_EXAMPLES = 3
#: Pages that break off at the same byte twice, after which no page of the newspaper is asked for again.
_OPEN_ENDS = 3


class Chain(NamedTuple):
    """A list to read: its first page, and how."""

    url: str
    #: go on to its next pages
    follow: bool = True
    #: `listing` (HTML), `feed` (RSS or Atom) or `sitemap`
    kind: str = "listing"
    #: the address itself keeps to the dates: whatever it lists is a candidate
    dated: bool = False


class Entry(NamedTuple):
    """An article as a list names it."""

    #: canonical
    link: str
    #: day of publication in the newspaper's zone; None where the list does not say
    when: date | None


class ListSpider(Spider):
    """The part of a newspaper's spider that reads lists. Its subclass admits candidates, retries and counts."""

    page_class: ClassVar[type[ArticlePage]]
    #: CSS of an item of a list, of the link and of the date inside it
    ITEMS: ClassVar[str]
    ITEM_LINK: ClassVar[str]
    ITEM_DATE: ClassVar[str] = ""
    #: CSS of the link to a list's next page
    NEXT: ClassVar[str] = ""
    #: items of a full page of a list
    PAGE_SIZE: ClassVar[int]
    #: addresses of sitemaps with articles, and of those without; "" = no sitemaps are read
    SITEMAP: ClassVar[str] = ""
    NO_SITEMAP: ClassVar[str] = ""
    #: a list without articles is answered by 404
    MISSING_IS_EMPTY: ClassVar[bool] = False

    #: bytes that a feed or sitemap may unpack to
    bytes_max: int = UNPACKED_MAX
    profile: Newspaper
    zone: ZoneInfo
    #: whether days were asked for; the first and the last of them
    dated: bool
    since: date
    until: date

    def __init__(self) -> None:
        super().__init__()
        self._requested_lists: set[str] = set()
        self._links_of_list: dict[str, set[str]] = {}
        #: links that some list has named and that are not fetched
        self._skipped_links: set[str] = set()
        #: pages that broke off at the same byte twice: so they end, and after a few of them all do
        self._open_ends = 0
        #: links that some list has named
        self.listed_links: set[str] = set()

    # --- what a newspaper writes -------------------------------------------------------------------------------------

    def page_url(self, url: str, number: int) -> str:
        """The address of a list's page 2, 3, …, for lists that do not link to it."""
        raise NotImplementedError

    def is_sponsored(self, item: etree._Element) -> bool:  # noqa: ARG002
        """Whether an item of a list is paid for."""
        return False

    def entry(self, item: etree._Element) -> Entry | None:
        """What an item of a list names; None for anything but an article of this newspaper."""
        anchor = first(item, self.ITEM_LINK)
        if anchor is None:
            return None
        if self.is_sponsored(item):
            self.skip(anchor.get("href") or "", "sponsored")
            return None
        printed = text_of(first(item, self.ITEM_DATE)) if self.ITEM_DATE else ""
        return self.entry_of(anchor.get("href") or "", printed)

    # --- what the whole spider does ----------------------------------------------------------------------------------

    def admit(self, entries: list[Entry], dated: bool) -> AsyncIterator[Request]:
        """Requests for the candidates among some entries."""
        raise NotImplementedError

    def retry(self, response: Response, reason: str) -> bool:
        """Ask once more for what was broken on its way; False when that was tried often enough."""
        raise NotImplementedError

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of the crawl's counts."""
        raise NotImplementedError

    def note_incomplete(self, what: str) -> None:
        """Note a list or article that could not be fetched: the crawl says so at its end."""
        raise NotImplementedError

    @property
    def stats(self) -> StatsCollector | None:
        """The crawl's counts; None for a spider that nobody runs."""
        crawler = getattr(self, "crawler", None)
        return crawler.stats if crawler else None

    # --- requests and answers ----------------------------------------------------------------------------------------

    def list_requests(self, chain: Chain, url: str, number: int) -> Iterator[Request]:
        """The request for a page of a list; none for one that was asked for before."""
        if url in self._requested_lists:
            return
        self._requested_lists.add(url)
        callback = {"listing": self.parse_listing, "feed": self.parse_feed, "sitemap": self.parse_sitemap}[chain.kind]
        # Not filtered by Scrapy: it would drop, without a word, a list that is redirected to another one.
        yield Request(
            url, callback, errback=self.list_failed, cb_kwargs={"chain": chain, "number": number}, dont_filter=True,
            meta={"list": True, "handle_httpstatus_list": list(MISSING_STATUSES)},
        )  # fmt: skip

    async def parse_listing(self, response: Response, chain: Chain, number: int) -> AsyncIterator[Any]:
        if response.status in MISSING_STATUSES:
            self._note_missing(response, chain, number)
            return
        tree = _tree_of(response)
        if (tree is None or self.is_torn(response)) and self.retry(response, "garbage"):
            return
        if tree is None:
            self.note_incomplete(f"{response.url} (no HTML)")
            return
        entries = list(self._entries(tree))
        self.count("lists/read")
        self.count("lists/empty", not entries)
        async for request in self.admit(entries, chain.dated):
            yield request
        for request in self._next_page(tree, entries, chain, number):
            yield request

    def _next_page(self, tree: etree._Element, entries: list[Entry], chain: Chain, number: int) -> Iterator[Request]:
        # New to this list: another one may have named a whole page of it before, but not the pages behind.
        links = self._links_of_list.setdefault(chain.url, set())
        fresh = {entry.link for entry in entries} - links
        links |= fresh
        if not chain.follow or not fresh or self._all_older(entries):
            return
        anchor = first(tree, self.NEXT)
        if anchor is not None and (href := anchor.get("href")):
            yield from self.list_requests(chain, href, number + 1)
        elif len(entries) >= self.PAGE_SIZE:
            yield from self.list_requests(chain, self.page_url(chain.url, number + 1), number + 1)

    async def parse_feed(self, response: Response, chain: Chain, number: int) -> AsyncIterator[Any]:
        """RSS 2.0 or Atom."""
        root = self._document(response, chain, number)
        if root is None:
            return
        entries = []
        for item in root.iter("{*}item", "{*}entry"):
            link = text_in(item, "link") or next((node.get("href", "") for node in item.iter("{*}link")), "")
            printed = text_in(item, "pubDate") or text_in(item, "published")
            if entry := self.entry_of(absolute(link, response.url), printed):
                entries.append(entry)
        async for request in self.admit(entries, chain.dated):
            yield request

    def _document(self, response: Response, chain: Chain, number: int) -> etree._Element | None:
        """The root of a feed or sitemap; None where there is none, it is asked for again, or it cannot be read: each
        is noted.
        """
        if response.status in MISSING_STATUSES:
            self._note_missing(response, chain, number)
            return None
        try:
            root = root_of(response.body, self.bytes_max)
        except TooLargeError as error:
            self.count("lists/too_large")
            self.note_incomplete(f"{response.url} (unpacks to {error}: DOWNLOAD_MAXSIZE)")
            return None
        if not is_empty_document(root):
            return root
        if not self.retry(response, "garbage"):
            self.note_incomplete(f"{response.url} (no XML)")
        return None

    async def parse_robots(self, response: Response) -> AsyncIterator[Any]:
        for url in re.findall(r"(?im)^\s*sitemap:\s*(\S+)", decode(response.body, content_type_of(response))):
            if self._is_sitemap(url):
                for request in self.list_requests(Chain(url, kind="sitemap"), url, 1):
                    yield request

    async def parse_sitemap(self, response: Response, chain: Chain, number: int) -> AsyncIterator[Any]:
        """An index leads on to the sitemaps that changed since; a sitemap names articles."""
        root = self._document(response, chain, number)
        if root is None:
            return
        entries = []
        for node in root.iter("{*}sitemap", "{*}url"):
            url = text_in(node, "loc")
            changed = self.day_of(text_in(node, "lastmod"))
            # What was published since a day cannot have been changed last before it.
            if not url or (changed is not None and changed < self.since):
                continue
            if etree.QName(node).localname == "sitemap":
                if self._is_sitemap(url):
                    for request in self.list_requests(Chain(url, kind="sitemap"), url, 1):
                        yield request
            elif entry := self.entry_of(url, text_in(node, "publication_date")):
                entries.append(entry)
        async for request in self.admit(entries, chain.dated):
            yield request

    def _is_sitemap(self, url: str) -> bool:
        path = urlsplit(url).path
        return bool(re.search(self.SITEMAP, path)) and not (self.NO_SITEMAP and re.search(self.NO_SITEMAP, path))

    def no_sitemaps(self, failure: Failure) -> None:
        log.info("%s: no sitemaps: %s", self.name, failure.value)

    def list_failed(self, failure: Failure) -> None:
        request = failure.request  # type: ignore[attr-defined]
        if refusal := getattr(failure.value, "reason", ""):
            self.count(f"lists/{refusal}", refusal != "interrupted")
            log.info("%s: %s", self.name, failure.value)
            if refusal in TEMPORARY_REFUSALS or refusal == "foreign_link":
                self.note_incomplete(f"{request.url} ({short(failure)})")
            return
        status = status_of(failure)
        self.count("lists/failed")
        reason = f"status {status}" if status else short(failure)
        log.warning("%s: cannot read the list %s: %s", self.name, request.url, reason)
        self.note_incomplete(f"{request.url} ({reason})")

    def _note_missing(self, response: Response, chain: Chain, number: int) -> None:
        """A 404 after the last page is how lists end."""
        if number == 1 and not (self.MISSING_IS_EMPTY and chain.dated):
            self.count("lists/missing")
            log.info("%s: no list %s (status %d)", self.name, response.url, response.status)

    # --- entries -----------------------------------------------------------------------------------------------------

    def _entries(self, tree: etree._Element) -> Iterator[Entry]:
        """The articles a page lists; where none of its items is known, every link that leads to an article."""
        entries = {entry.link: entry for item in select(tree, self.ITEMS) if (entry := self.entry(item))}
        if not entries:
            links = (node.get("href") or "" for node in select(tree, "a[href]"))
            entries = {entry.link: entry for link in links if (entry := self.entry_of(link))}
        yield from entries.values()

    def entry_of(self, link: str, printed: str = "") -> Entry | None:
        """A link of a list, with its day as printed there, else as in the link."""
        if not link.strip():
            return None
        try:
            url = canonical_link(urljoin(f"https://{self.profile.host}/", link.strip()))
        except (RecordError, ValueError):
            if not link.startswith("#"):
                self.skip(link, "no_link")
            return None
        if reason := self.page_class.refusal(url):
            is_foreign = reason == "not_an_article_url" and newspaper_of(url) != self.page_class.newspaper
            self.skip(url, "foreign_link" if is_foreign else reason)
            return None
        instant = date_in_link(url, self.profile.zone)
        return Entry(url, self.day_of(printed) or (instant and local_day(instant, self.profile.zone)))

    def skip(self, url: str, reason: str) -> None:
        """Count a link that a list names and that is not fetched, once however many do; keep the first as examples."""
        if url in self._skipped_links:
            return
        self._skipped_links.add(url)
        self.count(f"skipped/{reason}")
        key = f"newsmill/skipped_examples/{reason}"
        if (stats := self.stats) and len(examples := stats.get_value(key, [])) < _EXAMPLES:
            stats.set_value(key, [*examples, url])

    def is_torn(self, response: Response) -> bool:
        """Whether a page is worth another try: one that breaks off, and did not do so at the same byte before."""
        request = response.request
        if self._open_ends >= _OPEN_ENDS or request is None or not is_broken_off(response):
            return False
        again = request.meta.get("torn_at") == len(response.body)
        request.meta["torn_at"] = len(response.body)
        self._open_ends += again
        return not again

    def day_of(self, printed: str) -> date | None:
        """The day in the newspaper's zone of an instant as printed; None where it cannot be read."""
        instant = parse_date(printed, self.profile.zone) if printed else None
        return local_day(instant, self.profile.zone) if instant else None

    def midnight(self, day: date) -> int:
        """Unix seconds of the beginning of a day in the newspaper's zone."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())

    def _all_older(self, entries: list[Entry]) -> bool:
        """Whether a page lies wholly before the first day: then so do all that follow."""
        return self.dated and all(entry.when is not None and entry.when < self.since - SLACK for entry in entries)

    def is_in_dates(self, entry: Entry) -> bool:
        """Whether an entry's day, as far as the list names it, may be one of those asked for."""
        if not self.dated or entry.when is None:
            return True
        return self.since - SLACK <= entry.when <= self.until + SLACK


def _tree_of(response: Response) -> etree._Element | None:
    """The tree of a list, its links absolute: relative ones are meant from its address, or from its `<base href>`."""
    try:
        tree = parse(decode(response.body, content_type_of(response)))
    except GarbageError:
        return None
    base = response.url
    if (node := next(tree.iter("base"), None)) is not None and (href := node.get("href")):
        base = absolute(href, base)
    for node in tree.iter("a", "link"):
        if href := node.get("href"):
            node.set("href", absolute(href, base))
    return tree


def absolute(href: str, base: str) -> str:
    """The address that a link on a page means; the link itself where it is none, or leads to the page it is on."""
    href = href.strip()
    try:
        return href if not href or href.startswith("#") else urljoin(base, href)
    except ValueError:
        return href
