"""Open: WordPress with Yoast; sections in pages of 12, two themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from lxml import etree

from crawler.newspapers import Newspaper
from crawler.page import WRAPPERS, ArticlePage
from crawler.page.text import text_of
from crawler.spiders.newspaper import Chain, NewspaperSpider

NEWSPAPER = Newspaper(source_site="Open", host="www.open.online", language="it", zone="Europe/Rome", slash=True)
HOME = "https://www.open.online"
SECTIONS = (
    "attualita politica mondo economia-e-lavoro cultura-e-spettacolo scienze tecnologia ambiente sport fact-checking"
).split()
_LEGGI_ANCHE = re.compile(r"\W*leggi anche\W*", re.IGNORECASE)
_SMALL_WORDS = frozenset("e ed di del della dei delle da in con per a il la le lo gli i o".split())


class OpenPage(ArticlePage):
    """Template B, theme open-wp-child, since 2025 (a real page of 2026-06-30)."""

    newspaper = "open"
    ARTICLE = re.compile(r"^/\d{4}/\d{2}/\d{2}/[^/]+/?$")
    OTHER_PATHS = (
        (r"^/(?:c|temi|author|ultime-notizie|tag)(?:/|$)", "listing_page"),
        (r"^/\d{4}/\d{2}/\d{2}/(?:page(?:/\d+)?/?)?$", "listing_page"),
        (r"/page/\d+/?$|^/?$", "listing_page"),
    )
    TITLE = "header.entry-header h1, article h1"
    TITLE_SUFFIX = r"\s+-\s+Open$"
    LEAD = ".post-excerpt"
    BYLINE = '.container-meta-info a[href*="/author/"]'
    SECTION = ".container-cat-tag-post a.link-evidenza"
    TAGS = ".container-cat-tag-post a.link-tag"
    DATE = ".container-meta-info"
    BODY = ".container-main-content"
    TEXT = frozenset({"p", "h2", "h3", "h4", "blockquote", "ul", "ol"})
    WRAPPERS = WRAPPERS
    DROP = (
        ".post-excerpt, center, .google-preferred-site, [class*=adv-banner], [id^=taboola], .meride-video,"
        " blockquote.twitter-tweet, blockquote.instagram-media, blockquote.tiktok-embed, .continualeggereopen"
    )
    SIGNS: ClassVar = {"body.error404, section.error-404": "soft_404"}

    def section(self) -> str:
        """The chip beside the title, which the theme writes in capitals."""
        return uncapitalised(super().section())


class OpenPageUntil2024(OpenPage):
    """Template A, "news__*" (2018 to 2024-01, from scrapers)."""

    TEMPLATE = "h1.news__title"
    TITLE = "h1.news__title"
    LEAD = ".news__excerpt"
    BYLINE = ".news__author a"
    SECTION = 'a[rel="category tag"]'
    TAGS = 'a[rel="tag"]'
    DATE = ".news__date-day, .news__date"
    BODY = "div.news__content"

    def left_out(self, body: etree._Element) -> set[etree._Element]:
        """From "Leggi anche" on there are other articles."""
        headings = (node for node in body.iter("h2", "h3", "h4") if _LEGGI_ANCHE.fullmatch(text_of(node)))
        heading = next(headings, None)
        after = {heading, *heading.itersiblings()} if heading is not None else set()
        return super().left_out(body) | after


def uncapitalised(name: str) -> str:
    """A name without its capitals: "CULTURA E SPETTACOLO" as Cultura e Spettacolo; others stay as they are."""
    if name != name.upper():
        return name
    words = name.lower().split()
    return " ".join(word if index and word in _SMALL_WORDS else word.capitalize() for index, word in enumerate(words))


class Open(NewspaperSpider):
    """Open's sections, which are paged lists, its feed and sitemaps."""

    name = "open"
    page_class = OpenPage
    SECTIONS: ClassVar = {name: name for name in SECTIONS}
    FIRST_DAY = date(2018, 12, 18)
    ITEMS = "main .card-news-vertical, main .card-news-horizontal, main article, .news"
    ITEM_LINK = "h2 a[href], h3 a[href], h2.news__title a[href]"
    ITEM_DATE = ".container-meta-info, .news__date-day, time"
    NEXT = "link[rel=next], a.next.page-numbers, a.next"
    PAGE_SIZE = 12
    SITEMAP = r"sitemap_index|post-sitemap"

    def newest(self) -> Iterator[Chain]:
        for name in self.sections:
            yield Chain(f"{HOME}/c/{name}/", follow=False)
        feed = f"{HOME}/c/{self.section}/feed/" if self.section else f"{HOME}/feed/"
        yield Chain(feed, follow=False, kind="feed")

    def archive(self, since: date, until: date) -> Iterator[Chain]:  # noqa: ARG002 - its lists have no days
        if not self.section:
            yield Chain(f"{HOME}/feed/", follow=False, kind="feed")
        for name in self.sections:
            yield Chain(f"{HOME}/c/{name}/")

    def page_url(self, url: str, number: int) -> str:
        return f"{url}page/{number}/"
