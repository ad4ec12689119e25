"""`scrapy crawl` as a user runs it, on copies of the newspapers on this machine, into the real database.

Covers commands/crawl.py, downloadhandlers/origin.py, mongo/seen_links.py, pipelines/permission.py, pipelines/store.py.

Covers crawler.downloadhandlers.origin.
"""

from __future__ import annotations

import gzip
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NEWSPAPERS, article_from_record, canonical_link, newspaper_of
from demo.loopback_site.faults import Faults
from demo.loopback_site.server import NEWSPAPER_PAGES, LoopbackSite
from tests.fork_server import start_scrapy
from tests.integration.crawls import Crawl, crawling, environment, site
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    return crawling(database_uri, tmp_path)


@pytest.fixture(scope="module")
def stand(root: Path) -> Iterator[LoopbackSite]:
    with LoopbackSite(root / "demo/articles.jsonl") as copy:
        yield copy


def of(records: list[dict[str, Any]], name: str) -> dict[str, Any]:
    articles = (article_from_record(row) for row in records if newspaper_of(row["link"]) == name)
    return {article.link: article for article in articles}


@pytest.mark.parametrize("name", [newspaper.name for newspaper in NEWSPAPER_PAGES])
def test_every_article_arrives_whole_and_once(
    crawl: Crawl, stand: LoopbackSite, database: Any, sample_records: list[dict[str, Any]], name: str
) -> None:
    since, until = stand.spans[name]
    closing = crawl(name, stand, since=since, until=until)
    served = of(sample_records, name)
    stored = {row["link"]: row for row in database.articles.find()}
    assert set(stored) == set(served)
    for link, row in stored.items():
        assert (row["title"], row["content"]) == (served[link].title, served[link].content), link
        assert row["date"] == served[link].date, link
        assert row["permission"]["robots"] is True
        assert row["permission"]["opt_out"] is False
    assert closing["counts"] == {"fetched": len(served), "stored": len(served)}
    run = database.runs.find_one({"stage": f"crawl:{name}"})
    assert (run["outcome"], run["counts"]) == ("done", closing["counts"])
    before = sum(
        count for (newspaper, path), count in stand.requests.items() if newspaper == name and path in paths(served)
    )
    again = crawl(name, stand, since=since, until=until)
    assert again["counts"] == {}
    assert again["known"] == len(served)
    after = sum(
        count for (newspaper, path), count in stand.requests.items() if newspaper == name and path in paths(served)
    )
    assert after == before


def paths(links: Any) -> set[str]:
    return {"/" + link.split("/", 3)[3] for link in links}


@pytest.mark.parametrize("name", [newspaper.name for newspaper in NEWSPAPER_PAGES])
def test_only_days_asked_for(
    crawl: Crawl, stand: LoopbackSite, database: Any, sample_records: list[dict[str, Any]], name: str
) -> None:
    day = "2026-05-07"
    crawl(name, stand, since=day, until=day)
    wanted = {
        link for link, article in of(sample_records, name).items()
        if str(article.date.astimezone(zone(name)).date()) == day
    }  # fmt: skip
    assert wanted, "the sample has no article of that day: the test shows nothing"
    assert {row["link"] for row in database.articles.find()} == wanted
    again = crawl(name, stand, since=day, until=day)
    assert again["counts"] == {}, "a page that was refused before was fetched again"


def zone(name: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(NEWSPAPERS[name].zone)


@pytest.mark.parametrize("limit", [1, 5])
def test_a_limit_is_exact_and_the_next_crawl_goes_on(
    crawl: Crawl, stand: LoopbackSite, database: Any, limit: int
) -> None:
    for times in (1, 2):
        assert crawl("open", stand, since="2026-05-04", limit=limit)["reason"] == "limit"
        assert database.articles.count_documents({}) == times * limit


def test_without_dates_the_newest_come(crawl: Crawl, stand: LoopbackSite, database: Any) -> None:
    crawl("vnexpress", stand, limit=10)
    assert database.articles.count_documents({}) == 10


def test_a_misbehaving_server_costs_time_but_no_article(
    crawl: Crawl, root: Path, database: Any, sample_records: list[dict[str, Any]]
) -> None:
    faults = Faults(too_many=0.06, unavailable=0.06, reset=0.03, garbage=0.03, seed=5, retry_after=1)
    with LoopbackSite(root / "demo/articles.jsonl", faults) as broken:
        closing = crawl("ilpost", broken, since="2026-05-04", until="2026-05-12", settings="BACKOFF_START=0.05")
    assert closing["retries"] > 0, "nothing went wrong: the test shows nothing"
    assert {row["link"] for row in database.articles.find()} == set(of(sample_records, "ilpost"))


def test_killed_in_the_middle_it_goes_on(crawl: Crawl, root: Path, database: Any, database_uri: str,
                                          tmp_path: Path, sample_records: list[dict[str, Any]]) -> None:  # fmt: skip
    served = of(sample_records, "vnexpress")
    with LoopbackSite(root / "demo/articles.jsonl", Faults(slow=1.0)) as slow:
        words = ["-a", "since=2026-05-04", "-a", f"origin={slow.origins['vnexpress']}", "-a", "until=2026-05-12"]
        process = start_scrapy(["crawl", "vnexpress", *words], tmp_path, environment(database_uri))
        wait_until(lambda: database.articles.count_documents({}) >= 3 or process.poll() is not None, 150)
        process.send_signal(signal.SIGKILL)
        process.wait()
    acknowledged = {row["link"] for row in database.articles.find()}
    assert 0 < len(acknowledged) < len(served)
    with LoopbackSite(root / "demo/articles.jsonl") as calm:
        closing = crawl("vnexpress", calm, since="2026-05-04", until="2026-05-12")
    assert closing["known"] >= len(acknowledged)
    assert {row["link"] for row in database.articles.find()} == set(served)
    assert {row["outcome"] for row in database.runs.find()} == {"killed", "done"}


def test_refresh_keeps_the_old_text(crawl: Crawl, database: Any, sample_records: list[dict[str, Any]]) -> None:
    records = [row for row in sample_records if newspaper_of(row["link"]) == "open"][:3]
    with LoopbackSite(records) as first:
        crawl("open", first, since="2026-05-01")
    changed = [dict(records[0], content="Un testo tutto nuovo, riscritto dalla redazione dopo la smentita. " * 3)]
    with LoopbackSite(changed + records[1:]) as second:
        assert crawl("open", second, since="2026-05-01")["counts"] == {}
        closing = crawl("open", second, since="2026-05-01", refresh=1)
    assert closing["counts"] == {"fetched": 3, "updated": 1, "unchanged": 2}
    old = database.revisions.find_one({"link": canonical_link(records[0]["link"])})
    assert old["content"] == article_from_record(records[0]).content
    assert database.articles.find_one({"link": old["link"]})["revision"] == 1


def test_what_is_larger_than_any_page_is_refused_once(crawl: Crawl, root: Path, database: Any) -> None:
    """As it comes, or as it is unpacked: another try would bring the same."""
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        newspaper = stand.newspapers["open"]
        one, packed, long = (story.path for story in newspaper.stories[:3])
        page = newspaper.respond(one).body
    listing = "".join(f'<article><h2><a href="{path}">x</a></h2></article>' for path in (one, packed, long))
    answers = {
        "/robots.txt": (404, {}, b""),
        "/c/attualita/": (200, {}, f"<html><main>{listing}</main></html>".encode()),
        one: (200, {}, page),
        packed: (200, {"Content-Encoding": "gzip"}, gzip.compress(page + bytes(900_000))),
        long: (200, {}, page + b" " * 900_000),
    }
    with site(answers) as (origin, asked):
        closing = crawl("open", origin, settings="DOWNLOAD_MAXSIZE=500000")
        assert closing["counts"] == {"fetched": 3, "stored": 1, "too_large": 2}
        assert closing["incomplete"] == 0
        crawl("open", origin)
    assert (asked.count(packed), asked.count(long)) == (1, 1)


def test_an_address_that_leads_to_another_is_followed_once(crawl: Crawl, root: Path, database: Any) -> None:
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        story = stand.newspapers["open"].stories[0]
        page = stand.newspapers["open"].respond(story.path).body
    old = "/2026/05/01/vecchio-indirizzo/"
    listing = f'<html><main><article><h2><a href="{old}">x</a></h2></article></main></html>'.encode()
    answers = {
        "/robots.txt": (404, {}, b""),
        "/c/attualita/": (200, {}, listing),
        old: (301, {"Location": story.path}, b""),
        story.path: (200, {}, page),
    }
    with site(answers) as (origin, asked):
        assert crawl("open", origin)["counts"] == {"fetched": 1, "stored": 1}
        crawl("open", origin)
    assert asked.count(old) == 1
    assert database.articles.find_one({})["link"] == story.article.link


def test_a_list_is_read_on_where_others_named_its_first_page(crawl: Crawl, root: Path, database: Any) -> None:
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        paths = [story.path for story in stand.newspapers["open"].stories[:4]]
        pages = {path: (200, {}, stand.newspapers["open"].respond(path).body) for path in paths}

    def listing(shown: list[str], following: str = "") -> tuple[int, dict[str, str], bytes]:
        links = "".join(f'<article><h2><a href="{path}">x</a></h2></article>' for path in shown)
        more = f'<link rel="next" href="{following}">' if following else ""
        return 200, {}, f"<html><head>{more}</head><main>{links}</main></html>".encode()

    answers = {
        "/robots.txt": (404, {}, b""),
        "/c/attualita/": listing(paths[:2], "/c/attualita/page/2/"),
        "/c/attualita/page/2/": listing([paths[2]]),
        "/c/politica/": listing(paths[:2], "/c/politica/page/2/"),
        "/c/politica/page/2/": listing([paths[3]], "/c/politica/page/2/"),
        **pages,
    }
    with site(answers) as (origin, asked):
        closing = crawl("open", origin, since="2026-05-01", until="2026-05-31")
    assert closing["counts"] == {"fetched": 4, "stored": 4}
    assert asked.count("/c/politica/page/2/") == 1


def test_what_was_taken_down_is_not_even_fetched(
    crawl: Crawl, database: Any, sample_records: list[dict[str, Any]]
) -> None:
    records = [row for row in sample_records if newspaper_of(row["link"]) == "open"][:3]
    link = canonical_link(records[0]["link"])
    database.takedowns.insert_one({"link": link, "links": [link], "hashes": []})
    with LoopbackSite(records) as stand:
        assert crawl("open", stand, since="2026-05-01")["counts"] == {"fetched": 2, "stored": 2}
        assert crawl("open", stand, since="2026-05-01", refresh=1)["counts"] == {"fetched": 2, "unchanged": 2}
    assert database.articles.count_documents({"link": link}) == 0
