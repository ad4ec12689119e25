"""Proxies: judged by the address that is really asked. Nothing on this machine is ever asked by way of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware

from crawler.discovery.arguments import at_origin
from crawler.items import is_loopback, newspaper_of

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

#: What Scrapy keeps of its choice, for another try of the request.
_CHOICE = ("proxy", "_scheme_proxy", "_auth_proxy")
_LOGIN = b"Proxy-Authorization"


class ProxyMiddleware(HttpProxyMiddleware):
    """Scrapy's proxies (http_proxy, https_proxy, no_proxy); with an `origin`, those for its address, not the site's."""

    crawler: Crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = super().from_crawler(crawler)
        middleware.crawler = crawler
        return middleware

    def process_request(self, request: Request, spider: Spider | None = None) -> None:  # noqa: ARG002
        address = self._address(request.url)
        if is_loopback(address):
            _forget(request)
        elif address == request.url:
            super().process_request(request)
        else:
            probe = Request(address, meta=request.meta, headers=request.headers)
            super().process_request(probe)
            _forget(request)
            request.meta.update({name: probe.meta[name] for name in _CHOICE if name in probe.meta})
            if _LOGIN in probe.headers:
                request.headers[_LOGIN] = probe.headers[_LOGIN]

    def _address(self, url: str) -> str:
        """Where an address is fetched from."""
        spider = self.crawler.spider
        origin: str = getattr(spider, "origin", "") or ""
        is_copied = bool(origin) and spider is not None and newspaper_of(url) == spider.name
        return at_origin(origin, url) if is_copied else url


def _forget(request: Request) -> None:
    for name in _CHOICE:
        request.meta.pop(name, None)
    request.headers.pop(_LOGIN, None)
