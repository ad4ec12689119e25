"""Arguments, candidates and dates of a newspaper's spider, without a network.

Covers spiders/newspaper.py, spiders/ilpost.py, spiders/open.py and discovery/arguments.py.

Covers crawler.spiders.*.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any, cast
from unittest.mock import ANY, AsyncMock, Mock

import pytest
from scrapy import Request
from scrapy.http import TextResponse

from crawler.items import NewsmillError
from crawler.page.parser import is_cut
from crawler.spiders.ansa import Ansa
from crawler.spiders.ilpost import IlPost
from crawler.spiders.newspaper import Entry, NewspaperSpider
from crawler.spiders.open import Open
from crawler.spiders.vnexpress import VnExpress

SPIDERS = [Ansa, IlPost, Open, VnExpress]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"since": "gestern"}, "not a date"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "after"),
        ({"limit": "0"}, "limit"),
        ({"limit": "viele"}, "limit"),
        ({"origin": "ftp://x"}, "origin"),
        ({"section": "wetter"}, "section"),
        ({"sincee": "2026-05-02"}, "sincee"),
    ],
)
@pytest.mark.parametrize("spider", SPIDERS)
def test_bad_arguments_are_one_line(spider: type[NewspaperSpider], arguments: dict[str, str], word: str) -> None:
    with pytest.raises(NewsmillError) as caught:
        spider(**arguments)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("spider", SPIDERS)
def test_every_section_can_be_named_and_has_lists(spider: type[NewspaperSpider]) -> None:
    for section in spider.SECTIONS:
        crawl = spider(section=section, since="2026-05-01", until="2026-05-02")
        assert list(crawl.archive(crawl.since, crawl.until))
        assert list(crawl.newest())


@pytest.mark.parametrize("spider", SPIDERS)
def test_archives_stay_on_the_newspapers_host(spider: type[NewspaperSpider]) -> None:
    crawl = spider(since="2026-04-01", until="2026-05-15")
    for chain in [*crawl.archive(crawl.since, crawl.until), *crawl.newest()]:
        assert chain.url.startswith(f"https://{crawl.profile.host}/"), chain


def test_il_post_has_a_list_for_each_day() -> None:
    crawl = IlPost(since="2024-02-28", until="2024-03-01")
    assert [chain.url.removeprefix("https://www.ilpost.it/") for chain in crawl.archive(crawl.since, crawl.until)] == [
        "2024/03/01/", "2024/02/29/", "2024/02/28/",
    ]  # fmt: skip


def test_vnexpress_asks_for_whole_local_days() -> None:
    crawl = VnExpress(since="2026-05-01", until="2026-05-01", section="thoi-su")
    (chain,) = crawl.archive(crawl.since, crawl.until)
    # Midnights of UTC+7: 1 and 2 May 2026.
    assert chain.url.endswith("/cateid/1001005/fromdate/1777568400/todate/1777654800/allcate/1001005")


@pytest.mark.parametrize("days", [1, 29, 30, 31, 61, 400])
def test_vnexpress_windows_cover_every_day_once(days: int) -> None:
    crawl = VnExpress(since="2025-01-01", until=str(date.fromordinal(date(2025, 1, 1).toordinal() + days - 1)),
                      section="thoi-su")  # fmt: skip
    spans = [chain.url.split("/") for chain in crawl.archive(crawl.since, crawl.until)]
    covered = [
        second
        for parts in spans
        for second in range(int(parts[parts.index("fromdate") + 1]), int(parts[parts.index("todate") + 1]), 86400)
    ]
    assert len(covered) == len(set(covered)) == days


def test_days_in_links_and_in_print_are_local() -> None:
    crawl = Ansa(since="2026-05-01", until="2026-05-02")
    link = "/sito/notizie/cronaca/2026/05/01/x_01234567-89ab-cdef-0123-456789abcdef.html"
    found = crawl.entry_of(link)
    assert found is not None
    assert (found.link, found.when) == ("https://www.ansa.it" + link, date(2026, 5, 1))
    assert crawl.day_of("2026-05-01T22:30:00Z") == date(2026, 5, 2)
    assert crawl.day_of("vor zwei Stunden") is None


@pytest.mark.parametrize(
    "link", ["javascript:void(0)", "", "http://[", "https://example.org/2026/05/01/x/", "mailto:x@y"]
)
def test_other_links_are_no_candidates(link: str) -> None:
    for spider in SPIDERS:
        assert spider().entry_of(link) is None


def test_a_page_that_breaks_off_is_known_by_its_end() -> None:
    assert is_cut(b"<html><body><p>Half a")
    assert is_cut(b"<html><body><div><p>Half a page</p>")
    assert is_cut(b"<html><body><div>Text</div><scr")
    assert not is_cut(b"<html><body><p>Whole</p></body></HTML>\n<!-- cached -->")


def test_a_page_may_end_as_html_allows() -> None:
    assert not is_cut(b"<html><body><div><p>Whole</div>")
    assert not is_cut(b"<html><body><div><p>Whole</p></div></html>" + b"<!-- cached -->" * 1000)
    # Whoever counted its bytes knows better.
    assert not is_cut(b"<html><body><div><p>Half a", counted=True)


def torn(crawl: NewspaperSpider, body: bytes, request: Request, length: int = 0) -> bool:
    headers = {"Content-Length": str(length)} if length else {}
    return crawl.is_torn(TextResponse(request.url, body=body, request=request, headers=headers))


def test_what_breaks_off_at_the_same_byte_twice_ends_so() -> None:
    crawl, request = Ansa(), Request("https://www.ansa.it/x")
    assert not torn(crawl, b"<div>Half", request, length=9)
    # Packed, it was shorter or longer.
    assert torn(crawl, b"<div>Half", Request("https://www.ansa.it/y"), length=30)
    assert torn(crawl, b"<div>Half", request)
    assert torn(crawl, b"<div>Half a page", request)
    assert not torn(crawl, b"<div>Half a page", request)
    # Files have other captures, and nobody counted those.
    crawl.captures = cast("Any", object())
    assert torn(crawl, b"<div>Half", request, length=9)


def test_after_three_such_pages_all_pages_end_so() -> None:
    crawl = Ansa()
    for number in range(3):
        request = Request(f"https://www.ansa.it/{number}")
        assert torn(crawl, b"<div>Half", request)
        assert not torn(crawl, b"<div>Half", request)
    assert not torn(crawl, b"<div>Half", Request("https://www.ansa.it/x"))


class Stats:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def inc_value(self, name: str, amount: int = 1) -> None:
        self.values[name] = self.values.get(name, 0) + amount

    def get_value(self, name: str, default: Any) -> Any:
        return self.values.get(name, default)

    def set_value(self, name: str, value: Any) -> None:
        self.values[name] = value


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("mailto:x@y", "no_link"),
        ("http://[", "no_link"),
        ("https://example.org/2026/05/01/x/", "foreign_link"),
        ("/chi-siamo.php", "not_an_article_url"),
        ("/sito/notizie/cronaca/index.shtml", "listing_page"),
        ("/sito/photogallery/2026/05/01/x.html", "gallery"),
    ],
)
def test_a_link_that_is_not_fetched_is_counted_by_reason_with_examples(link: str, reason: str) -> None:
    crawl: Any = Ansa()
    crawl.crawler = type("Crawler", (), {"stats": Stats()})()
    for _ in range(2):
        assert crawl.entry_of(link) is None
    values = crawl.crawler.stats.values
    assert values == {f"newsmill/skipped/{reason}": 1, f"newsmill/skipped_examples/{reason}": [ANY]}
    assert link in values[f"newsmill/skipped_examples/{reason}"][0]


def test_no_more_than_three_examples_are_kept() -> None:
    crawl: Any = Ansa()
    crawl.crawler = type("Crawler", (), {"stats": Stats()})()
    for number in range(5):
        crawl.skip(f"https://www.ansa.it/{number}", "gallery")
    values = crawl.crawler.stats.values
    assert values["newsmill/skipped/gallery"] == 5
    assert values["newsmill/skipped_examples/gallery"] == [f"https://www.ansa.it/{number}" for number in range(3)]


def test_entries_of_other_days_and_beyond_the_limit_are_counted() -> None:
    crawl: Any = Ansa(since="2026-05-01", until="2026-05-02", limit=1)
    crawl.crawler = type("Crawler", (), {"stats": Stats(), "engine": Mock(close_spider_async=AsyncMock())})()

    async def admitted() -> list[str]:
        days = [date(2026, 5, 1), date(2026, 5, 2), date(2026, 5, 20), None]
        entries = [Entry(f"https://www.ansa.it/{number}", day) for number, day in enumerate(days)]
        urls = [request.url async for request in crawl.admit(entries, dated=False)]
        crawl.candidates.stored += 1
        crawl.finish_candidate()
        return urls

    assert asyncio.run(admitted()) == ["https://www.ansa.it/0"]
    values = crawl.crawler.stats.values
    assert (values["newsmill/skipped/outside_dates"], values["newsmill/skipped/beyond_limit"]) == (1, 2)
    assert values["newsmill/skipped_examples/beyond_limit"] == ["https://www.ansa.it/1", "https://www.ansa.it/3"]


def test_a_refused_link_is_counted_once() -> None:
    crawl: Any = Ansa()
    crawl.crawler = type("Crawler", (), {"stats": Stats()})()
    for _ in range(3):
        assert crawl.entry_of("https://www.ansa.it/sito/videogallery/italia/2026/05/01/x.html") is None
    assert crawl.crawler.stats.values["newsmill/skipped/video_without_text"] == 1


def test_a_file_without_a_declaration_is_one_line() -> None:
    with pytest.raises(NewsmillError, match=r"crawler/spiders/nowhere\.py declares no NEWSPAPER"):
        type("Nowhere", (Open,), {"name": "nowhere"})()
