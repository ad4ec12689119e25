"""Il Post: every day has an archive; WordPress until 2023, Next.js since."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import ClassVar

from crawler.bylines import tidy
from crawler.newspapers import Newspaper
from crawler.page import WRAPPERS, ArticlePage
from crawler.spiders.newspaper import Chain, NewspaperSpider

NEWSPAPER = Newspaper(
    source_site="IlPost", title="Il Post", host="www.ilpost.it", language="it", zone="Europe/Rome", slash=True
)
HOME = "https://www.ilpost.it"
_CATEGORY = re.compile(r'"pageMainCategory"\s*:\s*"([^"\\]+)"')
SECTIONS = "italia mondo politica economia europa internet scienza cultura sport tecnologia libri media tv".split()


class IlPostPage(ArticlePage):
    """Template B, Next.js, since 2023/24 (a real page of 2026-06-30; scrapers of 2024-2026)."""

    newspaper = "ilpost"
    ARTICLE = re.compile(r"/\d{4}/\d{2}/\d{2}/[^/]+/?$")
    OTHER_PATHS = (
        (r"^/live/", "live_blog"),
        (r"^/(?:episodes|podcasts?)/", "podcast"),
        (rf"^/(?:tag|storie-idee|topics?|{'|'.join(SECTIONS)})/|^/?$", "listing_page"),
        (r"/\d{4}/\d{2}/\d{2}/(?:page(?:/\d+)?/?)?$", "listing_page"),
    )
    TITLE = "article h1, main h1"
    TITLE_SUFFIX = r"\s+-\s+Il Post$"
    LEAD = "article h1 ~ h2:not([class])"
    # Class names end in a hash that changes with each release of the site.
    BYLINE = "article [class*=index_author]"
    SECTION = "li[class*=breadcrumbs__category] a"
    TAGS = "div[class*=index_art_tag] a"
    DATE = "li[class*=breadcrumbs__time]"
    BODY = "#singleBody"
    TEXT = frozenset({"p", "h2", "h3", "h4", "blockquote", "ul", "ol"})
    WRAPPERS = WRAPPERS
    DROP = (
        "#audioPlayerArticle, .wp-caption, .wp-caption-text, blockquote.twitter-tweet, blockquote.instagram-media,"
        " blockquote.tiktok-embed, .ilPostSocial, [class*=adv-hb_], [id^=mapp_]"
    )
    SIGNS: ClassVar = {"body.error404": "soft_404"}

    def section(self) -> str:
        if section := self.text_at(self.SECTION):
            return section
        scripts = "".join(node.text or "" for node in self.select("script:not([src])"))
        match = _CATEGORY.search(scripts)
        return tidy(match[1]) if match else super().section()

    def modified(self) -> datetime | None:
        # "2026-06-30T12:52:44.397467" on a page published at 13:35 local: without an offset, it is UTC.
        return self.instant(self.structured("dateModified"), self.meta("article:modified_time"), zone="UTC")


class IlPostPageUntil2023(IlPostPage):
    """Template A, classic WordPress (scrapers of 2023-03)."""

    TEMPLATE = "h1.entry-title"
    TITLE = "h1.entry-title"
    LEAD = ""
    BYLINE = ".author a, a[rel=author]"
    SECTION = 'a[rel="category tag"]'
    TAGS = 'a[rel="tag"]'
    DATE = ".entry-date, time.published"
    BODY = "#singleBody, .entry-content"


class IlPost(NewspaperSpider):
    """Il Post's archive of a page or more for each day; its sections."""

    name = "ilpost"
    page_class = IlPostPage
    SECTIONS: ClassVar = {name: name for name in SECTIONS}
    FIRST_DAY = date(2010, 4, 19)
    ITEMS = "main article, article.opener, article.post, article.hentry"
    ITEM_LINK = "h2 a[href], a[href]"
    ITEM_DATE = "time"
    NEXT = "link[rel=next], a.next.page-numbers, a.next"
    PAGE_SIZE = 20
    # A day without articles has no archive page.
    MISSING_IS_EMPTY = True

    def newest(self) -> Iterator[Chain]:
        for name in self.sections:
            yield Chain(f"{HOME}/{name}/", follow=False)
        if not self.section:
            yield Chain(f"{HOME}/feed/", follow=False, kind="feed")

    def archive(self, since: date, until: date) -> Iterator[Chain]:
        if self.section:
            yield Chain(f"{HOME}/{self.section}/")
            return
        day = until
        while day >= since:
            yield Chain(f"{HOME}/{day:%Y/%m/%d}/", dated=True)
            day -= timedelta(days=1)

    def page_url(self, url: str, number: int) -> str:
        return f"{url}page/{number}/"
