"""Arguments, candidates and dates of a newspaper's spider, without a network.

Covers spiders/newspaper.py, spiders/ilpost.py, spiders/open.py and discovery/arguments.py.

Covers crawler.spiders.*.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crawler.items import NewsmillError
from crawler.page.parser import is_cut
from crawler.spiders.ansa import Ansa
from crawler.spiders.ilpost import IlPost
from crawler.spiders.newspaper import NewspaperSpider
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
    assert not is_cut(b"<html><body><p>Whole</p></body></HTML>\n<!-- cached -->")


class Stats:
    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def inc_value(self, name: str, amount: int = 1) -> None:
        self.values[name] = self.values.get(name, 0) + amount


def test_a_refused_link_is_counted_once() -> None:
    crawl: Any = Ansa()
    crawl.crawler = type("Crawler", (), {"stats": Stats()})()
    for _ in range(3):
        assert crawl.entry_of("https://www.ansa.it/sito/videogallery/italia/2026/05/01/x.html") is None
    assert sum(crawl.crawler.stats.values.values()) == 1


def test_a_file_without_a_declaration_is_one_line() -> None:
    with pytest.raises(NewsmillError, match=r"crawler/spiders/nowhere\.py declares no NEWSPAPER"):
        type("Nowhere", (Open,), {"name": "nowhere"})()
