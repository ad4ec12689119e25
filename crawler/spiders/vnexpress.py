"""VnExpress: Vietnamese, server-rendered, one outer template since before 2022; see the selectors' dates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import ClassVar

from lxml import etree

from crawler.bylines import names_of
from crawler.newspapers import Newspaper
from crawler.page import FOREIGN, ArticlePage, NotAnArticle, Regions
from crawler.page.elements import REACH
from crawler.page.text import blocks, text_of
from crawler.spiders.newspaper import Chain, Entry, NewspaperSpider

NEWSPAPER = Newspaper(source_site="VnExpress", host="vnexpress.net", language="vi", zone="Asia/Ho_Chi_Minh")
#: slug -> number of the category in calendar addresses; the menu of 2026-03, and the sections merged in 2025.
CATEGORIES = {
    "thoi-su": 1001005,
    "the-gioi": 1001002,
    "kinh-doanh": 1003159,
    "khoa-hoc-cong-nghe": 1006219,
    "goc-nhin": 1003450,
    "bat-dong-san": 1005628,
    "suc-khoe": 1003750,
    "the-thao": 1002565,
    "giai-tri": 1002691,
    "phap-luat": 1001007,
    "giao-duc": 1003497,
    "doi-song": 1002966,
    "oto-xe-may": 1001006,
    "du-lich": 1003231,
    "y-kien": 1001012,
    "tam-su": 1001014,
    "thu-gian": 1001011,
    "khoa-hoc": 1001009,
    "so-hoa": 1002592,
}
HOME = "https://vnexpress.net"
#: days of one calendar address: a month of one section is some 20-40 pages, within what crawlers report to work.
WINDOW = timedelta(days=30)
#: a byline is a few names; a right-aligned line longer than this is a verse or a quotation.
MAX_BYLINE = 100
#: how many of the last paragraphs, empty ones and boxes included, are searched for it
_TRAILING = 40
#: "theo" (according to) and what follows, up to another signature: the agency or paper that a text comes from.
_SOURCE = re.compile(r"(?:^|[-–—,;|]\s*|\s)theo\s+(.+?)(?=\s[-–—]\s|$)", re.IGNORECASE)
#: The family names of nine in ten: before one of them "Theo" is a first name.
_FAMILY_NAMES = frozenset("Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý".split())


class VnExpressPage(ArticlePage):
    """Template since 2026-07 at the latest: title, stamp and lead are the first elements of the body's own."""

    newspaper = "vnexpress"
    # Before 2013: /gl/xa-hoi/2008/01/slug/
    # Match reports: -5000001-tong-thuat.html
    ARTICLE = re.compile(r"-\d{5,}(?:-[a-z0-9]+)*\.html$|^/gl/.+/\d{4}/\d{2}/[^/]+/?$")
    OTHER_PATHS = (
        (r"^/(?:anh|photo|infographics?)(?:/|$)", "gallery"),
        (r"^/video(?:/|$)", "video_without_text"),
        (r"^/podcast(?:/|$)", "podcast"),
        (r"^/(?:topic|tag|tac-gia|chu-de|category|rss)(?:/|$)", "listing_page"),
        # A section and a folder of it: /kinh-doanh/quoc-te-p2
        (r"^/(?:[a-z0-9-]+(?:/[a-z0-9-]+)?)?/?$", "listing_page"),
    )
    OTHER_HOSTS: ClassVar = {
        "video.vnexpress.net": "video_without_text",
        "e.vnexpress.net": "other_edition",
        "timkiem.vnexpress.net": "listing_page",
    }
    TEMPLATE = "article.fck_detail h1.title-detail"
    TITLE = "h1.title-detail"
    TITLE_SUFFIX = r"\s+-\s+(?:B[aá]o )?VnExpress.*$"
    LEAD = "p.description"
    LOCATION = "p.description span.location-stamp"
    SECTION = "ul.breadcrumb a"
    DATE = "span.date"
    BODY = "article.fck_detail, div.fck_detail"
    TEXT = frozenset({"p", "h2", "h3", "h4", "ul", "ol", "blockquote"})
    # Tables hold pictures in bodies of before 2019 and figures in columns since: no sentences either way.
    DROP = (
        "p.Image, p.author_mail, table, .tplCaption, div[data-component], .list_link, .list-news, .box-tinlienquan,"
        " .box-tin-lien-quan, .box_category, .box-category, .item_slide_show, .width_common.box-related,"
        " .vote_rating_box, .box_embed_video, .box_img_video, .parser_title, .box_quangcao,"
        " .box_about_author, .paywall-readmore"
    )
    # The classes are the ones that the style sheets in pages of 2025 know.
    # VnE-GO (2026-07), whose addresses are like any article's: a script draws the video.
    SIGNS: ClassVar = {
        ".page-detail.detail-live, .detail-live .page-detail": "live_blog",
        "body.page-short, .section-main-short": "video_without_text",
        "[class*=section_podcast_detail]": "podcast",
    }
    PREVIEW = ".paywall-preview, .paywall-paragraph-overlay, a.paywall-readmore"
    SERVICE_TAGS = frozenset({"tin nóng"})

    def check(self) -> None:
        super().check()
        kind, headline = self.meta("tt_page_type"), self.first(self.TITLE)
        if kind in ("folder", "site"):
            raise NotAnArticle("listing_page", f"tt_page_type={kind}")
        # A missing article is a shell with status 200 that names the whole site's number as its own.
        if headline is None and (kind == "other" or self.meta("tt_article_id") == "1000000"):
            raise NotAnArticle("soft_404", "the shell page of a missing article")

    def location(self) -> str:
        return super().location().rstrip(" -–")

    def description(self) -> str:
        # Some years set a dash between stamp and lead.
        return super().description().lstrip(" -–")

    def section(self) -> str:
        folders = self.meta("tt_list_folder_name").split(",")
        return self.text_at(self.SECTION) or (folders[1].strip() if len(folders) > 1 else super().section())

    def published(self) -> datetime | None:
        return self.instant(self.meta("pubdate")) or super().published() or self.instant(self.meta("its_publication"))

    def byline_elements(self, regions: Regions) -> list[etree._Element]:
        boxes = self.elements.any_of(self.DROP) | self.elements.any_of(FOREIGN)
        taken = regions.others("byline") - set(regions.owned["body"])
        return [node for body in regions.owned["body"] for node in bylines(body, boxes, taken)]

    def authors(self) -> list[str]:
        # One line each: "Hà Thu<br>Theo Reuters".
        others = self.regions.others("byline")
        nodes = self.regions.owned["byline"]
        lines = [line for node in nodes for line in blocks(node, others, breaks=True, pointers=True)]
        # JSON-LD names the newspaper itself, an Organization, on all pages but some opinion pieces.
        author = self.structured("author") if not lines else None
        if isinstance(author, dict) and author.get("@type") == "Person":
            lines = [str(author.get("name") or "")]
        return [name for line in lines for name in names_of(without_source(line))]

    def tags(self) -> list[str]:
        """Of `keywords`, those that `its_tag` has too: it comes without service tags, but in small letters."""
        keywords = [tag.strip() for tag in self.meta("keywords").split(",")]
        own = {tag.strip() for tag in self.meta("its_tag").lower().split(",")} - {""}
        return self.without_service([tag for tag in keywords if not own or tag.lower() in own])

    def access(self) -> str:
        return "teaser" if self.first(self.PREVIEW) is not None else super().access()

    def page_kind(self, size: int) -> str:
        # A photo essay holds its text in captions. Public notes list it among the pages of another layout, or without
        # a body, and no page at hand shows that its captions are an article's paragraphs: so a gallery it is.
        kind = super().page_kind(size)
        broken = kind in ("too_short", "empty_body")
        return "gallery" if broken and self.first(".item_slide_show") is not None else kind

    def modified(self) -> datetime | None:
        # meta lastmod repeats the publication on most pages.
        return self.instant(self.structured("dateModified"), self.meta("article_updatetime"), self.meta("dateModified"))


class VnExpressPageUntil2026(VnExpressPage):
    """Template of 2022-01 to 2026-03 (five real pages read alike): title and lead stand before the body's element."""

    TEMPLATE = "h1.title-detail"


class VnExpressPageUntil2019(VnExpressPage):
    """The outer template of archived pages of before 2019."""

    TEMPLATE = "h1.title_news_detail, h1.title_news"
    TITLE = TEMPLATE
    LEAD = "p.description, h2.description, h2.short_intro, h3.short_intro, div.short_intro"
    LOCATION = "span.location-stamp"
    DATE = "span.time, div.block_timer"
    SECTION = "ul.breadcrumb a, .breadcrumb h4 a"


def bylines(
    body: etree._Element, boxes: Collection[etree._Element], taken: Collection[etree._Element] = ()
) -> list[etree._Element]:
    """The author's lines: among the last paragraphs, right-aligned (2022-) or of their own class (2023).

    Args:
        body: the element of the text.
        boxes: elements inside which nothing is a byline.
        taken: elements that are another field's.
    """
    last = islice(reversed(list(body.iter("p"))), _TRAILING)
    outside = (node for node in last if not any(box in boxes for box in islice(node.iterancestors(), REACH)))
    texts = (node for node in outside if node not in taken and any(text.strip() for text in node.itertext()))
    return [node for node in reversed(list(islice(texts, 4))) if _is_byline(node)]


def without_source(line: str) -> str:
    """A byline without the source it follows: "Hà Thu - Theo AFP, Reuters"; "Theo Nguyễn" is somebody's name."""
    return _SOURCE.sub(lambda match: match[0] if _is_name(match[1]) else "", line)


def _is_name(following: str) -> bool:
    words = re.split(r"[,;|/•·(]|\s(?:và|&)\s", following)[0].split()
    return bool(words) and words[0] in _FAMILY_NAMES and all(word[0].isupper() for word in words)


def _is_byline(node: etree._Element) -> bool:
    if {"author_mail", "author"} & set((node.get("class") or "").split()):
        return True
    return _right(node) and len(text_of(node)) <= MAX_BYLINE


def _right(node: etree._Element) -> bool:
    style = "".join((node.get("style") or "").split()).lower()
    return "text-align:right" in style or (node.get("align") or "").lower() == "right"


class VnExpress(NewspaperSpider):
    """VnExpress's calendar of section pages."""

    name = "vnexpress"
    page_class = VnExpressPage
    SECTIONS: ClassVar = {**{slug: slug for slug in CATEGORIES}, "xe": "oto-xe-may", "gia-dinh": "doi-song"}
    FIRST_DAY = date(2001, 2, 26)
    ITEMS = "article"
    ITEM_LINK = ".title-news a[href], .title_news a[href]"
    NEXT = 'link[rel="next"], a.next-page, a.btn-page.active + a'
    PAGE_SIZE = 30

    def newest(self) -> Iterator[Chain]:
        for slug in self.sections:
            yield Chain(f"{HOME}/{slug}", follow=False)
        feeds = self.sections if self.section else ["tin-moi-nhat"]
        for slug in feeds:
            yield Chain(f"{HOME}/rss/{slug}.rss", follow=False, kind="feed")

    def archive(self, since: date, until: date) -> Iterator[Chain]:
        """The calendar of section pages: unix seconds, midnights of UTC+7; whatever lies between two of them."""
        last = until
        while last >= since:
            begin = max(since, last - WINDOW + timedelta(days=1))
            span = f"fromdate/{self.midnight(begin)}/todate/{self.midnight(last + timedelta(days=1))}"
            for slug in self.sections:
                number = CATEGORIES[slug]
                yield Chain(f"{HOME}/category/day/cateid/{number}/{span}/allcate/{number}", dated=True)
            last = begin - timedelta(days=1)

    def page_url(self, url: str, number: int) -> str:
        return f"{url}/page/{number}" if "/category/day/" in url else f"{url}-p{number}"

    def entry(self, item: etree._Element) -> Entry | None:
        entry = super().entry(item)
        stamp = item.get("data-publishtime")
        return entry and Entry(entry.link, self.day_of(stamp) if stamp else None)
