"""What Scrapy lacks on the way: pauses that a server asks for, and the record of what a site permits."""

from __future__ import annotations

import asyncio
import random
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.spidermiddlewares.base import BaseSpiderMiddleware
from scrapy.utils.misc import load_object
from scrapy.utils.response import response_status_message

from crawler.downloadermiddlewares.robots import RobotsMiddleware
from crawler.items import Article

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

#: Answers by which a server says that all of us are too much, not this request alone.
_OVERLOADED = (429, 503)


class BackoffMiddleware:
    """Tries again after a pause: the one in Retry-After, else twice as long each time, with jitter.

    While an overloaded server asked for a pause, every request to it waits.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.codes = {int(code) for code in settings.getlist("RETRY_HTTP_CODES")}
        self.exceptions = tuple(load_object(path) for path in settings.getlist("RETRY_EXCEPTIONS"))
        self.start = settings.getfloat("BACKOFF_START")
        self.longest = settings.getfloat("BACKOFF_MAX")
        self.patience = settings.getfloat("RETRY_AFTER_MAX")
        self._until: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).netloc
        while (wait := self._until.get(host, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in self.codes or request.meta.get("dont_retry"):
            return response
        asked = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if asked is not None and asked > self.patience:
            await self._stop(f"{urlsplit(request.url).netloc} asks to come back in {asked:.0f} s")
            return response
        pause = self._pause(request) if asked is None else asked
        if response.status in _OVERLOADED:
            host = urlsplit(request.url).netloc
            self._until[host] = max(self._until.get(host, 0.0), time.monotonic() + pause)
        return await self._again(request, response_status_message(response.status), pause) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, self.exceptions) or request.meta.get("dont_retry"):
            return None
        return await self._again(request, exception, self._pause(request))

    def _pause(self, request: Request) -> float:
        doubled = self.start * 2 ** int(request.meta.get("retry_times", 0))
        return min(self.longest, doubled) * random.uniform(0.5, 1.5)

    async def _again(self, request: Request, reason: str | Exception, pause: float) -> Request | None:
        assert self.crawler.spider is not None
        again = get_retry_request(request, spider=self.crawler.spider, reason=reason)
        if again is not None:
            await asyncio.sleep(pause)
        return again

    async def _stop(self, why: str) -> None:
        if self.crawler.stats:
            self.crawler.stats.set_value("newsmill/closed", why)
        if self.crawler.engine:
            # Not awaited: the engine waits for this very request before it closes.
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="told_to_wait"))


def retry_after(header: bytes | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (a number, or an HTTP date); None where it says nothing."""
    text = (header or b"").decode("latin-1").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class PermissionMiddleware(BaseSpiderMiddleware):
    """Writes into each article what its site permits, and the evidence."""

    def get_processed_item(self, item: Any, response: Response | None) -> Any:
        if isinstance(item, Article) and response is not None:
            self.record(item, response)
        return item

    def record(self, article: Article, response: Response) -> None:
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        rules = robots.known(response.url) if robots else None
        said = rules.opt_outs(response.url, robots.agent) if rules and robots else []
        # None: the crawl was told not to ask. Else it was allowed, or it would not be here.
        record_permission(article, response, True if rules else None, said, datetime.now(UTC))


def record_permission(
    article: Article, response: Response, robots: bool | None, said: list[str], when: datetime
) -> None:
    """Write into an article what robots.txt says of it, and all reservations: the page's, headers', site's (`said`)."""
    evidence = [*article.permission.get("evidence", []), *said_in(response), *said]
    article.permission = {"robots": robots, "opt_out": bool(evidence), "evidence": evidence, "checked_at": when}


def said_in(response: Response) -> list[str]:
    """Reservations in the headers of a response, as evidence."""
    found = []
    if (response.headers.get("tdm-reservation") or b"").strip() == b"1":
        found.append("header tdm-reservation: 1")
    for value in response.headers.getlist("X-Robots-Tag"):
        if re.search(rb"\bnoai\b", value, re.IGNORECASE):
            found.append("header X-Robots-Tag: noai")
    return found
