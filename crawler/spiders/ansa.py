"""ANSA: an agency's wire and editorial pieces; two templates, a consent wall in front of every page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from html import unescape
from typing import ClassVar
from urllib.parse import urlsplit

from lxml import etree

from crawler.bylines import tidy
from crawler.items import read_date
from crawler.newspapers import Newspaper
from crawler.page import ArticlePage
from crawler.page.text import first, text_of
from crawler.spiders.newspaper import Chain, NewspaperSpider
from crawler.wire_copy import read_wire_copy, with_signature

NEWSPAPER = Newspaper(
    source_site="Ansa",
    title="ANSA",
    host="www.ansa.it",
    language="it",
    zone="Europe/Rome",
    other_editions=r"^/(?:english|china|ansabrasil|ansalatina|ansalatinaes|nuova_europa/en|ansamed/en)/",
    collection="/topnews/",
    wire=True,
)
HOME = "https://www.ansa.it"
REGIONS = (
    "abruzzo basilicata calabria campania emiliaromagna friuliveneziagiulia lazio liguria lombardia marche molise "
    "piemonte puglia sardegna sicilia toscana trentino umbria valledaosta veneto"
).split()
CHANNELS = "tecnologia scienza saluteebenessere lifestyle motori viaggi terraegusto legalita_scuola".split()
#: name -> folder of the section's listings
FOLDERS = {
    **{name: f"/sito/notizie/{name}" for name in "topnews cronaca politica economia mondo cultura".split()},
    "tecnologia": "/sito/notizie/tecnologia",
    "sport": "/sito/notizie/sport",
    "calcio": "/sito/notizie/sport/calcio",
    **{region: f"/{region}/notizie" for region in REGIONS},
    **{f"canale_{name}": f"/canale_{name}/notizie" for name in CHANNELS},
    "europa": "/europa/notizie",
    "nuova_europa": "/nuova_europa/it/notizie",
    "ansamed": "/ansamed/it/notizie",
    "ansa2030": "/ansa2030/notizie",
    "osservatorio_intelligenza_artificiale": "/osservatorio_intelligenza_artificiale/notizie",
}
_FOLDER = re.compile(r"^/(?:sito/notizie/|canale_)?([a-z0-9_-]+)/")
_SCRIPT_TAGS = re.compile(r"""displayTags\(\s*(["'])((?:(?!\1)[^\\]|\\.)*)\1""")


class AnsaPage(ArticlePage):
    """Template B, since the redesign of spring 2023 (real pages of 2026-07-07)."""

    newspaper = "ansa"
    # A UUID ends the name (2011-); before, a number did.
    ARTICLE = re.compile(r"/\d{4}/\d{2}/\d{2}/[^/]+\.html(?:_\d+\.html)?$")
    OTHER_PATHS = (
        (r"/photogallery/|/foto/", "gallery"),
        (r"/videogallery/|/video/", "video_without_text"),
        (r"/podcast/", "podcast"),
        (NEWSPAPER.other_editions, "other_edition"),
        (r"^/(?:ansacom|native)/|/pressrelease/", "sponsored"),
        (r"\.shtml$|/$", "listing_page"),
    )
    OTHER_HOSTS: ClassVar = {"teleborsa.ansa.it": "sponsored"}
    TITLE = "h1.post-single-title"
    TITLE_SUFFIX = r"\s+-\s+[^-]+\s+-\s+(?:Ansa\.it|ANSA(?:\.it)?)$"
    # ">>>ANSA/ Titolo", "ANSA-FOCUS/ Titolo", "++ Titolo ++": how urgent it is, and for which desk.
    TITLE_MARK = r"^(?:>+\s*)?ANSA(?:[-–\s][A-Z'’ -]+)?\s*/\s*|^>+\s*|^\++\s*|\s*\++$"
    LEAD = ".post-single-summary"
    LOCATION = ".post-single-meta p.details strong"
    BYLINE = ".post-single-meta p.author"
    SECTION = "div.crumbs li.is-section a"
    TAGS = ".article-tags a, #all-tags a"
    DATE = ".post-single-meta p.details"
    BODY = "div[itemprop=articleBody], div.news-txt"
    DROP = (
        ".article-copyright, .ad-section, .article-related, .article-share, .article-tags, .article-outbrain,"
        " .article-widget, .image-caption, .prompt-to-accept, .bt-Subscribe, .bt-abbonati, figure, table.infographic"
    )
    # Wire copy is one <p> with <br/>&nbsp; between its paragraphs; in editorial copy a <br/> alone separates too.
    BREAKS = True
    # Not the partners' teasers in the menu and beside the article.
    SIGNS: ClassVar = {".article-intro span.partnership, .article-main span.partnership": "sponsored"}

    #: the city in the wire's dateline and who signed in the text, known once the body has been read
    dateline = ""
    signature: Sequence[str] = ()

    def section(self) -> str:
        """The crumb, of a channel its name or logo; the metas say "Notizie" on many pages: then the address."""
        channel = self.text_at("div.crumbs li.is-channel a")
        logo = self.first("div.crumbs li.is-channel img[alt]")
        channel = channel or (tidy(logo.get("alt") or "") if logo is not None else "")
        return self.text_at(self.SECTION) or channel or section_in(urlsplit(self.link()).path)

    def tags(self) -> list[str]:
        """The links, or what scripts make links of (2026-07): displayTags("Calcio,Anna Neri", "all-tags")."""
        scripts = "".join(node.text or "" for node in self.select(".article-tags script"))
        lists = (unescape(re.sub(r"\\(.)", r"\1", match[2])) for match in _SCRIPT_TAGS.finditer(scripts))
        return super().tags() or self.without_service([tag for names in lists for tag in names.split(",")])

    def authors(self) -> list[str]:
        """Who signed in the text, before the desk that the page names on all wires."""
        _ = self.text
        return with_signature(super().authors(), self.signature)

    def description(self) -> str:
        """The sub-title; the metas repeat the beginning of the text instead."""
        return self.text_at(self.LEAD)

    def location(self) -> str:
        """The city beside the date, else the one in the wire's dateline."""
        if city := super().location() or read_date(self.text_at(self.DATE), self.url)[1]:
            return city.rstrip(" ,")
        return self.dateline if self.text else ""

    def edited(self, text: list[str]) -> list[str]:
        """The text without the agency's mark at both ends and its signature: "(ANSA) - ROMA, 28 LUG - … (ANSA)."."""
        copy = read_wire_copy(text)
        self.dateline = copy.city or self.dateline
        self.signature = [*self.signature, *copy.names]
        return copy.paragraphs


def section_in(path: str) -> str:
    """The section that an address is of: /sito/notizie/cronaca/2026/… Cronaca, /canale_viaggi/notizie/… Viaggi."""
    match = _FOLDER.match(path)
    return match[1].replace("_", " ").replace("-", " ").title() if match else ""


class AnsaPageUntil2023(AnsaPage):
    """Template A (a real page of 2020-07, scrapers of 2020-2022)."""

    TEMPLATE = "h1.news-title"
    TITLE = "h1.news-title"
    LEAD = "h2.news-stit"
    LOCATION = ".news-location"
    BYLINE = ".news-author"
    SECTION = "div.pathway li a"
    DATE = ".news-time, .news-date"
    BODY = "div[itemprop=articleBody], div.news-txt"

    def section(self) -> str:
        declared = self.meta("articleSection")
        # The first crumb is the home page.
        crumbs = [text_of(node) for node in self.select(self.SECTION)][1:]
        if declared not in ("", "Notizie"):
            return declared
        return next(iter(crumbs), "") or section_in(urlsplit(self.link()).path)

    def tags(self) -> list[str]:
        return super().tags() or self.without_service((self.meta("news_keywords") or self.meta("keywords")).split(","))


class Ansa(NewspaperSpider):
    """ANSA's sections, which are paged lists, and its sitemaps."""

    name = "ansa"
    page_class = AnsaPage
    SECTIONS: ClassVar = {**FOLDERS, **{name: f"/canale_{name}/notizie" for name in CHANNELS if name not in FOLDERS}}
    FIRST_DAY = date(2000, 1, 1)
    ITEMS = "div.article-teaser, .article-content, .news-list > *, section.news article, .pp-teaser"
    ITEM_LINK = "h1 a[href], h2 a[href], h3 a[href], .title a[href]"
    ITEM_DATE = "p.date, .date, time"
    NEXT = "li.pg-next a, link[rel=next]"
    PAGE_SIZE = 20
    SITEMAP = r"sito_sitemap_index|canali_sitemap_index|news-sitemap|_sitemap_|sitemap"
    # Galleries and videos have an index of their own.
    NO_SITEMAP = r"media"

    def newest(self) -> Iterator[Chain]:
        for folder in self.sections:
            yield Chain(f"{HOME}{folder}/index.shtml", follow=False)
        if not self.section:
            yield Chain(f"{HOME}/sito/ansait_rss.xml", follow=False, kind="feed")

    def archive(self, since: date, until: date) -> Iterator[Chain]:  # noqa: ARG002 - its lists have no days
        for folder in self.sections:
            yield Chain(f"{HOME}{folder}/index.shtml")

    def page_url(self, url: str, number: int) -> str:
        return url.replace("/index.shtml", f"/index_{number}.shtml")

    def is_sponsored(self, item: etree._Element) -> bool:
        return "Sponsorizzato" in (item.get("data-track") or "") or first(item, ".partnership") is not None
