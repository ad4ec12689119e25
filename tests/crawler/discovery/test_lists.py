"""Feeds and sitemaps as newspapers serve them, broken ones included (listings: tests/integration/test_crawl.py).

Covers crawler.discovery.failures.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from scrapy.http import HtmlResponse, TextResponse

from crawler.discovery.lists import Chain, Entry, absolute
from crawler.feeds import is_empty_document, root_of, text_in
from crawler.spiders.ansa import Ansa

LINK = "https://www.ansa.it/sito/notizie/cronaca/2026/05/01/x_01234567-89ab-cdef-0123-456789abcdef.html"
SITEMAPS = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://www.ansa.it/old_sitemap.xml</loc><lastmod>2020-01-01</lastmod></sitemap>
<sitemap><loc>https://www.ansa.it/new_sitemap.xml</loc><lastmod>2026-05-02</lastmod></sitemap>
<sitemap><loc>https://www.ansa.it/media_sitemap.xml</loc><lastmod>2026-05-02</lastmod></sitemap></sitemapindex>"""
RSS = (
    f"<rss><channel><item><link> {LINK} </link>"
    "<pubDate>Fri, 01 May 2026 08:00:00 +0200</pubDate></item></channel></rss>"
)
ATOM = (
    f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="{LINK}"/>'
    "<published>2026-05-01</published></entry></feed>"
)


class Recorder(Ansa):
    """ANSA's spider, which keeps what its lists name instead of fetching it."""

    def __init__(self) -> None:
        super().__init__(since="2026-05-01", until="2026-05-02")
        self.entries: list[Entry] = []
        self.retried: list[str] = []
        self.missed: list[str] = []

    async def admit(self, entries: list[Entry], dated: bool) -> AsyncIterator[Any]:
        self.entries += entries
        for _ in ():
            yield

    def retry(self, response: Any, reason: str) -> bool:
        self.retried.append(reason)
        return len(self.retried) < 2

    def note_incomplete(self, what: str) -> None:
        self.missed.append(what)

    def count(self, name: str, amount: int = 1) -> None:
        pass


def read(spider: Recorder, body: bytes, kind: str) -> list[str]:
    """The further lists that a list leads to."""

    async def urls() -> list[str]:
        response = TextResponse("https://www.ansa.it/x", body=body)
        callback = getattr(spider, f"parse_{kind}")
        arguments = {} if kind == "robots" else {"chain": Chain(response.url, kind=kind), "number": 1}
        return [request.url async for request in callback(response, **arguments)]

    return asyncio.run(urls())


@pytest.mark.parametrize("body", [RSS, ATOM])
def test_both_kinds_of_feeds_name_articles_with_their_day(body: str) -> None:
    spider = Recorder()
    assert read(spider, body.encode(), "feed") == []
    assert spider.entries == [Entry(LINK, date(2026, 5, 1))]


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
@pytest.mark.parametrize("body", [b"", b"garbage", b"\x1f\x8b\x08torn"])
def test_what_cannot_be_read_is_asked_for_again(kind: str, body: bytes) -> None:
    spider = Recorder()
    assert read(spider, body, kind) == []
    assert (spider.entries, spider.retried, spider.missed) == ([], ["garbage"], [])
    # The last time it is missed, with a word.
    assert read(spider, body, kind) == []
    assert spider.missed == ["https://www.ansa.it/x (no XML)"]


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_what_unpacks_to_too_much_is_missed(kind: str) -> None:
    spider = Recorder()
    spider.bytes_max = len(SITEMAPS) - 1
    assert read(spider, gzip.compress(SITEMAPS), kind) == []
    assert spider.missed == [
        f"https://www.ansa.it/x (unpacks to more than {spider.bytes_max:,} bytes: DOWNLOAD_MAXSIZE)"
    ]
    assert spider.retried == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_index_leads_to_the_sitemaps_that_changed_since(pack: Any) -> None:
    assert read(Recorder(), pack(SITEMAPS), "sitemap") == ["https://www.ansa.it/new_sitemap.xml"]


def test_robots_names_sitemaps_once() -> None:
    spider, url = Recorder(), "https://www.ansa.it/sitemap.xml"
    robots = f"User-agent: *\nSitemap: {url}\nsitemap: {url}\nSitemap: https://www.ansa.it/sitemap_media.xml\n"
    assert read(spider, robots.encode(), "robots") == [url]


def test_an_entity_of_a_stranger_is_not_loaded() -> None:
    body = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><link>&x;</link></rss>'
    root = root_of(body)
    assert not is_empty_document(root)
    assert text_in(root, "link") == ""


PAGE = """<html><head>{base}</head><body>
<ul class="news-list"><li><h3 class="title"><a href="{href}">t</a></h3></li></ul>
<a href="index_2.shtml" rel="next">2</a></body></html>"""
FOLDER = "https://www.ansa.it/sito/notizie/cronaca/"


def listed(spider: Recorder, base: str, href: str) -> list[str]:
    """The links of a list's entries."""

    async def read_list() -> None:
        response = HtmlResponse(FOLDER + "index.shtml", body=PAGE.format(base=base, href=href).encode())
        async for _ in spider.parse_listing(response, Chain(response.url), 1):
            pass

    asyncio.run(read_list())
    return [entry.link for entry in spider.entries]


@pytest.mark.parametrize(
    ("base", "href"),
    [
        ("", LINK),
        ("", "2026/05/01/x.html"),
        ("", "./2026/05/01/x.html"),
        ("", "../cronaca/2026/05/01/x.html"),
        ("", "/sito/notizie/cronaca/2026/05/01/x.html"),
        ("", "//www.ansa.it/sito/notizie/cronaca/2026/05/01/x.html"),
        ('<base href="https://www.ansa.it/">', "sito/notizie/cronaca/2026/05/01/x.html"),
        ('<base href="/sito/">', "notizie/cronaca/2026/05/01/x.html"),
        ('<base target="_blank">', "2026/05/01/x.html"),
    ],
)
def test_a_relative_link_is_meant_from_its_page_or_its_base(base: str, href: str) -> None:
    assert listed(Recorder(), base, href)[0].startswith(FOLDER + "2026/05/01/x")


def test_a_feed_s_relative_link_is_meant_from_the_feed() -> None:
    spider = Recorder()
    body = RSS.replace("https://www.ansa.it", "")
    assert read(spider, body.encode(), "feed") == []
    assert [entry.link for entry in spider.entries] == [LINK]


@pytest.mark.parametrize("href", ["", "#top", "http://[", " "])
def test_a_link_to_nowhere_stays_as_it_is(href: str) -> None:
    assert absolute(href, FOLDER) == href.strip()
