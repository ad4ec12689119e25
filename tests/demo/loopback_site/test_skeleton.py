"""Our pages beside the real ones: the same structure, the same traps, the same fields read by the same code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from demo.loopback_site.server import LoopbackSite
from tests.demo.loopback_site.helpers import BODY_IT, fetch, links_of, page

#: the elements MARKUP names, by newspaper and kind of page
ELEMENTS = {
    "vnexpress": [
        *(f"meta[name={name}]" for name in (
            "tt_page_type", "tt_page_type_new", "tt_article_id", "its_id", "lastmod", "its_publication",
            "its_subsection", "article_updatetime", "tt_list_folder_name", "keywords", "news_keywords", "its_tag",
            "author", "robots", "pubdate",
        )),
        *(f"meta[property='{name}']" for name in ("og:url", "og:title", "og:description", "article:tag")),
        *(f"meta[itemprop={name}]" for name in ("datePublished", "dateModified", "dateCreated", "articleSection")),
        "link[rel=canonical]", "h1.title-detail", "p.description", "span.location-stamp", "span.date",
        "ul.breadcrumb a", "article.fck_detail", "article.fck_detail > p.Normal",
        "article.fck_detail > p[style*='text-align:right']", "p.Normal > a > strong", "figure.tplCaption",
        "figure.tplCaption img", "figure.tplCaption source", "figcaption p.Image", "span#article-end",
        "article.fck_detail div[data-component]",
    ],
    "vnexpress listing": [
        "meta[name=tt_page_type]", "div.list-news-subfolder", "div.list-news-subfolder > article.item-news",
        "div.list-news-subfolder .title-news > a", "div.list-news-subfolder p.description > a",
        "ins.adsbyeclick[data-pos=In_stream_1]", "article.article-topstory .title-news > a",
        "div.button-page a.btn-page", "link[rel=next]", "#flatpickrFooter",
    ],
    "ansa": [
        *(f"meta[name={name}]" for name in ("Author", "description", "robots")),
        *(f"meta[property='article:{name}']" for name in ("published_time", "modified_time", "section")),
        *(f"meta[itemprop={name}]" for name in ("datePublished", "dateModified", "author", "articleSection")),
        "html", "link[rel=canonical]", "h1.post-single-title", "div.summary.post-single-summary", "p.details",
        "p.details strong", "p.author", "div.crumbs li.is-section a", "div[itemprop=articleBody]",
        "div[itemprop=articleBody] > p", "div[itemprop=articleBody] > p > br", "p.article-copyright",
        "div.prompt-to-accept", "div.prompt-to-accept p", ".bt-Subscribe", ".bt-abbonati",
        ".ad-section", "div.article-related", "div.article-related a",
        ".article-share", "figure.image", "p.image-caption",
    ],
    "ilpost": [
        "link[rel=canonical]", "body", "main", "article h1", "article h2", "h2[class*=index_author]",
        "meta[property='article:published_time']", "meta[property='og:url']", "meta[name=description]",
        "li[class*=breadcrumbs__time]", "li[class*=breadcrumbs__category] a", "div[class*=index_art_tag] a",
        "div#singleBody", "div#singleBody > p", "div#audioPlayerArticle", "div.wp-caption", "p.wp-caption-text",
        "a.leggi-anche", "div#singleBody iframe", "div#singleBody script", "blockquote.twitter-tweet",
        "article[class*=striscia] h2",
    ],
    "open": [
        "article header.entry-header h1", "div.post-excerpt", "div.container-main-content", "div.container-meta-info",
        "div.container-meta-info a", "meta[name=author]", "meta[property='article:published_time']",
        "meta[property='article:modified_time']", "meta[property='og:description']", "link[rel=canonical]",
        "div.container-cat-tag-post a.link-evidenza", "a.link-tag", "article", "div.container-main-content > p",
        "h2.wp-block-heading", "center", ".google-preferred-site", ".adv-banner", "div[id^=taboola]",
        "blockquote.twitter-tweet", ".meride-video", ".section-title-aside", ".card-news-aside h2 a",
        "div.post-most-view",
    ],
}  # fmt: skip
REAL = {
    "vnexpress": ["vnexpress/article-2025-09-08.html", "vnexpress/article-2025-10-22.html"],
    "vnexpress listing": ["vnexpress/section-kinh-doanh-2026-03-08.html"],
    "ansa": ["ansa/article-wire-2026-07-07.excerpt.html"],
    "ilpost": ["ilpost/article-2026-06-30.excerpt.html"],
    "open": ["open/article-2026-06-30.excerpt.html"],
}
#: what differs from article to article in a class or id: numbers, and the slugs of tags and sections
_VARIES = re.compile(r"\d+|(?<=^tag-).+|(?<=^category-).+|(?<=^#h-).+")

Signature = tuple[tuple[str, ...], ...]


def signature(element: html.HtmlElement) -> tuple[str, ...]:
    """What tells an element from others: tag, classes, id and the names metas have."""
    names = [*sorted(set(element.get("class", "").split())), "#" + element.get("id", "")]
    named = [_VARIES.sub("N", name) for name in names]
    return (
        str(element.tag),
        *dict.fromkeys(named),
        *(element.get(key, "") for key in ("itemprop", "property", "name", "rel")),
    )


def skeleton(tree: html.HtmlElement, selector: str, depth: int) -> set[Signature]:
    """The signatures of what a selector finds, each with those of the `depth` elements around it."""
    return {tuple(map(signature, [found, *list(found.iterancestors())[:depth]])) for found in tree.cssselect(selector)}


def parsed(path: Path) -> html.HtmlElement:
    return html.fromstring(re.sub(r"^<!-- EXCERPT.*?-->\s*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL))


def our_pages(site: LoopbackSite, kind: str) -> list[html.HtmlElement]:
    if kind == "vnexpress listing":
        return [page(site, "vnexpress", path) for path in ("/thoi-su", "/khoa-hoc-cong-nghe", "/tin-tuc-24h")]
    return [page(site, kind, link) for link in links_of(kind)[:12]]


@pytest.mark.parametrize("kind", ELEMENTS)
def test_our_pages_have_the_skeleton_of_the_real_ones(site: LoopbackSite, shared: Path, kind: str) -> None:
    real = [parsed(shared / "newspapers" / name) for name in REAL[kind]]
    ours = our_pages(site, kind)
    # In a listing only the item itself is ours to promise: the rest of a front page is the front's.
    depth = 1 if kind.endswith("listing") else 12
    for selector in ELEMENTS[kind]:
        wanted = set().union(*(skeleton(tree, selector, depth) for tree in real))
        assert wanted, f"{selector}: not in the real page: the check checks nothing"
        assert wanted <= set().union(*(skeleton(tree, selector, depth) for tree in ours)), selector


def ld_json(tree: html.HtmlElement) -> list[dict[str, Any]]:
    """Every JSON-LD object of a page, also where several stand in one script."""
    found = []
    for script in tree.xpath("//script[@type='application/ld+json']"):
        text = script.text.strip()
        while text:
            item, end = json.JSONDecoder().raw_decode(text)
            found.append(item)
            text = text[end:].strip()
    return found


@pytest.mark.parametrize("kind", [kind for kind in REAL if "listing" not in kind])
def test_our_pages_have_the_json_ld_of_the_real_ones(site: LoopbackSite, shared: Path, kind: str) -> None:
    def shapes(trees: list[html.HtmlElement]) -> set[tuple[str, tuple[str, ...]]]:
        return {(item["@type"], tuple(sorted(item))) for tree in trees for item in ld_json(tree)}

    assert shapes([parsed(shared / "newspapers" / name) for name in REAL[kind]]) <= shapes(our_pages(site, kind))


def test_an_editorial_of_ansa_has_one_p_a_paragraph(site: LoopbackSite, shared: Path) -> None:
    real = parsed(shared / "newspapers/ansa/article-editorial-2026-07-07.excerpt.html")
    ours = page(site, "ansa", links_of("ansa")[2])
    for tree in (real, ours):
        body = tree if tree.get("itemprop") else tree.cssselect("div[itemprop=articleBody]")[0]
        assert signature(body) == ("div", "news-txt", "post-single-text", "rich-text", "#", "articleBody", "", "", "")
        assert len(body.cssselect("p:not(.article-copyright)")) > 1
        assert body.cssselect("p.article-copyright")


def test_the_wire_text_is_one_p_with_broken_lines(site: LoopbackSite) -> None:
    wires = [tree for tree in our_pages(site, "ansa") if tree.cssselect("div[itemprop=articleBody] br")]
    assert len(wires) >= 3
    (wire,) = wires[0].cssselect("div[itemprop=articleBody] > p:not(.article-copyright)")
    assert len(wire.cssselect("br")) == BODY_IT.count("\n\n") + 1
    assert "\xa0\xa0\xa0" in wire.text_content()
    assert re.search(r"[a-z,]\n[a-z]", wire.text_content()), "a line broken inside a sentence"


def test_the_traps_of_each_newspaper_are_there(site: LoopbackSite) -> None:
    bodies = {
        name: "\n".join(fetch(site, name, link)[1].decode() for link in links_of(name)[:12]) for name in site.origins
    }
    for text in (
        'class="fck_detail "',
        "Tin nóng",
        "&gt;&gt; ",
        "box-tinlienquan",
        "author_mail",
        "</span>Sau hai năm",
        "vneInline",
    ):
        assert text in bodies["vnexpress"], text
    for text in ("+0200", "incVisita", "RIPRODUZIONE RISERVATA", "&egrave;", "prevPageLabel"):
        assert text in bodies["ansa"], text
    for text in ("di <!-- -->Anna Verdi", "&#8217;", "Consigliati", "Caricamento player", "utm_medium=leggi_anche"):
        assert text in bodies["ilpost"], text
    for text in ("}{", "più letti", "&#8217;", "leggi anche", "format-standard", "format-video"):
        assert text in bodies["open"], text


def test_a_copy_for_mobile_readers_names_the_true_address(site: LoopbackSite) -> None:
    link = links_of("ansa")[0]
    copy = page(site, "ansa", "/amp" + urlsplit(link).path)
    assert copy.xpath("string(//link[@rel='canonical']/@href)") == link
