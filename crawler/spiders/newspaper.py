"""What every newspaper's spider does: discovery by date, each article once, up to a limit; resumable by what is stored.

A newspaper adds its selectors (`page_class`), its archive addresses (`newest`, `archive`) and how its lists look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self
from zoneinfo import ZoneInfo

from scrapy import Request, signals
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.utils.misc import build_from_crawler, load_object

from crawler.discovery.arguments import day_of, origin_of, positive, suggestion, switch, warc_files
from crawler.discovery.failures import content_type_of, is_broken_off, is_too_large, short, status_of
from crawler.discovery.limit import CandidateLimit
from crawler.discovery.lists import MISSING_STATUSES, TEMPORARY_REFUSALS, Chain, Entry, ListSpider
from crawler.items import NEWSPAPERS, Article, NewsmillError
from crawler.page import NotAnArticle, extract

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

__all__ = ["Chain", "Entry", "NewspaperSpider", "crawl_began"]

log = logging.getLogger(__name__)

#: Sent with `spider` when a crawl begins: not by `scrapy shell` and its like, which only open a spider.
crawl_began = object()
#: What a broken transfer looks like after it was parsed: worth another try.
_TRANSIENT = frozenset({"garbage", "unreadable"})
#: Tries of a page that comes, but broken: a site that always ends its pages so is read as it is.
_BROKEN_TRIES = 3
#: Pages that could not be fetched of which the crawl remembers the address.
_MISSED_MAX = 10


class SeenLinks(Protocol):
    """What knows the links of earlier crawls (the setting KNOWN_LINKS)."""

    async def settled(self, links: list[str], crawl: NewspaperSpider) -> set[str]:
        """Those of the links that need not be fetched again, or must not."""

    async def refuse(self, link: str, reason: str, day: datetime | None, crawl: NewspaperSpider) -> None:
        """Note that a page is no article to store, and why."""


class Captures(Protocol):
    """What the files of `warc` hold, in the network's place."""

    def requests(self) -> AsyncIterator[Request]:
        """A request for each article that the files hold."""

    def has_better(self, link: str) -> bool:
        """Whether an article whose capture is broken has, or had, another one."""


class NewspaperSpider(ListSpider):
    """One newspaper. Subclasses set these class attributes and `ListSpider`'s, and write `newest` and `archive`."""

    name: str
    #: name a user types -> what the archive addresses need
    SECTIONS: ClassVar[dict[str, str]]
    #: first day of the archive
    FIRST_DAY: ClassVar[date]
    #: scripts write its pages: see crawler/downloadermiddlewares/browser.py
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
        **unknown: Any,
    ) -> None:
        """Read the arguments of `-a`.

        Args:
            since: first day of publication, ISO, in the newspaper's zone.
            until: last day of publication.
            section: one of SECTIONS.
            limit: how many articles to store at most.
            origin: fetch from this copy of the site; links stay canonical.
            refresh: 1 fetches known articles again.
            warc: files (patterns, folders) to extract from again, instead of fetching.
            javascript: 1 has a browser render the pages; 0 does not, where JAVASCRIPT would.
            unknown: refused.

        Raises:
            NewsmillError: an argument that cannot be.
        """
        if unknown:
            raise NewsmillError(f"{self.name}: unknown argument {', '.join(unknown)}: use since, until, section, "
                                "limit, origin, refresh, warc, javascript")  # fmt: skip
        super().__init__()
        if self.name not in NEWSPAPERS:
            raise NewsmillError(f"{self.name}: crawler/spiders/{self.name}.py declares no NEWSPAPER = Newspaper(…)")
        self.profile = NEWSPAPERS[self.name]
        self.zone = ZoneInfo(self.profile.zone)
        self.allowed_domains = [self.profile.host, *self.profile.hosts]
        self._read_days(since, until)
        self.section = section or ""
        self.sections = self._select_sections(section)
        self.candidates = CandidateLimit(positive(limit, self.name))
        self.origin = origin_of(origin, self.name)
        self.refresh = switch(refresh)
        self.warc = warc_files(warc, self.name) if warc else []
        if warc and section:
            raise NewsmillError(f"{self.name}: warc={warc} has no sections: leave section out")
        self.javascript = self.JAVASCRIPT if javascript is None else switch(javascript)
        #: what the files of `warc` hold; None where pages come from the network
        self.captures: Captures | None = None
        #: None where nothing is stored
        self.seen_links: SeenLinks | None = None
        #: the store says which articles count for the limit; else those count that come through all pipelines
        self.store_counts = False
        #: oldest day met in a list so far
        self.reached: date | None = None
        #: the crawl ends because its limit is reached
        self.closing: asyncio.Future[None] | None = None

    def _read_days(self, since: str | None, until: str | None) -> None:
        self.dated = bool(since or until)
        self.since = day_of(since, "since") or self.FIRST_DAY
        self.until = day_of(until, "until") or datetime.now(self.zone).date()
        if self.since > self.until:
            raise NewsmillError(f"{self.name}: since={self.since} is after until={self.until}: swap them")

    def _select_sections(self, section: str | None) -> list[str]:
        if not section:
            return list(dict.fromkeys(self.SECTIONS.values()))
        if section not in self.SECTIONS:
            raise NewsmillError(f"{self.name}: no section {section!r}: {suggestion(section, list(self.SECTIONS))}")
        return [self.SECTIONS[section]]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """The spider, which hears what becomes of its articles. (What it changes in the settings: addons.py.)"""
        spider = super().from_crawler(crawler, *args, **kwargs)
        spider.bytes_max = crawler.settings.getint("DOWNLOAD_MAXSIZE") or spider.bytes_max
        crawler.signals.connect(spider.item_scraped, signals.item_scraped)
        crawler.signals.connect(spider.item_dropped, signals.item_dropped)
        crawler.signals.connect(spider.item_failed, signals.item_error)
        return spider

    @property
    def limit(self) -> int:
        """How many articles to store at most; 0 for all."""
        return self.candidates.maximum

    # --- what a newspaper writes -------------------------------------------------------------------------------------

    def newest(self) -> Iterator[Chain]:
        """Where the newest articles are, for a crawl without dates."""
        raise NotImplementedError

    def archive(self, since: date, until: date) -> Iterator[Chain]:
        """Lists that together name every article of these days, newest first."""
        raise NotImplementedError

    # --- the crawl ---------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """The first requests: of the lists; of the captures where files take the network's place.

        `scrapy shell`, `fetch`, `parse` and `check` put theirs in this one's place: nothing is crawled there, and no
        store is asked.
        """
        self._begin()
        if self.captures is not None:
            async for request in self.captures.requests():
                yield request
            return
        for chain in self.archive(self.since, self.until) if self.dated else self.newest():
            for request in self.list_requests(chain, chain.url, 1):
                yield request
        if self.dated and self.SITEMAP and not self.section:
            # It names sitemaps even where it forbids everything, and wherever it is redirected to.
            meta = {"dont_obey_robotstxt": True}
            for host in (self.profile.host, *self.profile.hosts):
                robots = f"https://{host}/robots.txt"
                yield Request(robots, self.parse_robots, errback=self.no_sitemaps, dont_filter=True, meta=meta)

    def _begin(self) -> None:
        seen_links = self.crawler.settings.get("KNOWN_LINKS")
        if seen_links and not self.warc:
            self.seen_links = build_from_crawler(load_object(seen_links), self.crawler)
        self.crawler.signals.send_catch_log(crawl_began, spider=self)

    async def admit(self, entries: list[Entry], dated: bool) -> AsyncIterator[Request]:
        """Requests for candidates that are new; within the limit now, the others when earlier ones came to nothing."""
        new = []
        for entry in entries:
            if not dated and not self.is_in_dates(entry):
                self.skip(entry.link, "outside_dates")
            elif entry.link not in self.listed_links:
                self.listed_links.add(entry.link)
                new.append(entry)
        settled = await self._settled([entry.link for entry in new])
        self.count("known", len(settled))
        for entry in new:
            if entry.when and (self.reached is None or entry.when < self.reached):
                self.reached = entry.when
            if entry.link in settled:
                continue
            request = self.article_request(entry.link)
            if self.candidates.admit(request):
                self.count("candidates")
                yield request

    def article_request(self, link: str) -> Request:
        """The request for an article's page."""
        return Request(link, self.parse_article, errback=self.article_failed, dont_filter=True, priority=10,
                       meta={"article": True})  # fmt: skip

    async def _settled(self, links: list[str]) -> set[str]:
        if self.seen_links is None or not links:
            return set()
        return set(await self.seen_links.settled(links, self))

    # --- articles ----------------------------------------------------------------------------------------------------

    async def parse_article(self, response: Response) -> list[Article]:
        """The article of a page: [] where it is refused or asked for again."""
        # A list, not a generator: each of Scrapy's layers handles those of coroutines twice as slowly.
        link = response.meta.get("redirect_urls", [response.url])[0] if response.request else response.url
        # Half a page reads like a short article: not stored as one unless the site never ends its pages.
        if self.is_torn(response) and self.retry(response, "cut"):
            return []
        try:
            article = extract(response.body, response.url, self.name, content_type_of(response))
        except NotAnArticle as refusal:
            if refusal.reason in _TRANSIENT and self.retry(response, refusal.reason):
                return []
            self.count("fetched")
            await self.refuse(link, refusal.reason)
            self.finish_candidate()
            return []
        self.count("fetched")
        captured = response.request.meta.get("captured_at") if response.request else None
        article.crawled_at = captured or datetime.now(UTC)
        if article.link != link and self.seen_links is not None:
            # Lists go on naming the address that leads here.
            await self.seen_links.refuse(link, "moved", None, self)
        if self._is_outside(article):
            await self.refuse(link, "outside_dates", article.date)
            self.finish_candidate()
            return []
        return [article]

    def _is_outside(self, article: Article) -> bool:
        if not self.dated or article.date is None:
            return False
        return not self.since <= article.date.astimezone(self.zone).date() <= self.until

    async def refuse(self, link: str, reason: str, day: datetime | None = None) -> None:
        """Count a page that is no article to store, and remember it, so that it is not fetched every time."""
        self.count(f"dropped/{reason}")
        log.info("%s: %s: %s", self.name, reason, link)
        if self.seen_links is not None and reason not in _TRANSIENT:
            await self.seen_links.refuse(link, reason, day, self)

    async def article_failed(self, failure: Failure) -> None:
        """Count an article's page that did not come, by the reason."""
        request = failure.request  # type: ignore[attr-defined]
        # The address that lists name, wherever it led.
        link = request.meta.get("redirect_urls", [request.url])[0]
        # Robots and limits refuse by name, everything else is the network's failure.
        reason = getattr(failure.value, "reason", "") or "unreachable"
        if status := status_of(failure):
            self.count("fetched")
            if status in MISSING_STATUSES:
                await self.refuse(link, f"http_{status}")
            else:
                self.count(f"dropped/http_{status}")
                self.note_incomplete(f"{link} (status {status})")
        elif is_too_large(failure):
            await self._refuse_oversized(link)
        elif reason == "foreign_link":
            self.count("fetched")
            await self.refuse(link, reason)
        elif reason != "interrupted":
            self.count(f"dropped/{reason}")
            if reason in TEMPORARY_REFUSALS:
                self.note_incomplete(f"{link} ({short(failure)})")
        self.finish_candidate()

    async def _refuse_oversized(self, link: str) -> None:
        """Count a page beyond DOWNLOAD_MAXSIZE; of a file's, as those that are so long before they are unpacked."""
        if self.captures is not None:
            self.count("skipped/too_large")
        else:
            self.count("fetched")
            await self.refuse(link, "too_large")

    def note_incomplete(self, what: str) -> None:
        """Note a list or article that could not be fetched: the crawl says so at its end."""
        self.count("incomplete")
        missed = self.crawler.stats.get_value("newsmill/missed", []) if self.crawler.stats else []
        if self.crawler.stats and len(missed) < _MISSED_MAX:
            self.crawler.stats.set_value("newsmill/missed", [*missed, what])

    # --- the limit ---------------------------------------------------------------------------------------------------

    def article_stored(self) -> None:
        """A candidate is in the store (pipelines/store.py), whatever becomes of it behind that."""
        self.store_counts = True
        self.candidates.stored += 1

    def item_scraped(self) -> None:
        """A candidate came through all pipelines; an article, where none of them is a store."""
        if not self.store_counts:
            self.candidates.stored += 1
        self.finish_candidate()

    def item_dropped(self, exception: BaseException) -> None:
        """A candidate was read, and dropped: by a pipeline of ours, which counts it by name, or a user's."""
        if not getattr(exception, "reason", ""):
            self.count("dropped/dropped_by_pipeline")
        self.finish_candidate()

    def item_failed(self) -> None:
        """A pipeline failed on a candidate."""
        self.count("dropped/pipeline_failed")
        self.finish_candidate()

    def finish_candidate(self) -> None:
        """One candidate came to its end: let the next one in, or stop where the limit is reached."""
        admitted = self.candidates.finish()
        engine = self.crawler.engine
        if engine is None:
            return
        if self.candidates.is_reached and self.closing is None:
            for link in self.candidates.waiting:
                self.skip(link, "beyond_limit")
            self.closing = asyncio.ensure_future(engine.close_spider_async(reason="limit"))
        for request in admitted:
            self.count("candidates")
            engine.crawl(request)

    def is_torn(self, response: Response) -> bool:
        """Whether a page is worth another try: one that breaks off, and did not do so at the same byte before."""
        if self.captures is not None:
            return is_broken_off(response, counted=False)
        return super().is_torn(response)

    # --- helpers -----------------------------------------------------------------------------------------------------

    def retry(self, response: Response, reason: str) -> bool:
        """Ask once more for what was broken on its way; False when that was tried often enough."""
        if self.captures is not None:
            return self.captures.has_better(response.url)
        request = response.request and get_retry_request(
            response.request, spider=self, reason=reason, max_retry_times=_BROKEN_TRIES
        )
        if not request or self.crawler.engine is None:
            return False
        self.crawler.engine.crawl(request)
        return True

    def count(self, name: str, amount: int = 1) -> None:
        """Add to one of the crawl's counts."""
        if amount and (stats := self.stats):
            stats.inc_value(f"newsmill/{name}", amount)
