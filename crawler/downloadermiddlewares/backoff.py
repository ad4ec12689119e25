"""Back-off: pauses before another try, as long as the server asks for or twice as long each time."""

from __future__ import annotations

import asyncio
import random
import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.utils.misc import load_object
from scrapy.utils.response import response_status_message

from crawler.downloadermiddlewares.pauses import pause

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
            await pause(self.crawler, wait)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in self.codes or request.meta.get("dont_retry"):
            return response
        requested = retry_after(response.headers.get("Retry-After"), datetime.now(UTC))
        if requested is not None and requested > self.patience:
            await self._stop(f"{urlsplit(request.url).netloc} asks to come back in {requested:.0f} s")
            return response
        seconds = self._pause(request) if requested is None else requested
        if response.status in _OVERLOADED:
            host = urlsplit(request.url).netloc
            self._until[host] = max(self._until.get(host, 0.0), time.monotonic() + seconds)
        return await self._retry(request, response_status_message(response.status), seconds) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        if not isinstance(exception, self.exceptions) or request.meta.get("dont_retry"):
            return None
        return await self._retry(request, exception, self._pause(request))

    def _pause(self, request: Request) -> float:
        doubled = self.start * 2.0 ** int(request.meta.get("retry_times", 0))
        return min(self.longest, doubled) * random.uniform(0.5, 1.5)

    async def _retry(self, request: Request, reason: str | Exception, seconds: float) -> Request | None:
        assert self.crawler.spider is not None
        retry = get_retry_request(request, spider=self.crawler.spider, reason=reason)
        if retry is not None:
            await pause(self.crawler, seconds)
        return retry

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
