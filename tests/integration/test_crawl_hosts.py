"""Crawls that lead to other hosts, and by way of proxies. Covers crawler.downloadermiddlewares.proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.crawls import ROBOTS, Answer, Crawl, crawling, listing, pages_of_open, site

pytestmark = pytest.mark.timeout(180)

#: Nobody listens there.
DEAD = "http://127.0.0.1:9"


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    return crawling(database_uri, tmp_path)


@pytest.fixture(scope="module")
def pages(root: Path) -> dict[str, Answer]:
    return pages_of_open(root, 4)


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:9/x.html", "https://login.example.org/?next=x", "app://story/7"]
)
def test_an_article_that_leads_to_another_host_is_one_refused_page(
    crawl: Crawl, database: Any, pages: dict[str, Answer], location: str
) -> None:
    moved, *_ = pages
    answers = pages | {moved: (302, {"Location": location}, b""), "/c/attualita/": listing(pages)}
    with site({"/robots.txt": ROBOTS, **answers}) as (origin, asked):
        closing = crawl("open", origin)
        assert closing["counts"] == {"fetched": 4, "stored": 3, "foreign_link": 1}
        assert closing["closed"] == ""
        assert "robots" not in closing["stderr"]
        assert database.refusals.find_one({"reason": "foreign_link"})["link"].endswith(moved)
        again = crawl("open", origin)
    assert again["known"] == 4
    assert asked.count(moved) == 1


def test_of_a_chain_the_listed_address_is_remembered(crawl: Crawl, database: Any, pages: dict[str, Answer]) -> None:
    moved, other, *_ = pages
    answers = {
        moved: (301, {"Location": "/2026/05/01/altrove/"}, b""),
        "/2026/05/01/altrove/": (301, {"Location": "https://example.org/"}, b""),
        other: (301, {"Location": "/2026/05/01/cancellato/"}, b""),
        "/c/attualita/": listing([moved, other]),
    }
    with site({"/robots.txt": ROBOTS, **answers}) as (origin, asked):
        assert crawl("open", origin)["counts"] == {"fetched": 2, "foreign_link": 1, "http_404": 1}
        assert crawl("open", origin)["known"] == 2
    assert asked.count(moved) == asked.count(other) == 1


def test_the_bare_host_and_http_are_the_newspaper(crawl: Crawl, database: Any, pages: dict[str, Answer]) -> None:
    first, second, *_ = pages
    answers = {
        "/c/attualita/": (301, {"Location": "https://open.online/c/tutte/"}, b""),
        "/c/tutte/": listing([first, second]),
        first: (301, {"Location": f"http://www.open.online{first}?da=lista"}, b""),
        f"{first}?da=lista": pages[first],
        second: pages[second],
    }
    with site({"/robots.txt": ROBOTS, **answers}) as (origin, _):
        assert crawl("open", origin)["counts"] == {"fetched": 2, "stored": 2}


def test_a_list_that_leads_to_another_host_is_missed_and_nothing_else(
    crawl: Crawl, database: Any, pages: dict[str, Answer]
) -> None:
    answers = pages | {
        "/c/politica/": (302, {"Location": "https://example.org/"}, b""),
        "/c/attualita/": listing(pages),
    }
    with site({"/robots.txt": ROBOTS, **answers}) as (origin, _):
        closing = crawl("open", origin, expect=1)
    assert closing["counts"] == {"fetched": 4, "stored": 4}
    assert closing["closed"] == ""
    assert "/c/politica/ (leads to another host, https://example.org/)" in closing["stderr"]


def test_robots_that_lie_elsewhere_hold(crawl: Crawl, database: Any, pages: dict[str, Answer]) -> None:
    with site({"/regole.txt": (200, {}, b"User-agent: *\nDisallow: /c/politica/\n")}) as (elsewhere, rules_asked):
        answers = {"/robots.txt": (301, {"Location": f"{elsewhere}/regole.txt"}, b""), "/c/attualita/": listing(pages)}
        with site(answers | pages) as (origin, asked):
            closing = crawl("open", origin, expect=1)
    assert rules_asked == ["/regole.txt"]
    assert "/c/politica/" not in asked
    assert closing["counts"]["stored"] == 4
    assert closing["lists"]["forbidden"] == 1


@pytest.fixture
def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that does not answer, under all the names that programs look at."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, DEAD)
    monkeypatch.setenv("no_proxy", "example.org")


@pytest.mark.usefixtures("dead_proxy")
def test_a_copy_on_this_machine_is_asked_without_a_proxy(crawl: Crawl, database: Any, pages: dict[str, Answer]) -> None:
    with site({"/robots.txt": ROBOTS, "/c/attualita/": listing(pages), **pages}) as (origin, _):
        closing = crawl("open", origin.replace("127.0.0.1", "localhost"))
    assert closing["counts"] == {"fetched": 4, "stored": 4}
    assert closing["retries"] == 0
