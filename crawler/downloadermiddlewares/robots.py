"""What a site permits: robots.txt (RFC 9309) with its Crawl-delay, and reservations of text and data mining.

A robots.txt that cannot be had closes the site: an outage is no permission.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from protego import Protego
from scrapy import Request
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import decode_robotstxt

from crawler.downloadermiddlewares.pauses import InterruptedPause
from crawler.items import newspaper_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

log = logging.getLogger(__name__)

#: Agents that collect text for language models: rules for them show what a site thinks of our purpose.
AI_AGENTS = (
    "GPTBot", "CCBot", "ClaudeBot", "anthropic-ai", "Google-Extended", "Applebot-Extended", "Bytespider",
    "PerplexityBot", "meta-externalagent", "cohere-ai",
)  # fmt: skip
#: Seconds of a Crawl-delay that makes a crawl long enough to say why.
_LONG_DELAY = 5.0
_NAME = re.compile(r"[A-Za-z_-]+")


class Forbidden(IgnoreRequest):
    """A page that may not be fetched.

    Attributes:
        reason: the name it is counted under.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass
class Rules:
    """What one host says."""

    robots: Protego | None = None
    #: why nothing may be fetched; "" where robots.txt was read, or the site has none
    closed: str = ""
    #: those of AI_AGENTS that robots.txt names
    ai_agents: tuple[str, ...] = ()
    #: (path pattern, reserved) of /.well-known/tdmrep.json, in its order
    reservations: list[tuple[str, bool]] = field(default_factory=list)

    def allowed(self, url: str, agent: str) -> bool:
        return not self.closed and (self.robots is None or bool(self.robots.can_fetch(url, agent)))

    def crawl_delay(self, agent: str) -> float:
        """Seconds between two requests that the site asks for; 0 where it does not."""
        if self.robots is None:
            return 0.0
        rate = self.robots.request_rate(agent)
        delays = [float(self.robots.crawl_delay(agent) or 0.0)]
        if rate is not None and rate.requests > 0:
            delays.append(rate.seconds / rate.requests)
        return max(delays)

    def opt_outs(self, url: str) -> list[str]:
        """What the site says, besides the page itself, against mining this page: as evidence."""
        evidence = []
        if self.robots and (refused := [name for name in self.ai_agents if not self.robots.can_fetch(url, name)]):
            evidence.append(f"robots.txt: {', '.join(refused)} disallowed")
        path = unquote(urlsplit(url).path)
        reserved = next((yes for pattern, yes in self.reservations if matches(pattern, path)), False)
        if reserved:
            evidence.append("tdmrep.json: tdm-reservation 1")
        return evidence


def parse_robots(text: str) -> Rules:
    """The rules in a robots.txt."""
    # Agents that it does not name fall under the rules for everybody, as we do: nothing to ask for each page.
    agents = tuple(name for name in AI_AGENTS if name.lower() in text.lower())
    return Rules(robots=Protego.parse(text), ai_agents=agents)


def reservations_in(body: bytes) -> list[tuple[str, bool]]:
    """The rules of a tdmrep.json (https://www.w3.org/community/reports/tdmrep/): a list of {location, tdm-reservation}.

    One that is not in that form says nothing.
    """
    try:
        return [(str(row["location"]), str(row.get("tdm-reservation")) == "1") for row in json.loads(body)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def agent_of(settings: BaseSettings) -> str:
    """The name that rules are for: the product's, without version and comment."""
    name = _NAME.match(settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"])
    return name.group() if name else "*"


class RobotsMiddleware:
    """Asks each host once; holds every request until the answer is there."""

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.agent = agent_of(crawler.settings)
        self.delay_max = crawler.settings.getfloat("CRAWL_DELAY_MAX")
        self._requests: dict[str, asyncio.Task[Rules]] = {}
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt") or urlsplit(request.url).scheme not in ("http", "https"):
            return
        rules = await self.rules_of(request.url)
        if rules.closed:
            raise Forbidden("robots_unreachable", rules.closed)
        if not rules.allowed(request.url, self.agent):
            raise Forbidden("robots_forbidden", f"robots.txt forbids {request.url}")
        if delay := rules.crawl_delay(self.agent):
            self._keep_delay(request, delay)

    async def rules_of(self, url: str) -> Rules:
        parts = urlsplit(url)
        home = f"{parts.scheme}://{parts.netloc}"
        if home not in self._requests:
            self._requests[home] = asyncio.ensure_future(self._ask(home))
        request = self._requests[home]
        return request.result() if request.done() else await asyncio.shield(request)

    def rules_at_hand(self, url: str) -> Rules | None:
        """The rules of an address's host, once they have been asked for: before its first page was."""
        parts = urlsplit(url)
        request = self._requests.get(f"{parts.scheme}://{parts.netloc}")
        if request is None or not request.done() or request.cancelled() or request.exception():
            return None
        return request.result()

    async def _ask(self, home: str) -> Rules:
        try:
            response = await self._get(f"{home}/robots.txt")
        except InterruptedPause:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the network did
            return self._closed(home, str(error).splitlines()[0] if str(error) else type(error).__name__)
        if response.status >= 500 or response.status == 429:
            # RFC 9309, 2.3.1.4: as long as it cannot be reached, everything is disallowed.
            return self._closed(home, f"status {response.status}")
        rules = parse_robots(decode_robotstxt(response.body, None)) if response.status < 300 else Rules()
        rules.reservations = await self._reservations(home)
        return rules

    def _closed(self, home: str, why: str) -> Rules:
        what = f"{home}/robots.txt cannot be read ({why})"
        log.info("%s", what)
        # Of another host (a script's, a sitemap's) it says nothing about the newspaper.
        if self._is_own(home):
            self._note_closed(f"{what}: nothing is fetched without it; try again later")
        return Rules(closed=what)

    def _is_own(self, url: str) -> bool:
        return self.crawler.spider is not None and newspaper_of(url) == self.crawler.spider.name

    def _note_closed(self, why: str) -> None:
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/closed", why)

    async def _reservations(self, home: str) -> list[tuple[str, bool]]:
        try:
            response = await self._get(f"{home}/.well-known/tdmrep.json")
        except InterruptedPause:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the network did
            log.debug("%s: no tdmrep.json: %s", home, error)
            return []
        return reservations_in(response.body) if response.status == 200 else []

    async def _get(self, url: str) -> Response:
        # Of any host that we are led to: Scrapy's filter knows one form of the newspaper's.
        meta = {"dont_obey_robotstxt": True, "allow_offsite": True}
        request = Request(url, priority=1000, meta=meta, callback=NO_CALLBACK)
        assert self.crawler.engine is not None
        return await self.crawler.engine.download_async(request)

    def _keep_delay(self, request: Request, delay: float) -> None:
        """Let the host's slot wait that long between requests, whatever the throttle thinks of its speed.

        Raises:
            Forbidden: longer than CRAWL_DELAY_MAX.
        """
        host = urlsplit(request.url).netloc
        if delay > self.delay_max:
            why = (
                f"{host} asks for {delay:,.0f} s between requests (robots.txt), more than CRAWL_DELAY_MAX="
                f"{self.delay_max:g}: nothing is fetched; -s CRAWL_DELAY_MAX={delay:.0f} waits as long"
            )
            if self._is_own(request.url):
                self._stop(why)
            raise Forbidden("crawl_delay", why)
        request.meta["autothrottle_dont_adjust_delay"] = True
        assert self.crawler.engine is not None
        downloader = self.crawler.engine.downloader
        key = downloader.get_slot_key(request)
        if key not in downloader.per_slot_settings and delay >= _LONG_DELAY:
            log.warning("%s asks for %g s between requests (robots.txt): they are kept", host, delay)
        downloader.per_slot_settings[key] = {"delay": delay, "jitter": 0.0, "concurrency": 1}
        if slot := downloader.slots.get(key):
            slot.delay, slot.jitter, slot.concurrency = max(slot.delay, delay), 0.0, 1

    def _stop(self, why: str) -> None:
        self._note_closed(why)
        if self._closing is None and self.crawler.engine is not None:
            # Not awaited: the engine waits for this very request before it closes.
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="told_to_wait"))


def matches(pattern: str, path: str) -> bool:
    """Whether a path matches a pattern of robots.txt's kind: a prefix, with * and a closing $."""
    end = pattern.endswith("$")
    parts = (re.escape(part) for part in pattern.removesuffix("$").split("*"))
    return re.match(".*".join(parts) + ("$" if end else ""), path) is not None
