"""Real pages and ours through the same code: the same fields come out, and the same obstacles are in the way."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Article
from crawler.page import extract
from crawler.page.parser import decode, parse
from crawler.page.text import linked_data, select, text_of
from demo.loopback_site.server import LoopbackSite
from tests.demo.loopback_site.helpers import NAMES, links_of

UUID = "00000000-93f7-4fa1-a3df-83d51d188dd3"
#: real page -> an address it could have come from, where it does not name its own
REAL = {
    "vnexpress/article-2025-09-08.html": "https://vnexpress.net/x-4936632.html",
    "vnexpress/article-2025-10-22.html": "https://vnexpress.net/x-4954454.html",
    "ansa/article-wire-2026-07-07.excerpt.html": f"https://www.ansa.it/sito/notizie/cronaca/2026/07/07/x_{UUID}.html",
    "ilpost/article-2026-06-30.excerpt.html": "https://www.ilpost.it/2026/06/30/x/",
    "open/article-2026-06-30.excerpt.html": "https://www.open.online/2026/06/30/x/",
}
#: what the real pages put in the way of a reader, as a selector that must find something
OBSTACLES = {
    "vnexpress": [
        "article.fck_detail > figure.tplCaption figcaption p.Image",
        "article.fck_detail > div[data-component]",
        'article.fck_detail > p[style*="text-align:right"]',
        'meta[name=tt_page_type][content="article"]',
        "link[rel=canonical]",
    ],
    "ansa": [
        ".prompt-to-accept p",
        ".bt-Subscribe .bt-abbonati",
        "[itemprop=articleBody] > p.article-copyright",
        "article .ad-section",
        ".article-related a.prevPageHref",
        "p.image-caption",
        'script[type="application/ld+json"]',
        "link[rel=canonical]",
    ],
    "ilpost": [
        "#singleBody > #audioPlayerArticle",
        "#singleBody > .wp-caption > .wp-caption-text",
        "#singleBody > p > a.leggi-anche",
        "#singleBody > p > iframe",
        "#singleBody > blockquote.twitter-tweet",
        "article[class*=striscia] a > h2",
        "link[rel=canonical]",
    ],
    "open": [
        ".container-main-content > .post-excerpt",
        ".container-main-content > center .google-preferred-site",
        ".container-main-content > blockquote.twitter-tweet",
        ".container-main-content > .adv-banner",
        ".container-main-content > [id^=taboola]",
        ".container-main-aside .post-most-view h2 a",
        "link[rel=canonical]",
    ],
}


def filled(article: Article) -> set[str]:
    return {item.name for item in fields(article) if getattr(article, item.name) not in ("", [], None)}


def ours(site: LoopbackSite, newspaper: str) -> list[bytes]:
    pages = site.newspapers[newspaper]
    return [pages.respond(story.path).body for story in pages.stories]


@pytest.mark.parametrize("name", REAL)
def test_the_same_fields_come_out(site: LoopbackSite, shared: Path, name: str) -> None:
    newspaper = name.partition("/")[0]
    real = filled(extract((shared / "newspapers" / name).read_bytes(), REAL[name], newspaper))
    pages = zip(ours(site, newspaper), site.newspapers[newspaper].stories, strict=True)
    found = [filled(extract(page, story.article.link, newspaper)) for page, story in pages]
    # Each real article lacks something the newspaper does print elsewhere (a location stamp, tags).
    assert {"link", "title", "description", "content", "authors", "date", "date_modified", "section"} <= real
    assert all(real - {"tags"} <= fields_of_ours for fields_of_ours in found)
    assert any(real <= fields_of_ours for fields_of_ours in found)


@pytest.mark.parametrize("newspaper", NAMES)
def test_the_same_obstacles_are_in_the_way(site: LoopbackSite, shared: Path, newspaper: str) -> None:
    real = [parse(decode((shared / "newspapers" / name).read_bytes())) for name in REAL if name.startswith(newspaper)]
    pages = [parse(decode(page)) for page in ours(site, newspaper)[:20]]
    for selector in OBSTACLES[newspaper]:
        assert any(select(tree, selector) for tree in real), f"{selector}: not in the real page"
        assert any(select(tree, selector) for tree in pages), selector
    for tree in pages:
        (canonical,) = select(tree, "link[rel=canonical]")
        assert canonical.get("href") in links_of(newspaper)


def test_wire_copy_is_one_paragraph_element(site: LoopbackSite, shared: Path) -> None:
    def shape(page: bytes) -> tuple[int, bool]:
        (body,) = select(parse(decode(page)), "div[itemprop=articleBody]")
        texts = select(body, "p:not(.article-copyright)")
        return len(texts), bool(select(body, "p > br"))

    real = shape((shared / "newspapers/ansa/article-wire-2026-07-07.excerpt.html").read_bytes())
    assert real == (1, True)
    assert real in [shape(page) for page in ours(site, "ansa")[:8]]


def test_json_ld_comes_two_in_one_script(site: LoopbackSite, shared: Path) -> None:
    def two_in_one(page: bytes) -> bool:
        scripts = select(parse(decode(page)), 'script[type="application/ld+json"]')
        return any(re.search(r"\}\s*\{\"@context", script.text or "") for script in scripts)

    def kinds(page: bytes) -> list[Any]:
        return [item["@type"] for item in linked_data(parse(decode(page)))]

    page = (shared / "newspapers/open/article-2026-06-30.excerpt.html").read_bytes()
    assert two_in_one(page)
    mine = next(mine for mine in ours(site, "open") if two_in_one(mine))
    assert kinds(page) == kinds(mine) == ["VideoObject", "NewsArticle"]


@pytest.mark.parametrize("newspaper", NAMES)
def test_nothing_around_the_text_gets_into_it(site: LoopbackSite, shared: Path, newspaper: str) -> None:
    """Captions, walls, adverts and links elsewhere, of the real page and of ours alike."""
    strange = (
        "RIPRODUZIONE RISERVATA|Riproduzione riservata|ABBONAMENTO|Da non perdere|Leggi anche|Caricamento player"
        "|Ảnh:|>>|Pubblicità|prevPageLabel|cookie"
    )
    pages = [(page, None) for page in ours(site, newspaper)[:12]]
    pages += [((shared / "newspapers" / name).read_bytes(), url) for name, url in REAL.items() if newspaper in name]
    for page, url in pages:
        found = extract(page, url or links_of(newspaper)[0], newspaper)
        assert not re.search(strange, found.content)
        tree = parse(decode(page))
        captions = [text_of(node) for node in select(tree, "figcaption, .wp-caption-text, .image-caption")]
        assert not [caption for caption in captions if len(caption) > 20 and caption in found.content]
