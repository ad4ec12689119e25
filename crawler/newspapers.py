"""The newspapers there are: what each file of `crawler/spiders/` says of its own in `NEWSPAPER = Newspaper(…)`.

The files are read, not imported: who asks for a newspaper's host or language waits for neither Scrapy nor lxml.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["NEWSPAPERS", "Newspaper", "metas", "newspaper_name"]

FOLDER = Path(__file__).resolve().parent / "spiders"
#: With its continuation lines, which are indented or begin with the closing bracket.
_DECLARATION = re.compile(r"^NEWSPAPER = (Newspaper\(.*(?:\n(?:[ \t)].*)?)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Newspaper:
    """What is known of a newspaper without looking at a page: literals, because they are read from the source."""

    #: its name in the data: `source_site` of articles and samples
    source_site: str
    host: str
    #: further hosts of its articles, such as those of its cities
    hosts: tuple[str, ...] = ()
    #: ISO 639-1
    language: str
    #: IANA name of the time zone that its days and printed times are in
    zone: str
    #: its name as it writes it; "" where that is `source_site`
    title: str = ""
    #: articles at /YYYY/MM/DD/slug end in a slash: the form without it is redirected there
    slash: bool = False
    #: pattern of the paths of its editions in other languages: their articles' language is that of the text
    other_editions: str = ""
    #: part of the path of pages that repeat the articles of its sections: a section's address is preferred
    collection: str = ""
    #: an agency, or in its form: marks and signatures stand around its texts (crawler/wire_copy.py)
    wire: bool = False


def metas(folder: Path) -> Iterator[tuple[str, Newspaper]]:
    """Spider name (that of its file) and newspaper, of each file in a folder that declares one.

    Raises:
        ValueError: a declaration that cannot be read.
    """
    for path in sorted(folder.glob("[!_]*.py")):
        # The statement alone: to parse the whole files takes 50 ms.
        if match := _DECLARATION.search(path.read_text(encoding="utf-8")):
            yield path.stem, _newspaper(path, match[1])


def _newspaper(path: Path, source: str) -> Newspaper:
    try:
        call = ast.parse(source, mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            raise TypeError("its values need their names")
        return Newspaper(**{part.arg or "**": ast.literal_eval(part.value) for part in call.keywords})
    except (SyntaxError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: NEWSPAPER = Newspaper(field=literal, …): {error}") from error


#: spider name (and module of `crawler.spiders`) -> newspaper. A new one is its file there and nothing else.
NEWSPAPERS: dict[str, Newspaper] = dict(metas(FOLDER))


@cache
def _titles() -> dict[str, str]:
    return {newspaper.source_site: newspaper.title or newspaper.source_site for newspaper in NEWSPAPERS.values()}


def newspaper_name(source_site: str) -> str:
    """A newspaper's name as it writes it, by its name in the data; what is none of ours is left as it is."""
    return _titles().get(source_site, source_site)
