"""What every newspaper's spider does: discovery by date, each article once, up to a limit; resumable by what is stored.

A newspaper adds its selectors (`page_class`), its archive addresses (`newest`, `archive`) and how its lists look.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from lxml import etree
from scrapy import Request, Spider, signals
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.dates import date_in_link, local_day, parse_date
from crawler.discovery.arguments import day_of, is_loopback, origin_of, positive, suggestion, switch
from crawler.discovery.failures import is_too_large, short, status_of
from crawler.discovery.feeds import NOTHING, root_of, text_in
from crawler.downloadermiddlewares import browser
from crawler.items import NEWSPAPERS, Article, NewsmillError, RecordError, canonical_link
from crawler.page import ArticlePage, NotAnArticle, extract
from crawler.page.text import GarbageError, decode, first, parse, select, text_of
from crawler.warc import replay

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

log = logging.getLogger(__name__)

#: Days by which the day in a link may differ from the day of publication: corrections after midnight, time zones.
_SLACK = timedelta(days=1)
#: Answers that say for good that there is no article.
_GONE = (404, 410)
#: Refusals by name that another day may bring.
_FOR_NOW = frozenset({"unreachable", "banned", "endless_redirects"})
#: What a broken transfer looks like after it was parsed: worth another try.
_TRANSIENT = frozenset({"garbage", "unreadable"})
#: Tries of a page that comes, but broken: a site that always ends its pages so is read as it is.
_BROKEN_TRIES = 3


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


class NewspaperSpider(Spider):
    """One newspaper. Subclasses set the class attributes below and write `newest` and `archive`."""

    name: str
    page_class: ClassVar[type[ArticlePage]]
    #: name a user types -> what the archive addresses need
    SECTIONS: ClassVar[dict[str, str]]
    #: first day of the archive
    FIRST_DAY: ClassVar[date]
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
    #: its pages are drawn by scripts: see crawler/downloadermiddlewares/browser.py
    JAVASCRIPT: ClassVar[bool] = False
    #: CSS of what shows more of a list when it is clicked
    LOAD_MORE: ClassVar[str] = "#load_more, .load-more, .loadmore, [data-load-more]"
    #: hosts of scripts besides the newspaper's own
    SCRIPT_HOSTS: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        since: str | None = None,
        until: str | None = None,
        section: str | None = None,
        limit: str | int | None = None,
        origin: str | None = None,
        refresh: str | int = 0,
        warc: str | None = None,
        javascript: str | int | None = None,
        **arguments: Any,
    ) -> None:
        """Read the arguments of `-a`.

        Args:
            since, until: first and last day of publication, ISO, in the newspaper's zone.
            section: one of SECTIONS.
            limit: how many articles to store at most.
            origin: fetch from this copy of the site; links stay canonical.
            refresh: 1 fetches known articles again.
            warc: files (patterns, folders) to extract from again, instead of fetching.
            javascript: 1 has a browser draw the pages; 0 does not, where JAVASCRIPT would.
        Raises:
            NewsmillError: an argument that cannot be.
        """
        if arguments:
            raise NewsmillError(f"{self.name}: unknown argument {', '.join(arguments)}: use since, until, section, "
                                "limit, origin, refresh, warc, javascript")  # fmt: skip
        super().__init__()
        self.paper = NEWSPAPERS[self.name]
        self.zone = ZoneInfo(self.paper.zone)
        self.allowed_domains = [self.paper.host]
        self.dated = bool(since or until)
        self.since = day_of(since, "since") or self.FIRST_DAY
        self.until = day_of(until, "until") or datetime.now(self.zone).date()
        if self.since > self.until:
            raise NewsmillError(f"{self.name}: since={self.since} is after until={self.until}: swap them")
        self.section = section or ""
        self.sections = self._chosen(section)
        self.limit = positive(limit, self.name)
        self.origin = origin_of(origin, self.name)
        self.refresh = switch(refresh)
        self.warc = replay.files_of(warc, self.name) if warc else []
        if warc and section:
            raise NewsmillError(f"{self.name}: warc={warc} knows no sections: leave section out")
        self.javascript = self.JAVASCRIPT if javascript is None else switch(javascript)
        #: what the files of `warc` hold
        self.replay: replay.Replay | None = None
        #: what knows the links of earlier crawls; None where nothing is stored
        self.memory: Any = None
        #: oldest day met in a list so far
        self.reached: date | None = None
        self._seen: set[str] = set()
        self._lists: set[str] = set()
        self._named: dict[str, set[str]] = {}
        self._open = 0
        self._stored = 0
        self._waiting: deque[Request] = deque()
        self._closing: asyncio.Future[None] | None = None

    def _chosen(self, section: str | None) -> list[str]:
        if not section:
            return list(dict.fromkeys(self.SECTIONS.values()))
        if section not in self.SECTIONS:
            raise NewsmillError(f"{self.name}: no section {section!r}: {suggestion(section, list(self.SECTIONS))}")
        return [self.SECTIONS[section]]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if is_loopback(spider.origin):
            # A copy on this machine needs no manners of speed; robots.txt is obeyed there as well.
            for name, value in crawler.settings.getdict("LOOPBACK_SETTINGS").items():
                crawler.settings.set(name, value, "spider")
        headers = {**crawler.settings.getdict("DEFAULT_REQUEST_HEADERS"), "Accept-Language": spider.paper.language}
        crawler.settings.set("DEFAULT_REQUEST_HEADERS", headers, "spider")
        contact, agent = crawler.settings.get("CONTACT"), crawler.settings.get("USER_AGENT")
        if contact and contact not in agent:
            # Given with -s: the settings file made the name before it was known.
            crawler.settings.set("USER_AGENT", f"{agent.rstrip(')')}; +{contact})", "spider")
        memory = crawler.settings.get("KNOWN_LINKS")
        spider.memory = build_from_crawler(load_object(memory), crawler) if memory else None
        if spider.warc:
            spider.replay = replay.install(crawler, spider)
        elif spider.javascript:
            browser.install(crawler)
        crawler.signals.connect(spider._item_stored, signals.item_scraped)
        crawler.signals.connect(spider._item_dropped, signals.item_dropped)
        return spider

    # --- what a newspaper writes -------------------------------------------------------------------------------------

    def newest(self) -> Iterator[Chain]:
        """Where the newest articles are, for a crawl without dates."""
        raise NotImplementedError

    def archive(self, since: date, until: date) -> Iterator[Chain]:
        """Lists that together name every article of these days, newest first."""
        raise NotImplementedError

    def page_url(self, url: str, number: int) -> str:
        """The address of a list's page 2, 3, …, for lists that do not link to it."""
        raise NotImplementedError

    def is_sponsored(self, item: etree._Element) -> bool:
        """Whether an item of a list is paid for."""
        return False

    def entry(self, item: etree._Element) -> Entry | None:
        """What an item of a list names; None for anything but an article of this newspaper."""
        anchor = first(item, self.ITEM_LINK)
        if anchor is None:
            return None
        if self.is_sponsored(item):
            self._skip(anchor.get("href") or "", "sponsored")
            return None
        printed = text_of(first(item, self.ITEM_DATE)) if self.ITEM_DATE else ""
        return self.entry_of(anchor.get("href") or "", printed)

    # --- the crawl ---------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        if self.replay is not None:
            async for request in self.replay.requests():
                yield request
            return
        for chain in self.archive(self.since, self.until) if self.dated else self.newest():
            for request in self._list(chain, chain.url, 1):
                yield request
        if self.dated and self.SITEMAP and not self.section:
            robots = f"https://{self.paper.host}/robots.txt"
            yield Request(robots, self.parse_robots, errback=self.no_sitemaps, dont_filter=True)

    def _list(self, chain: Chain, url: str, number: int) -> Iterator[Request]:
        """The request for a page of a list; none for one that was asked for before."""
        if url in self._lists:
            return
        self._lists.add(url)
        callback = {"listing": self.parse_listing, "feed": self.parse_feed, "sitemap": self.parse_sitemap}[chain.kind]
        # Not filtered by Scrapy: it would drop, without a word, a list that is redirected to another one.
        yield Request(
            url, callback, errback=self.list_failed, cb_kwargs={"chain": chain, "number": number}, dont_filter=True,
            meta={"list": True, "handle_httpstatus_list": list(_GONE)},
        )  # fmt: skip

    async def parse_listing(self, response: Response, chain: Chain, number: int) -> AsyncIterator[Any]:
        if response.status in _GONE:
            self._missing_list(response, chain, number)
            return
        tree = self._tree(response)
        if (tree is None or is_cut(response.body)) and self._again(response, "garbage"):
            return
        if tree is None:
            self._incomplete(f"{response.url} (no HTML)")
            return
        entries = list(self._entries(tree))
        self._count("lists/read")
        self._count("lists/empty", not entries)
        async for request in self._admit(entries, chain.dated):
            yield request
        # New to this list: another one may have named a whole page of it before, but not the pages behind.
        named = self._named.setdefault(chain.url, set())
        fresh = {entry.link for entry in entries} - named
        named |= fresh
        if chain.follow and fresh and not self._all_older(entries):
            following = first(tree, self.NEXT)
            if following is not None and following.get("href"):
                following_url = urljoin(response.url, following.get("href") or "")
                for request in self._list(chain, following_url, number + 1):
                    yield request
            elif len(entries) >= self.PAGE_SIZE:
                for request in self._list(chain, self.page_url(chain.url, number + 1), number + 1):
                    yield request

    async def parse_feed(self, response: Response, chain: Chain, number: int) -> AsyncIterator[Any]:
        """RSS 2.0 or Atom."""
        entries = []
        root = root_of(response.body)
        if root.tag == NOTHING and self._again(response, "garbage"):
            return
        for item in root.iter("{*}item", "{*}entry"):
            link = text_in(item, "link") or next((node.get("href", "") for node in item.iter("{*}link")), "")
            if found := self.entry_of(link, text_in(item, "pubDate") or text_in(item, "published")):
                entries.append(found)
        async for request in self._admit(entries, chain.dated):
            yield request

    async def parse_robots(self, response: Response) -> AsyncIterator[Any]:
        for url in re.findall(r"(?im)^\s*sitemap:\s*(\S+)", decode(response.body)):
            if self._is_sitemap(url):
                for request in self._list(Chain(url, kind="sitemap"), url, 1):
                    yield request

    async def parse_sitemap(self, response: Response, chain: Chain, number: int) -> AsyncIterator[Any]:
        """An index leads on to the sitemaps that changed since; a sitemap names articles."""
        root = root_of(response.body)
        if root.tag == NOTHING and self._again(response, "garbage"):
            return
        entries = []
        for node in root.iter("{*}sitemap", "{*}url"):
            url = text_in(node, "loc")
            changed = self.when(text_in(node, "lastmod"))
            # What was published since a day cannot have been changed last before it.
            if not url or (changed is not None and changed < self.since):
                continue
            if etree.QName(node).localname == "sitemap":
                if self._is_sitemap(url):
                    for request in self._list(Chain(url, kind="sitemap"), url, 1):
                        yield request
            elif found := self.entry_of(url, text_in(node, "publication_date")):
                entries.append(found)
        async for request in self._admit(entries, chain.dated):
            yield request

    def _is_sitemap(self, url: str) -> bool:
        path = urlsplit(url).path
        return bool(re.search(self.SITEMAP, path)) and not (self.NO_SITEMAP and re.search(self.NO_SITEMAP, path))

    def no_sitemaps(self, failure: Failure) -> None:
        log.info("%s: no sitemaps: %s", self.name, failure.value)

    # --- candidates --------------------------------------------------------------------------------------------------

    def _entries(self, tree: etree._Element) -> Iterator[Entry]:
        """The articles a page lists; where none of its items is known, every link that leads to an article."""
        found = {entry.link: entry for item in select(tree, self.ITEMS) if (entry := self.entry(item))}
        if not found:
            links = (node.get("href") or "" for node in select(tree, "a[href]"))
            found = {entry.link: entry for link in links if (entry := self.entry_of(link))}
        yield from found.values()

    def entry_of(self, link: str, printed: str = "") -> Entry | None:
        """A link of a list, with its day as printed there, else as in the link."""
        try:
            url = canonical_link(urljoin(f"https://{self.paper.host}/", link.strip()))
        except (RecordError, ValueError):
            return None
        if reason := self.page_class.refusal(url):
            if reason not in ("not_an_article_url", "listing_page"):
                self._skip(url, reason)
            return None
        instant = date_in_link(url, self.paper.zone)
        return Entry(url, self.when(printed) or (instant and local_day(instant, self.paper.zone)))

    def _skip(self, url: str, reason: str) -> None:
        """Count a link that is not fetched, once however many lists name it."""
        if url not in self._seen:
            self._seen.add(url)
            self._count(f"skipped/{reason}")

    def when(self, printed: str) -> date | None:
        """The day in the newspaper's zone of an instant as printed; None where it cannot be read."""
        instant = parse_date(printed, self.paper.zone) if printed else None
        return local_day(instant, self.paper.zone) if instant else None

    def midnight(self, day: date) -> int:
        """Unix seconds of the beginning of a day in the newspaper's zone."""
        return int(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp())

    def _all_older(self, entries: list[Entry]) -> bool:
        """Whether a page lies wholly before the first day: then so do all that follow."""
        return self.dated and all(entry.when is not None and entry.when < self.since - _SLACK for entry in entries)

    def _in_dates(self, entry: Entry) -> bool:
        if not self.dated or entry.when is None:
            return True
        return self.since - _SLACK <= entry.when <= self.until + _SLACK

    async def _admit(self, entries: list[Entry], dated: bool) -> AsyncIterator[Request]:
        """Requests for candidates that are new; within the limit now, the others when earlier ones came to nothing."""
        new = [entry for entry in entries if entry.link not in self._seen and (dated or self._in_dates(entry))]
        self._seen.update(entry.link for entry in entries)
        known = await self._known([entry.link for entry in new])
        self._count("known", len(known))
        for entry in new:
            if entry.when and (self.reached is None or entry.when < self.reached):
                self.reached = entry.when
            if entry.link in known:
                continue
            request = self.article_request(entry.link)
            if self.limit and self._stored + self._open >= self.limit:
                self._waiting.append(request)
                continue
            self._open += 1
            self._count("candidates")
            yield request

    def article_request(self, link: str) -> Request:
        return Request(link, self.parse_article, errback=self.article_failed, dont_filter=True, priority=10,
                       meta={"article": True})  # fmt: skip

    async def _known(self, links: list[str]) -> set[str]:
        if self.memory is None or not links:
            return set()
        return set(await self.memory.known(links, self))

    # --- articles ----------------------------------------------------------------------------------------------------

    async def parse_article(self, response: Response) -> list[Article]:
        # A list, not a generator: each of Scrapy's layers handles those of coroutines twice as slowly.
        link = response.meta.get("redirect_urls", [response.url])[0] if response.request else response.url
        # Half a page reads like a short article: not stored as one unless the site never ends its pages.
        if is_cut(response.body) and self._again(response, "cut"):
            return []
        try:
            article = extract(response.body, response.url, self.name)
        except NotAnArticle as refusal:
            if refusal.reason in _TRANSIENT and self._again(response, refusal.reason):
                return []
            self._count("fetched")
            await self.refuse(link, refusal.reason)
            self._finished()
            return []
        self._count("fetched")
        captured = response.request.meta.get("captured_at") if response.request else None
        article.crawled_at = captured or datetime.now(UTC)
        if article.link != link and self.memory is not None:
            # Lists go on naming the address that leads here.
            await self.memory.remember(link, "moved", None, self)
        if self._is_outside(article):
            await self.refuse(link, "outside_dates", article.date)
            self._finished()
            return []
        return [article]

    def _is_outside(self, article: Article) -> bool:
        if not self.dated or article.date is None:
            return False
        return not self.since <= article.date.astimezone(self.zone).date() <= self.until

    async def refuse(self, link: str, reason: str, day: datetime | None = None) -> None:
        """Count a page that is no article to store, and remember it, so that it is not fetched every time."""
        self._count(f"dropped/{reason}")
        log.info("%s: %s: %s", self.name, reason, link)
        if self.memory is not None and reason not in _TRANSIENT:
            await self.memory.remember(link, reason, day, self)

    async def article_failed(self, failure: Failure) -> None:
        link = failure.request.url  # type: ignore[attr-defined]
        if status := status_of(failure):
            self._count("fetched")
            if status in _GONE:
                await self.refuse(link, f"http_{status}")
            else:
                self._count(f"dropped/http_{status}")
                self._incomplete(f"{link} (status {status})")
        elif is_too_large(failure):
            await self._leave(link)
        else:
            # Robots and limits refuse by name, everything else is the network's failure.
            reason = getattr(failure.value, "reason", "") or "unreachable"
            self._count(f"dropped/{reason}")
            if reason in _FOR_NOW:
                self._incomplete(f"{link} ({short(failure)})")
        self._finished()

    async def _leave(self, link: str) -> None:
        """Count a page beyond DOWNLOAD_MAXSIZE; of a file's, as those that are so long before they are unpacked."""
        if self.replay is not None:
            self._count("skipped/too_large")
        else:
            self._count("fetched")
            await self.refuse(link, "too_large")

    def list_failed(self, failure: Failure) -> None:
        request = failure.request  # type: ignore[attr-defined]
        if refused := getattr(failure.value, "reason", ""):
            self._count(f"lists/{refused}")
            log.info("%s: %s", self.name, failure.value)
            if refused in _FOR_NOW:
                self._incomplete(f"{request.url} ({short(failure)})")
            return
        status = status_of(failure)
        self._count("lists/failed")
        reason = f"status {status}" if status else short(failure)
        log.warning("%s: cannot read the list %s: %s", self.name, request.url, reason)
        self._incomplete(f"{request.url} ({reason})")

    def _missing_list(self, response: Response, chain: Chain, number: int) -> None:
        """A 404 after the last page is how lists end."""
        if number == 1 and not (self.MISSING_IS_EMPTY and chain.dated):
            self._count("lists/missing")
            log.info("%s: no list %s (status %d)", self.name, response.url, response.status)

    def _incomplete(self, what: str) -> None:
        """Note a list or article that could not be had: the crawl says so at its end."""
        self._count("incomplete")
        missed = self.crawler.stats.get_value("newsmill/missed", []) if self.crawler.stats else []
        if self.crawler.stats and len(missed) < 10:
            self.crawler.stats.set_value("newsmill/missed", [*missed, what])

    # --- the limit ---------------------------------------------------------------------------------------------------

    def _item_stored(self, item: Any) -> None:
        self._stored += 1
        self._finished()

    def _item_dropped(self, item: Any) -> None:
        self._finished()

    def _finished(self) -> None:
        """One candidate came to its end: let the next one in, or stop where the limit is reached."""
        self._open -= 1
        if not self.limit or self.crawler.engine is None:
            return
        if self._stored >= self.limit:
            if self._closing is None:
                self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="limit"))
            return
        while self._waiting and self._stored + self._open < self.limit:
            self._open += 1
            self._count("candidates")
            self.crawler.engine.crawl(self._waiting.popleft())

    # --- helpers -----------------------------------------------------------------------------------------------------

    def _tree(self, response: Response) -> etree._Element | None:
        try:
            return parse(decode(response.body))
        except GarbageError:
            return None

    def _again(self, response: Response, reason: str) -> bool:
        """Ask once more for what was broken on its way; False when that was tried often enough."""
        if self.replay is not None:
            return self.replay.has_better(response.url)
        request = response.request and get_retry_request(
            response.request, spider=self, reason=reason, max_retry_times=_BROKEN_TRIES
        )
        if not request or self.crawler.engine is None:
            return False
        self.crawler.engine.crawl(request)
        return True

    def _count(self, name: str, amount: int = 1) -> None:
        if amount and self.crawler.stats:
            self.crawler.stats.inc_value(f"newsmill/{name}", amount)


def is_cut(page: bytes) -> bool:
    """Whether a page ends before its end: a connection that broke, behind a server that did not count bytes."""
    return b"</html" not in page[-4096:].lower()
