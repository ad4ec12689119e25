"""Fetching from a copy of the site: the last hand on a request, the first on its response."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.utils.misc import build_from_crawler

from crawler.discovery.arguments import at_origin
from crawler.items import newspaper_of

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class OriginHandler(BaseDownloadHandler):
    """Scrapy's handler; where the spider has an `origin`, the newspaper's addresses are fetched from there.

    Everything above it (filters, robots.txt, redirects, the stored links) knows canonical addresses only.
    """

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._inner = build_from_crawler(HTTP11DownloadHandler, crawler)
        self._origin: str = getattr(crawler.spider, "origin", "") or ""
        self._newspaper = crawler.spider.name if crawler.spider else ""

    async def download_request(self, request: Request) -> Response:
        if not self._origin or newspaper_of(request.url) != self._newspaper:
            return await self._inner.download_request(request)
        # Not request.replace(): it copies every header once more, and so does response.replace().
        address = at_origin(self._origin, request.url)
        redirected = Request(address, method=request.method, body=request.body, meta=request.meta, dont_filter=True)
        redirected.headers = request.headers
        response = await self._inner.download_request(redirected)
        # The handler writes what it measured into the request it was given.
        request.meta.update(redirected.meta)
        location = (response.headers.get("Location") or b"").decode("latin-1")
        # Not http://127.0.0.1:80 of http://127.0.0.1:8080/.
        if location.startswith(self._origin) and location.removeprefix(self._origin)[:1] in ("", "/", "?", "#"):
            response.headers["Location"] = self.at_home(location, request.url)
        home = type(response)(
            request.url, status=response.status, body=response.body, flags=response.flags, request=response.request,
            certificate=response.certificate, ip_address=response.ip_address, protocol=response.protocol,
        )  # fmt: skip
        home.headers = response.headers
        return home

    def at_home(self, url: str, request_url: str) -> str:
        """The newspaper's address of a page at the origin."""
        home = urlsplit(request_url)
        return f"{home.scheme}://{home.netloc}{url.removeprefix(self._origin) or '/'}"

    async def close(self) -> None:
        await self._inner.close()
