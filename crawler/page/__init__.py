"""A newspaper's page -> the article on it, or the named reason why it holds none.

`ArticlePage` knows what any newspaper offers; each newspaper adds its selectors in `crawler/spiders/<name>.py`, one
class for each template it has had. From the command line::

    python -m crawler.page --newspaper ansa --url https://www.ansa.it/… page.html

prints the article as JSON (exit status 0), or one line `NEWSPAPER: reason: detail` on stderr (exit status 2).
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from crawler.items import NEWSPAPERS, Article, NewsmillError, RecordError, canonical_link
from crawler.page.article_page import FOREIGN, TEMPLATES, WRAPPERS, ArticlePage
from crawler.page.elements import Elements
from crawler.page.kinds import NotAnArticle
from crawler.page.parser import GarbageError, TooLargeError, parse_page
from crawler.page.regions import Regions

__all__ = ["FOREIGN", "WRAPPERS", "ArticlePage", "NotAnArticle", "Regions", "as_json", "extract", "versions_of"]


def versions_of(newspaper: str) -> list[type[ArticlePage]]:
    """The page classes of a newspaper, the current template first.

    Raises:
        NewsmillError: unknown newspaper.
    """
    if newspaper not in NEWSPAPERS:
        raise NewsmillError(f"page: unknown newspaper {newspaper!r}: choose one of {', '.join(NEWSPAPERS)}")
    # A plug-in: its file registers its page classes.
    importlib.import_module(f"crawler.spiders.{newspaper}")
    return TEMPLATES[newspaper]


def extract(html: bytes | str, url: str, newspaper: str, content_type: str = "") -> Article:
    """The article on a page.

    Args:
        html: the page as it came, or decoded.
        url: the address it came from.
        newspaper: a key of `crawler.items.NEWSPAPERS`.
        content_type: the HTTP header of that name, for its charset; "" where none came.

    Raises:
        NotAnArticle: with a named reason; whatever the bytes are, nothing else escapes.
        NewsmillError: unknown newspaper.
    """
    versions = versions_of(newspaper)
    try:
        return _extract(html, url, versions, content_type)
    except NotAnArticle:
        raise
    except Exception as error:
        # The input is whatever the network delivers: a page that breaks the parser must not end a crawl.
        raise NotAnArticle("unreadable", f"{type(error).__name__}: {error}"[:200]) from error


def _extract(html: bytes | str, url: str, versions: list[type[ArticlePage]], content_type: str) -> Article:
    try:
        link = canonical_link(url)
    except RecordError as error:
        raise NotAnArticle("not_an_article_url", url) from error
    if reason := versions[0].refusal(link):
        raise NotAnArticle(reason, url)
    try:
        tree = parse_page(html, content_type)
    except GarbageError as error:
        raise NotAnArticle("garbage", str(error)) from error
    except TooLargeError as error:
        raise NotAnArticle("too_large", str(error)) from error
    elements = Elements(tree)
    version = next((page for page in versions if elements.first(page.TEMPLATE) is not None), versions[0])
    return version(tree, link, elements).article()


def as_json(article: Article) -> str:
    """An article as one JSON object, instants in ISO 8601."""
    row = {item.name: getattr(article, item.name) for item in fields(article)}
    isoformat: Callable[[Any], str] = lambda value: value.isoformat()  # noqa: E731
    return json.dumps(row, ensure_ascii=False, indent=2, default=isoformat)
