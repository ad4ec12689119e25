"""Crawls of sites that say no, or not yet; and crawls that cannot start. Covers discovery/failures.py."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from crawler.spiders.open import Open
from demo.loopback_site.server import LoopbackSite
from tests.fork_server import SCRAPY, run_scrapy
from tests.integration.crawls import Crawl, crawling, environment, site

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    return crawling(database_uri, tmp_path)


@pytest.mark.parametrize("status", [503, 429])
def test_without_robots_nothing_is_fetched(crawl: Crawl, database: Any, status: int) -> None:
    with site({"/robots.txt": (status, {}, b"later")}) as (origin, asked):
        closing = crawl("open", origin, expect=1, settings="BACKOFF_START=0.01 RETRY_TIMES=2")
    assert set(asked) == {"/robots.txt"}
    assert "robots.txt" in closing["stderr"]
    assert database.runs.find_one({})["counts"] == {}


def test_what_robots_forbids_is_not_fetched(crawl: Crawl, database: Any) -> None:
    robots = b"User-agent: *\nDisallow: /c/\n"
    with site({"/robots.txt": (200, {}, robots)}) as (origin, asked):
        closing = crawl("open", origin, expect=1)
    assert not [path for path in asked if path.startswith("/c/")]
    assert "/feed/" in asked
    assert f"{len(Open.SECTIONS)} lists are forbidden by robots.txt, and no other names an article" in closing["stderr"]


def test_a_site_that_forbids_everything_is_heard(crawl: Crawl, database: Any) -> None:
    with site({"/robots.txt": (200, {}, b"User-agent: *\nDisallow: /\n")}) as (origin, asked):
        closing = crawl("open", origin, expect=1, since="2026-05-01", until="2026-05-02")
    assert set(asked) <= {"/robots.txt", "/.well-known/tdmrep.json"}
    assert closing["lists"]["forbidden"] > 0
    assert "forbidden by robots.txt, and no other names an article: nothing can be crawled" in closing["stderr"]


def test_a_server_that_asks_for_hours_ends_the_crawl(crawl: Crawl, database: Any) -> None:
    later = (429, {"Retry-After": "7200"}, b"")
    answers = {f"/c/{name}/": later for name in ("attualita", "politica", "mondo")}
    with site({"/robots.txt": (404, {}, b""), **answers}) as (origin, _):
        closing = crawl("open", origin, expect=1)
    assert "7200 s" in closing["stderr"]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        ((403, {}, b"<html>Forbidden</html>"), "status 403"),
        ((200, {}, b"<html><title>Just a moment...</title></html>"), "just a moment"),
        ((302, {"Location": "/c/attualita/"}, b""), "redirects without end"),
    ],
)
def test_a_site_that_blocks_us_is_left_alone(
    crawl: Crawl, database: Any, answer: tuple[int, dict[str, str], bytes], word: str
) -> None:
    names = list(Open.SECTIONS)
    answers = {f"/c/{name}/": answer for name in names} | {"/feed/": answer}
    with site({"/robots.txt": (404, {}, b""), **answers}) as (origin, asked):
        settings = "BAN_LIMIT=3 CONCURRENT_REQUESTS=1"
        closing = crawl("open", origin, expect=1, settings=settings)
    assert "banned" in closing["stderr"]
    assert word in closing["stderr"]
    assert len({path for path in asked if path.startswith("/c/")}) <= 5
    assert database.runs.find_one({})["outcome"] == "failed"


def test_a_single_refusal_does_not_end_the_crawl(crawl: Crawl, root: Path, database: Any) -> None:
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        stories = stand.newspapers["open"].stories[:4]
        pages = {story.path: (200, {}, stand.newspapers["open"].respond(story.path).body) for story in stories}
    links = "".join(f'<article><h2><a href="{path}">x</a></h2></article>' for path in pages)
    pages[stories[1].path] = (403, {}, b"no")
    listing = f"<html><main>{links}</main></html>".encode()
    with site({"/robots.txt": (404, {}, b""), "/c/attualita/": (200, {}, listing), **pages}) as (origin, _):
        closing = crawl("open", origin, expect=1)
    assert closing["counts"] == {"fetched": 3, "stored": 3, "banned": 1}
    assert stories[1].path in closing["stderr"]


def test_lists_that_name_nothing_are_not_taken_for_a_quiet_day(crawl: Crawl, database: Any) -> None:
    redesigned = (200, {}, b"<html><main><app-root></app-root></main></html>")
    answers = {f"/c/{name}/": redesigned for name in Open.SECTIONS}
    with site({"/robots.txt": (404, {}, b""), **answers}) as (origin, _):
        closing = crawl("open", origin, expect=1)
    assert f"none of {len(answers)} lists names an article" in closing["stderr"]


def test_a_crawl_delay_is_kept(crawl: Crawl, database: Any) -> None:
    robots = b"User-agent: *\nCrawl-delay: 0.3\n"
    times: list[float] = []
    with site({"/robots.txt": (200, {}, robots)}, times) as (origin, asked):
        closing = crawl("open", origin, expect=1)
    assert "no list names an article" in closing["stderr"]
    assert len(asked) > 8
    # A busy machine answers one late, and the next is then nearer: together they are as slow as asked.
    assert times[-1] - times[-8] > 7 * 0.28


def test_reservations_are_stored_with_the_article(crawl: Crawl, root: Path, database: Any) -> None:
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        paper = stand.newspapers["open"]
        story = paper.stories[0]
        page = paper.respond(story.path).body
    listing = f'<html><main><article><h2><a href="{story.path}">x</a></h2></article></main></html>'.encode()
    answers = {
        "/robots.txt": (200, {}, b"User-agent: GPTBot\nDisallow: /\n"),
        "/.well-known/tdmrep.json": (200, {}, b'[{"location": "/", "tdm-reservation": 1}]'),
        "/c/attualita/": (200, {}, listing),
        story.path: (200, {"TDM-Reservation": "1", "X-Robots-Tag": "noai"}, page),
    }
    with site(answers) as (origin, _):
        assert crawl("open", origin)["opted_out"] == 1
        permission = database.articles.find_one({})["permission"]
        assert permission["opt_out"] is True
        assert len(permission["evidence"]) == 4
        database.articles.delete_many({})
        assert crawl("open", origin, settings="OPT_OUT=drop")["counts"] == {"fetched": 1, "opted_out": 1}
    assert database.articles.count_documents({}) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["crawl", "gazzettino"], "no newspaper 'gazzettino'"),
        (["crawl", "ansa", "-a", "since=yesterday"], "since='yesterday'"),
        (["crawl", "ansa", "-a", "colour=red"], "colour"),
        (["crawl", "ansa", "-a", "section=sportt"], "no section 'sportt': did you mean sport?"),
        (["crawl", "open", "-a", "section=xyz"], "one of attualita, politica"),
        (["crawl", "ansa", "-a", "since=2026-05-09", "-a", "until=2026-05-07"], "swap them"),
        (["crawl", "ansa", "-a", "origin=http://127.0.0.1:1"], "no server answers at origin=http://127.0.0.1:1"),
        (["crawl", "ansa", "-a", "origin=http://127.0.0.1:99999"], "no server answers at origin"),
        (["crawl"], "give one newspaper (ansa, ilpost, open, vnexpress)"),
        (["crawl", "ansa", "open"], "give one newspaper"),
        (["crawl", "ansa", "--fast"], "unknown option --fast"),
    ],
)
def test_what_cannot_start_says_so_in_one_line(words: list[str], said: str, database_uri: str) -> None:
    done = run_scrapy(words, Path.cwd(), environment(database_uri))
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_server_is_one_line() -> None:
    env = environment("mongodb://127.0.0.1:1/x") | {"NEWSMILL_MONGO_TIMEOUT_MS": "300"}
    done = subprocess.run([str(SCRAPY), "crawl", "ansa"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("store: no answer from MongoDB")
    assert len(done.stderr.strip().splitlines()) == 1
