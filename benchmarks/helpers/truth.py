"""What pages say, known without our extractor: the real pages' facts (tests/pages/real.json), the records.

Leads and bodies of real pages are no part of this project: `real.json` says where on the page they stand, and which
sha256 they have; they are read here in the plainest way and checked against it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from crawler.items import NEWSPAPERS, article_from_record, newspaper_of
from demo.loopback_site.server import LoopbackSite

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT / "tests/pages/real.json"
SAMPLES = ROOT / "demo/articles.jsonl"
_BREAK = "\u2028"


@dataclass(frozen=True)
class Case:
    """A page and what it says; `fields` holds title, description, authors, date, content and what else is known."""

    newspaper: str
    url: str
    html: bytes
    fields: dict[str, Any]
    real: bool

    def write(self, folder: Path, number: int) -> dict[str, str]:
        """The page as a file, and the line that `peers.py` reads for it."""
        file = folder / f"{number}.html"
        file.write_bytes(self.html)
        language = NEWSPAPERS[self.newspaper].language
        return {"page": str(file), "url": self.url, "newspaper": self.newspaper, "language": language}


def body_at(page: bytes, xpath: str) -> str:
    """The paragraphs of the elements an XPath names, one <br> a new paragraph; joined by a blank line."""
    tree = etree.fromstring(page, etree.HTMLParser(encoding="utf-8", remove_comments=True))
    for br in tree.iter("br"):
        br.tail = _BREAK + (br.tail or "")
    nodes: Any = tree.xpath(xpath)
    texts = ("".join(node.itertext()) for node in nodes)
    lines = (" ".join(line.split()) for text in texts for line in text.split(_BREAK))
    return "\n\n".join(line for line in lines if line)


def lead_at(page: bytes, xpath: str) -> str:
    """The text nodes an XPath names, as one line."""
    nodes: Any = etree.fromstring(page, etree.HTMLParser(encoding="utf-8", remove_comments=True)).xpath(xpath)
    return " ".join("".join(map(str, nodes)).split())


def real_cases(shared: Path) -> list[Case]:
    """The real pages in `shared/newspapers`.

    Raises:
        ValueError: a page is not the one whose facts were written down.
    """
    cases = []
    for fact in json.loads(REAL.read_text(encoding="utf-8")):
        html = (shared / "newspapers" / fact["page"]).read_bytes()
        text = body_at(html, fact["body"]["xpath"])
        if hashlib.sha256(text.encode()).hexdigest() != fact["body"]["sha256"]:
            raise ValueError(f"{fact['page']}: the page has changed; its facts in {REAL.name} are about another one")
        fields = {**fact["expected"], "description": lead_at(html, fact["lead"]["xpath"]), "content": text}
        cases.append(Case(fact["page"].partition("/")[0], fact["url"], html, fields, real=True))
    return cases


def loopback_cases(file: Path = SAMPLES) -> list[Case]:
    """A page for each record of an article file, as the loopback site prints it."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    site = LoopbackSite(rows)
    cases = []
    for row in rows:
        article = article_from_record(row)
        name = newspaper_of(article.link) or ""
        story = next(story for story in site.newspapers[name].stories if story.article.link == article.link)
        names = "link title description authors date date_modified location section tags content".split()
        fields = {field: getattr(article, field) for field in names}
        # A page always says when it was last changed; a row may not.
        fields["date_modified"] = fields["date_modified"] or fields["date"]
        fields["date"], fields["date_modified"] = fields["date"].isoformat(), fields["date_modified"].isoformat()
        cases.append(Case(name, article.link, site.newspapers[name].respond(story.path).body, fields, real=False))
    return cases


def golden_pages(folder: Path = ROOT / "tests/pages") -> list[tuple[str, str, bytes]]:
    """(newspaper, address, bytes) of the small pages in tests/pages."""
    pages = []
    for page in sorted(folder.glob("*/*.html")):
        url = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["url"]
        pages.append((page.parent.name, url, page.read_bytes()))
    return pages
