"""Bans: a server that blocks us is recognised by its answers, and obeyed."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from crawler.downloadermiddlewares.robots import Forbidden
from crawler.items import newspaper_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

log = logging.getLogger(__name__)

#: Answers that refuse us, not the page.
_REFUSING = {401: "status 401", 403: "status 403", 407: "status 407", 451: "status 451"}
#: What the walls of Cloudflare, Akamai, Imperva, DataDome and PerimeterX say of themselves, in small letters.
_WALLS = (
    # Not all of /cdn-cgi/challenge-platform/: Cloudflare sets its scripts/jsd/ into ordinary pages, too.
    b"cf-chl-", b"/orchestrate/", b"_incapsula_resource", b"geo.captcha-delivery.com", b"px-captcha",
    b"errors.edgesuite.net",
)  # fmt: skip
#: What no wall says of itself, and every article does, one way or the other.
_DATED = (b"datePublished", b"article:published_time")
_TITLES = (
    b"just a moment", b"attention required!", b"access denied", b"pardon our interruption", b"robot check",
    b"human verification", b"are you a robot", b"are you human",
)  # fmt: skip
#: A captcha as a page's whole content; article pages may carry one for their comments.
_CAPTCHAS = (b"g-recaptcha", b"h-captcha", b"hcaptcha.com", b"cf-turnstile", b"friendlycaptcha")
_WALL_SIZE = 100_000
_CAPTCHA_SIZE = 20_000
_REDIRECTING = (301, 302, 303, 307, 308)
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,80})")


def ban_of(response: Response) -> str:
    """How a response blocks us; "" where it does not.

    A wall is looked for in small pages only: articles of 100 kB write about captchas, and embed them.
    """
    if response.status in _REFUSING:
        return _REFUSING[response.status]
    if len(response.body) >= _WALL_SIZE or any(mark in response.body for mark in _DATED):
        return ""
    text = response.body.lower()
    if mark := next((mark for mark in _WALLS if mark in text), b""):
        return f"a wall ({mark.decode()})"
    title = _TITLE.search(text)
    if title and title[1].startswith(_TITLES):
        return f"a wall ({title[1].decode('utf-8', 'replace').strip()})"
    if len(text) < _CAPTCHA_SIZE and b"<article" not in text and any(mark in text for mark in _CAPTCHAS):
        return "a captcha"
    return ""


class BanMiddleware:
    """Refuses banned responses by name, and ends the crawl after BAN_LIMIT in a row: more would only annoy."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.limit = crawler.settings.getint("BAN_LIMIT")
        self._row = 0
        self._closing: asyncio.Future[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Response:
        if ban := ban_of(response):
            # robots.txt and its like are asked for once: what they answer is judged where it is read.
            if not request.meta.get("dont_obey_robotstxt"):
                self.note(ban, request.url)
            raise Forbidden("banned", f"{request.url}: {ban}")
        if response.status < 400:
            self._row = 0
        return response

    def note(self, ban: str, url: str) -> None:
        """Count one more; stop the crawl when it is one too many."""
        self._row += 1
        log.info("blocked by %s: %s", url, ban)
        if self._row < self.limit or self._closing is not None or self.crawler.engine is None:
            return
        if self.crawler.stats:
            why = (
                f"banned: {ban} on {self._row} pages in a row, the last {url}; wait some hours, then crawl more slowly"
            )
            self.crawler.stats.set_value("newsmill/closed", why)
        self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="banned"))


class Redirects(RedirectMiddleware):
    """Scrapy's redirects, within the newspaper; a chain without an end, as walls and lost cookies make it, is a ban.

    What leads to another host is the page's affair alone: it is refused by name, and that host is not asked anything.
    """

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:  # noqa: ARG002
        answer = super().process_response(request, response)
        if isinstance(answer, Response) and answer.status in _REDIRECTING and self._is_ours(request):
            location = urljoin(request.url, (answer.headers.get("Location") or b"").decode("latin-1"))
            if urlsplit(location).scheme not in ("http", "https"):
                # Of an app, a mail address: none that can be fetched.
                raise Forbidden("foreign_link", f"{request.url}: leads to {location[:200]}")
        return answer

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        if self._is_ours(request) and not self._is_followed(redirected.url, request):
            raise Forbidden("foreign_link", f"{request.url}: leads to another host, {redirected.url[:200]}")
        try:
            return super()._redirect(redirected, request, reason)
        except IgnoreRequest:
            bans = self.crawler.get_downloader_middleware(BanMiddleware)
            if bans:
                bans.note("redirects without end", request.url)
            raise Forbidden("endless_redirects", f"{request.url}: redirected without end") from None

    def _is_ours(self, request: Request) -> bool:
        """Whether a request is a newspaper's; robots.txt holds wherever it lies (RFC 9309, 2.3.1.2)."""
        return hasattr(self.crawler.spider, "profile") and not request.meta.get("dont_obey_robotstxt")

    def _is_followed(self, url: str, request: Request) -> bool:
        spider: Any = self.crawler.spider
        if newspaper_of(url) == spider.name:
            return True
        return bool(request.meta.get("script")) and urlsplit(url).hostname in spider.SCRIPT_HOSTS


__all__ = ["BanMiddleware", "Redirects", "ban_of"]
