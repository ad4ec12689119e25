"""What the four newspapers share: stories, addresses, paging, templates, sitemaps."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crawler.items import NEWSPAPERS, Article, read_date
from demo.loopback_site.wording import FILTERS

XML = "text/xml; charset=UTF-8"
# Enough for the listings and a day's articles; a page is drawn in about a millisecond when it is asked for again.
CACHED_PAGES = 4096
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ENDS = tuple(".!?:;…,»”\"')")


class Page(NamedTuple):
    """One answer of a newspaper."""

    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=UTF-8"
    location: str = ""


class Block(NamedTuple):
    """One element of a body; `kind` names the part of the template that draws it."""

    kind: str
    text: Any = ""


class MissingPage(Exception):
    """There is no such page; the newspaper answers in its own way."""


@dataclass(frozen=True, slots=True)
class Story:
    """An article with what its newspaper's pages need."""

    article: Article
    newspaper: str
    #: path of the address, unquoted
    path: str
    #: publication and last change, local to the newspaper
    when: datetime
    changed: datetime
    free: bool
    paragraphs: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, article: Article, newspaper: str, free: bool = True) -> Story:
        zone = ZoneInfo(NEWSPAPERS[newspaper].zone)
        if article.date is None:
            raise ValueError(f"{article.link}: a story needs a date")
        when = article.date.astimezone(zone)
        changed = (article.date_modified or when).astimezone(zone)
        paragraphs = tuple(part for part in article.content.split("\n\n") if part)
        return cls(article, newspaper, unquote(urlsplit(article.link).path), when, changed, free, paragraphs)

    @property
    def day(self) -> date:
        return self.when.date()

    @property
    def linked(self) -> date:
        """The day in the address, else the day of publication: they differ in articles published again."""
        instant, _ = read_date(None, self.article.link)
        return instant.date() if instant else self.day

    @property
    def number(self) -> int:
        """A stable post number."""
        return self.pick("number", 3_000_000) + 1_000_000

    def pick(self, salt: str, choices: int) -> int:
        """One of 0..choices-1, always the same for this story: how traps are spread over the pages."""
        return zlib.crc32(f"{salt} {self.article.link}".encode()) % choices

    def is_heading(self, index: int) -> bool:
        """Whether a paragraph reads like a sub-heading: short, without a full stop, inside the text."""
        text = self.paragraphs[index]
        return 0 < index < len(self.paragraphs) - 1 and len(text) < 80 and not text.endswith(_ENDS)


class NewspaperPages:
    """One newspaper: `routes` maps what an address looks like to the method that answers it.

    Args:
        stories: the newspaper's articles, in any order.
        javascript: leave bodies and all but the first items of a listing to a script, as some sites do.
    """

    name: ClassVar[str]
    routes: ClassVar[tuple[tuple[str, str], ...]]
    page_size: ClassVar[int] = 20
    sitemap_size: ClassVar[int] = 1000

    def __init__(self, stories: Iterable[Story], javascript: bool = False) -> None:
        self.javascript = javascript
        self.host = "https://" + NEWSPAPERS[self.name].host
        self.zone = ZoneInfo(NEWSPAPERS[self.name].zone)
        self.stories = sorted(stories, key=lambda story: (story.when, story.path), reverse=True)
        self.by_path = {story.path: story for story in self.stories}
        self.position = {story.path: index for index, story in enumerate(self.stories)}
        self.sections = self.group(self.sections_of)
        self.days = self.group(lambda story: {story.day, story.linked})
        self.templates = templates()
        self._views = [(re.compile(pattern), getattr(self, view)) for pattern, view in self.routes]
        self.respond: Callable[[str], Page] = lru_cache(CACHED_PAGES)(self.answer)

    def group(self, keys: Callable[[Story], Iterable[Any]]) -> dict[Any, list[Story]]:
        groups: dict[Any, list[Story]] = {}
        for story in self.stories:
            for key in keys(story):
                groups.setdefault(key, []).append(story)
        return groups

    def sections_of(self, story: Story) -> Iterable[str]:
        """The listings a story appears in."""
        raise NotImplementedError

    def answer(self, path: str) -> Page:
        """The page at a path (unquoted, without query)."""
        try:
            story = self.find(path)
            if story is not None:
                return self.moved(story) if story.path != path else self.article(story)
            for pattern, view in self._views:
                if match := pattern.fullmatch(path):
                    page: Page = view(**match.groupdict())
                    return page
        except MissingPage:
            pass
        return self.missing_page(path)

    def find(self, path: str) -> Story | None:
        """The story meant by a path; one whose path differs is answered by sending the reader there."""
        return self.by_path.get(path)

    def moved(self, story: Story) -> Page:
        return Page(b"", 301, location=story.article.link)

    def article(self, story: Story) -> Page:
        raise NotImplementedError

    def missing_page(self, path: str) -> Page:
        return self.draw("missing.html", status=404, path=path)

    def draw(self, template: str, status: int = 200, content_type: str = "", **values: Any) -> Page:
        """A page of this newspaper's templates; `common/…` names one that all share."""
        name = template if template.startswith("common/") else f"{self.name}/{template}"
        text = self.templates.get_template(name).render(
            newspaper=self, host=self.host, javascript=self.javascript, **values
        )
        if template.endswith(".xml"):
            text, content_type = _NO_XML.sub("", text), XML
        # A lone surrogate in a row (JSON allows it) has no UTF-8 form.
        return Page(text.encode("utf-8", "replace"), status, content_type or Page(b"").content_type)

    def robots(self) -> Page:
        return self.draw("robots.txt", content_type="text/plain; charset=UTF-8")

    def neighbours(self, story: Story, count: int) -> list[Story]:
        """The next older stories, from the newest again at the end: what boxes beside an article show."""
        start = self.position[story.path] + 1
        older = self.stories[start : start + count]
        return older + self.stories[: min(count - len(older), start - 1)]

    def recent(self, days: int = 2) -> list[Story]:
        """The stories of the last days, counted from the newest: what a news sitemap holds."""
        if not self.stories:
            return []
        first = self.stories[0].when - timedelta(days=days)
        return [story for story in self.stories if story.when >= first]

    def url_set(self, stories: Sequence[Story]) -> Page:
        return self.draw("common/sitemap.xml", stories=stories)

    def news_sitemap(self) -> Page:
        meta = NEWSPAPERS[self.name]
        return self.draw("common/news.xml", stories=self.recent(), title=meta.source_site, language=meta.language)

    def sitemap_index(self, shards: Iterable[tuple[str, Sequence[Story]]]) -> Page:
        """An index of (address, its stories)."""
        dated = [(url, max(story.changed for story in stories)) for url, stories in shards if stories]
        return self.draw("common/sitemap_index.xml", shards=dated)


def number_of(page: str | None) -> int:
    """The page number of an address; the first page where it names none.

    Raises:
        MissingPage: page 0.
    """
    number = int(page or 1)
    if number < 1:
        raise MissingPage
    return number


def pages_of(stories: Sequence[Story], size: int) -> int:
    """How many pages of `size` hold the stories."""
    return -(-len(stories) // size)


def slice_of(stories: Sequence[Story], number: int, size: int) -> Sequence[Story]:
    """The stories of a page, none past the last one."""
    return stories[(number - 1) * size : number * size]


@lru_cache(1)
def templates() -> Environment:
    """The environment of all templates; a name without a value is an error."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    return environment
