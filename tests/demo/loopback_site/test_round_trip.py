"""What a page is made of can be read off it again."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.items import NEWSPAPERS, article_from_record, newspaper_of
from crawler.page import NotAnArticle, extract
from demo.loopback_site.server import LoopbackSite
from tests.demo.loopback_site.helpers import NAMES, RECORDS, fetch, links_of


@pytest.mark.parametrize("newspaper", NAMES)
def test_a_page_gives_its_article_back(site: LoopbackSite, newspaper: str) -> None:
    for row in RECORDS:
        wanted = article_from_record(row)
        if newspaper_of(wanted.link) != newspaper:
            continue
        found = extract(fetch(site, newspaper, wanted.link)[1], wanted.link, newspaper)
        for name in ("link", "title", "description", "content", "authors", "date", "location", "tags", "language"):
            assert getattr(found, name) == getattr(wanted, name), f"{name} of {wanted.link}"
        assert found.section.casefold() == wanted.section.casefold()


FIELDS = "title description content authors date date_modified location section tags language source_site content_hash"


def test_every_sample_article_comes_back(sample_records: list[dict[str, Any]]) -> None:
    with LoopbackSite(sample_records) as site:
        assert not site.skipped
        for row in sample_records:
            wanted = article_from_record(row)
            name = newspaper_of(wanted.link) or ""
            found = extract(fetch(site, name, wanted.link)[1], wanted.link, name)
            for field in FIELDS.split():
                # A page always says when it was last changed; a row may not.
                expected = getattr(wanted, field) or (
                    wanted.date if field == "date_modified" else getattr(wanted, field)
                )
                assert getattr(found, field) == expected, f"{field} of {wanted.link}"


@pytest.mark.parametrize(
    ("newspaper", "path"),
    [
        ("vnexpress", "/khong-co-bai-nay-4999999.html"),
        ("vnexpress", "/thoi-su"),
        ("ansa", "/sito/photogallery/primopiano/2026/05/04/foto_00000000-0000-4000-8000-000000000000.html"),
        ("ansa", "/sito/notizie/cronaca/index.shtml"),
        ("ilpost", "/italia/"),
        ("open", "/c/sport/"),
    ],
)
def test_what_is_no_article_is_refused(site: LoopbackSite, newspaper: str, path: str) -> None:
    found = fetch(site, newspaper, path)[1]
    # Also where the address would be an article's: a redirect, or a site that answers with something else.
    for url in (f"https://{NEWSPAPERS[newspaper].host}{path}", links_of(newspaper)[0]):
        with pytest.raises(NotAnArticle):
            extract(found, url, newspaper)
