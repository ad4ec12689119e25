"""`ArticlePage`: what any newspaper's page offers. A newspaper's file adds its selectors."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from functools import cached_property
from html import unescape
from itertools import islice, takewhile
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from lxml import etree

from crawler.bylines import names_of, tidy
from crawler.dates import date_in_link, parse_date
from crawler.items import NEWSPAPERS, Article, RecordError, canonical_link, newspaper_of
from crawler.page.elements import REACH, Elements
from crawler.page.kinds import NotAnArticle, medium_of, types_of
from crawler.page.regions import Regions, outermost
from crawler.page.text import guess, linked_data, passages, text_of, without_rights

# Of 709 real articles (it_news_2024) the shortest has 101 characters; below this are captions and "read more" lines.
MIN_CHARACTERS = 60
#: what is guessed rather than known to be the text has to be longer than a caption or a lead.
_GUESS_MIN = 200
_ARTICLE_TYPES = frozenset({"NewsArticle", "Article", "ReportageNewsArticle", "AnalysisNewsArticle", "BlogPosting"})
#: what strangers embed, and what asks readers to go elsewhere, in any newspaper's body.
FOREIGN = (
    "blockquote[class*=twitter], blockquote[class*=instagram], blockquote[class*=tiktok], blockquote[class*=bluesky],"
    " blockquote[class*=text-post-media], blockquote.wp-embedded-content, .fb-post, .wp-block-embed, ins[class*=ads],"
    " [class*=newsletter], [class*=outbrain], [class*=taboola], .sharedaddy, .ad-section"
)
#: the block editor's boxes around text (WordPress).
WRAPPERS = "div[class*=wp-block-group], div[class*=wp-block-column], div[class*=wp-block-media-text], details, section"
_LOST = re.compile(
    r"\b404\b|pagina non (?:è stata )?trovata|page not found|(?:non esiste|non è) più|không tìm thấy|không tồn tại",
    re.IGNORECASE,
)
#: pages before this year carry a date that was never set (1970-01-01, 0001-01-01).
_FIRST_YEAR = 1990
#: newspaper -> its page classes, the current template first.
TEMPLATES: dict[str, list[type[ArticlePage]]] = {}


class ArticlePage:
    """One page in one template. Subclasses set `newspaper` and the CSS selectors, and override what needs code.

    Versions of a template are classes of the same newspaper; the first one defined whose `TEMPLATE` selects something
    reads the page, the first of all where none does.
    """

    newspaper: ClassVar[str]
    #: path of an article's address
    ARTICLE: ClassVar[re.Pattern[str]]
    #: (pattern searched in the path, reason) of addresses that hold something else
    OTHER_PATHS: ClassVar[tuple[tuple[str, str], ...]] = ()
    #: other hosts of the house -> reason
    OTHER_HOSTS: ClassVar[dict[str, str]] = {}

    TEMPLATE: ClassVar[str] = ""
    TITLE: ClassVar[str]
    #: what the site appends to titles in metas
    TITLE_SUFFIX: ClassVar[str] = ""
    #: what the newsroom sets around titles
    TITLE_MARK: ClassVar[str] = ""
    LEAD: ClassVar[str] = ""
    LOCATION: ClassVar[str] = ""
    BYLINE: ClassVar[str] = ""
    SECTION: ClassVar[str] = ""
    TAGS: ClassVar[str] = ""
    SERVICE_TAGS: ClassVar[frozenset[str]] = frozenset()
    #: where the date is printed
    DATE: ClassVar[str] = ""
    BODY: ClassVar[str]
    #: children of the body that carry text; empty = the whole body is walked
    TEXT: ClassVar[frozenset[str]] = frozenset()
    #: other children of it that do: the editor's own boxes around text
    WRAPPERS: ClassVar[str] = ""
    #: parts of the body that are no text of the article
    DROP: ClassVar[str] = ""
    #: one <br> ends a paragraph
    BREAKS: ClassVar[bool] = False
    #: what a page of the kind shows, tried in this order -> reason
    SIGNS: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        TEMPLATES.setdefault(cls.newspaper, []).append(cls)

    def __init__(self, tree: etree._Element, url: str, elements: Elements | None = None) -> None:
        self.tree = tree
        self.url = url
        self.profile = NEWSPAPERS[self.newspaper]
        self.elements = elements or Elements(tree)

    # --- addresses ---------------------------------------------------------------------------------------------------

    @classmethod
    def refusal(cls, url: str) -> str | None:
        """Why an address leads to no article of this newspaper; None where it may."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return "not_an_article_url"
        if newspaper_of(url) != cls.newspaper:
            return cls.OTHER_HOSTS.get(host, "not_an_article_url")
        for pattern, reason in cls.OTHER_PATHS:
            if re.search(pattern, parts.path):
                return reason
        return None if cls.ARTICLE.search(parts.path) else "not_an_article_url"

    @cached_property
    def own_address(self) -> str:
        """The address the page calls its own; "" where it names none."""
        canonical = (node.get("href") for node in self.tree.iter("link") if node.get("rel") == "canonical")
        for candidate in (next(canonical, None), self.meta("og:url")):
            if candidate:
                try:
                    return canonical_link(urljoin(self.url, candidate.strip()))
                except (RecordError, ValueError):
                    continue
        return ""

    def link(self) -> str:
        """The address the page calls its own where an article can be there, else the one it was fetched from."""
        own = self.own_address
        return own if own and self.refusal(own) is None else canonical_link(self.url)

    # --- what any page offers ----------------------------------------------------------------------------------------

    def select(self, selector: str) -> list[etree._Element]:
        """The page's elements that a CSS selector names, in document order; [] for the empty selector."""
        return self.elements.select(selector)

    def first(self, selector: str) -> etree._Element | None:
        return self.elements.first(selector)

    @cached_property
    def metas(self) -> dict[str, str]:
        """Name, property or itemprop (small letters) -> content of the first meta element of it that has any."""
        metas: dict[str, str] = {}
        for node in self.tree.iter("meta"):
            content = node.get("content")
            if content and not content.isspace():
                for attribute in ("name", "property", "itemprop"):
                    if key := node.get(attribute):
                        metas.setdefault(key.lower(), content)
        return metas

    def meta(self, name: str) -> str:
        """Content of the first meta element of that name, property or itemprop; "" where there is none."""
        return self.metas.get(name.lower(), "")

    @cached_property
    def linked_data(self) -> list[dict[str, Any]]:
        return linked_data(self.tree)

    def structured(self, name: str) -> Any:
        """A field of the page's JSON-LD article; None where there is none."""
        for item in self.linked_data:
            if types_of(item) & _ARTICLE_TYPES and item.get(name) not in (None, ""):
                return item[name]
        return None

    def structured_text(self, name: str) -> str:
        value = self.structured(name)
        return unescape(value) if isinstance(value, str) else ""

    def text_at(self, selector: str, leave_out: str = "") -> str:
        """The text of the first element of a selector that has any."""
        texts = (text_of(node, leave_out) for node in self.select(selector))
        return next((text for text in texts if text), "")

    # --- fields ------------------------------------------------------------------------------------------------------

    @cached_property
    def regions(self) -> Regions:
        """What each field is read from: title, lead, byline, location and body are disjoint, wherever they stand."""
        regions = Regions(self.bodies())
        regions.own("location", self.select(self.LOCATION), several=True)
        regions.own("title", self.select(self.TITLE))
        regions.own("lead", self.select(self.LEAD))
        regions.own_lines("byline", self.byline_elements(regions), several=True)
        regions.own_lines("date", self.select(self.DATE))
        return regions

    def byline_elements(self, regions: Regions) -> list[etree._Element]:  # noqa: ARG002 - subclasses look at them
        """The elements that may name who wrote it."""
        return self.select(self.BYLINE)

    def title(self) -> str:
        declared = (self.structured_text("headline"), unescape(self.meta("og:title")))
        headings = [text_of(node) for node in self.select("h1")]
        candidates = (self.regions.text("title"), *declared, *headings[: len(headings) == 1], self.text_at("title"))
        return next((title for text in candidates if (title := self.without_marks(tidy(text)))), "")

    def without_marks(self, title: str) -> str:
        """A title without the site's name behind it and the newsroom's marks around it."""
        for pattern in filter(None, (self.TITLE_SUFFIX, self.TITLE_MARK)):
            title = re.sub(pattern, "", title) or title
        return title

    def description(self) -> str:
        """The lead as shown; where its element is missing, the one in the metas, unless that repeats the text."""
        if self.first(self.LEAD) is not None:
            return self.regions.text("lead")
        declared = self.structured_text("description") or self.meta("og:description") or self.meta("description")
        # Some are escaped twice.
        lead = tidy(unescape(declared))
        beginning = lead.rstrip(" .…[]")
        return "" if beginning and any(part.startswith(beginning) for part in self.text[:1]) else lead

    def location(self) -> str:
        return self.regions.text("location")

    def authors(self) -> list[str]:
        return [name for text in self.regions.texts("byline") for name in names_of(text)]

    def section(self) -> str:
        if section := self.text_at(self.SECTION):
            return section
        declared = self.structured("articleSection")
        declared = declared[0] if isinstance(declared, list) and declared else declared
        return tidy(str(declared or self.meta("article:section") or self.meta("articleSection")))

    def tags(self) -> list[str]:
        return self.without_service([text_of(node) for node in self.select(self.TAGS)])

    def without_service(self, tags: list[str]) -> list[str]:
        cleaned = (tidy(tag).removeprefix("#") for tag in tags)
        return list(dict.fromkeys(tag for tag in cleaned if tag and tag.lower() not in self.SERVICE_TAGS))

    def published(self) -> datetime | None:
        """The instant of publication: metas, JSON-LD, the printed date, at last the date in the link."""
        declared = self.instant(
            self.meta("article:published_time"), self.meta("datePublished"), self.structured("datePublished")
        )
        return declared or self.instant(self.text_at(self.DATE)) or date_in_link(self.link(), self.profile.zone)

    def modified(self) -> datetime | None:
        return self.instant(
            self.meta("article:modified_time"), self.structured("dateModified"), self.meta("dateModified")
        )

    def instant(self, *candidates: Any, zone: str = "") -> datetime | None:
        """The first candidate that can be read, in whole seconds (Il Post prints microseconds nobody measured)."""
        for candidate in candidates:
            moment = parse_date(candidate, zone or self.profile.zone) if candidate else None
            if moment is not None and moment.year >= _FIRST_YEAR:
                return moment.replace(microsecond=0)
        return None

    def access(self) -> str:
        free = self.structured("isAccessibleForFree")
        return "teaser" if str(free).lower() == "false" else "free"

    def opt_outs(self) -> list[str]:
        """What the page says against mining its text, as evidence."""
        evidence = []
        if self.meta("tdm-reservation").strip() == "1":
            evidence.append("meta tdm-reservation: 1")
        for name in ("robots", "ai-robots"):
            if re.search(r"\bnoai\b", self.meta(name), re.IGNORECASE):
                evidence.append(f"meta {name}: noai")
        return evidence

    def body(self) -> etree._Element | None:
        """The first element of the text; None where there is none."""
        return next(iter(self.bodies()), None)

    def bodies(self) -> list[etree._Element]:
        """The elements of the text: of one article alone, and up to the title of the next one."""
        nodes = outermost(self.select(self.BODY))
        if len(nodes) < 2:
            return nodes
        parts = [node for node in nodes if _article_around(node) is _article_around(nodes[0])]
        titles = set(self.select(self.TITLE)) - {nodes[0]}
        ordered = self.elements.in_order([*parts, *titles])
        return list(takewhile(lambda node: node not in titles, ordered[ordered.index(nodes[0]) :]))

    @cached_property
    def text(self) -> list[str]:
        """The paragraphs of the body; [] where there is none."""
        parts = [text for body in self.bodies() for text in self.paragraphs(body)]
        return self.edited(self.without_fields(without_rights(parts)))

    def edited(self, text: list[str]) -> list[str]:
        """The paragraphs without what a newsroom sets around a text."""
        return text

    def without_fields(self, text: list[str]) -> list[str]:
        """The paragraphs from where they no longer repeat title and lead."""
        lead, location = self.regions.text("lead"), self.regions.text("location")
        repeated = {self.regions.text("title"), lead, f"{location}{lead}", f"{location} {lead}"}
        begin = next((number for number, part in enumerate(text) if part not in repeated), len(text))
        return text[begin:]

    def left_out(self, body: etree._Element) -> set[etree._Element]:  # noqa: ARG002 - subclasses look at it
        """The parts of the body that are no text of the article; there may be elements outside of it among them."""
        drop = self.elements.any_of(self.DROP) | self.elements.any_of(FOREIGN)
        return drop | self.regions.others("body")

    def paragraphs(self, body: etree._Element) -> list[str]:
        """The paragraphs of one of the body's elements, sub-headings among them."""
        parts = list(passages(body, self.left_out(body), self.BREAKS))
        whole = [text for _, text in parts]
        if self.TEXT:
            wrappers = self.elements.any_of(self.WRAPPERS)
            text = [text for top, text in parts if top is not None and (top.tag in self.TEXT or top in wrappers)]
            # Bodies of older years hold bare text or wrap it in elements of their own; boxes alone are never that long.
            whole = text if 2 * sum(map(len, text)) >= sum(map(len, whole)) else whole
        return whole

    # --- the article -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Look for signs of another kind of page before reading it as an article.

        Raises:
            NotAnArticle: there is one.
        """
        if any("LiveBlogPosting" in types_of(item) for item in self.linked_data):
            raise NotAnArticle("live_blog", "JSON-LD LiveBlogPosting")
        if not self.is_dated() and (kind := self.other_address()):
            raise NotAnArticle(kind, f"the page calls itself {self.own_address}")
        for selector, reason in self.SIGNS.items():
            if self.first(selector) is not None:
                raise NotAnArticle(reason, selector)
        language = (self.tree.get("lang") or self.profile.language).lower()
        if not language.startswith(self.profile.language):
            raise NotAnArticle("wrong_language", f"the page says {language}")

    def article(self) -> Article:
        """The article.

        Raises:
            NotAnArticle: with the reason.
        """
        self.check()
        content = "\n\n".join(self.content())
        title = self.title()
        if not title:
            raise NotAnArticle("no_title")
        date = self.published()
        if date is None:
            raise NotAnArticle("no_date")
        evidence = self.opt_outs()
        return Article(
            link=self.link(),
            title=title,
            description=self.description(),
            content=content,
            authors=list(dict.fromkeys(self.authors())),
            date=date,
            date_modified=self.modified(),
            location=self.location(),
            section=self.section(),
            tags=self.tags(),
            source_site=self.profile.source_site,
            language=self.profile.language,
            access=self.access(),
            permission={"robots": None, "opt_out": bool(evidence) or None, "evidence": evidence, "checked_at": None},
            content_hash=paragraph_hash(title, content),
        )

    def content(self) -> list[str]:
        """The paragraphs, wherever they are found.

        Raises:
            NotAnArticle: there are none, or too little to be an article; says what the page is instead.
        """
        body = self.body()
        text = self.text if body is not None else self.edited(self.elsewhere())
        size = sum(map(len, text))
        if size < MIN_CHARACTERS and body is not None:
            # A script writes it from what the metas hold.
            text = self.edited(self.declared_text()) or text
            size = sum(map(len, text))
        if size < MIN_CHARACTERS:
            raise NotAnArticle(self.page_kind(size), f"{size} characters of text")
        return text

    def elsewhere(self) -> list[str]:
        """The body of a template nobody has seen: JSON-LD articleBody, else trafilatura's guess."""
        if whole := self.declared_text():
            return whole
        if kind := self.other_address():
            raise NotAnArticle(kind, f"the page calls itself {self.own_address}")
        if _LOST.search(self.title()):
            raise NotAnArticle("soft_404", self.title())
        if not self.is_dated():
            return []
        # A page that was cut before its body has a title and a lead all the same.
        headings = (self.title(), self.description())
        text = [part for part in guess(self.tree) if not any(line.startswith(part) for line in headings)]
        return text if sum(map(len, text)) >= _GUESS_MIN else []

    def is_dated(self) -> bool:
        """Whether the page declares when it was published: listings and errors do not (their og:type says anything)."""
        names = ("article:published_time", "datePublished", "pubdate")
        return any(map(self.meta, names)) or self.structured("datePublished") is not None

    def declared_text(self) -> list[str]:
        """The paragraphs of JSON-LD's articleBody."""
        return [part for part in map(tidy, re.split(r"[\r\n]+", self.structured_text("articleBody"))) if part]

    def other_address(self) -> str | None:
        """The kind of page that its canonical address is of, where that is no article's; None where it is one."""
        address = self.own_address
        if not address or self.refusal(address) is None:
            return None
        home = newspaper_of(address) == self.newspaper and urlsplit(address).path in ("", "/")
        return "soft_404" if home else self.refusal(address)

    def page_kind(self, size: int) -> str:
        """The name of a page that has (next to) no text."""
        if self.access() == "teaser":
            return "teaser"
        main = self.first("main, article, #page")
        inside = self.elements if main is None else Elements(main)
        if kind := medium_of(inside, self.linked_data):
            return kind
        if self.body() is None and self.select(".prompt-to-accept"):
            return "consent_wall_only"
        return "too_short" if size else "empty_body"


def _article_around(node: etree._Element) -> etree._Element | None:
    return next((each for each in islice(node.iterancestors(), REACH) if each.tag == "article"), None)


def paragraph_hash(title: str, content: str) -> str:
    """`content_hash` of a title and paragraphs that are tidy already: cleaning them again takes longer than reading."""
    return hashlib.sha256(f"{title}\n{content}".encode()).hexdigest()
