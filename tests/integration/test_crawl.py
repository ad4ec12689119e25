"""`scrapy crawl` as a user runs it, on newsstands of this machine, into the real database."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NEWSPAPERS, article_from_record, canonical_link, newspaper_of
from crawler.spiders.open import Open
from demo.newsstand.faults import Faults
from demo.newsstand.server import PAPERS, Newsstand
from tests.crawler.loopback import serving

SCRAPY = Path(sys.executable).parent / "scrapy"
pytestmark = pytest.mark.timeout(180)

Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    def run(name: str, stand: Newsstand | str, expect: int = 0, settings: str = "", **arguments: Any) -> dict[str, Any]:
        origin = stand if isinstance(stand, str) else stand.origins[name]
        words = [f"-a{key}={value}" for key, value in {**arguments, "origin": origin}.items()]
        more = [word for setting in settings.split() for word in ("-s", setting)]
        done = subprocess.run(
            [str(SCRAPY), "crawl", name, "--json", *words, *more],
            cwd=tmp_path, env=environment(database_uri), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == expect, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        closing: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        return closing | {"stderr": done.stderr}

    return run


def environment(uri: str) -> dict[str, str]:
    return os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}


@pytest.fixture(scope="module")
def stand(root: Path) -> Iterator[Newsstand]:
    with Newsstand(root / "demo/articles.jsonl") as newsstand:
        yield newsstand


def of(records: list[dict[str, Any]], name: str) -> dict[str, Any]:
    articles = (article_from_record(row) for row in records if newspaper_of(row["link"]) == name)
    return {article.link: article for article in articles}


@pytest.mark.parametrize("name", [paper.name for paper in PAPERS])
def test_every_article_arrives_whole_and_once(
    crawl: Crawl, stand: Newsstand, database: Any, sample_records: list[dict[str, Any]], name: str
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
    before = sum(count for (paper, path), count in stand.requests.items() if paper == name and path in paths(served))
    again = crawl(name, stand, since=since, until=until)
    assert again["counts"] == {}
    assert again["known"] == len(served)
    after = sum(count for (paper, path), count in stand.requests.items() if paper == name and path in paths(served))
    assert after == before


def paths(links: Any) -> set[str]:
    return {"/" + link.split("/", 3)[3] for link in links}


@pytest.mark.parametrize("name", [paper.name for paper in PAPERS])
def test_only_days_asked_for(
    crawl: Crawl, stand: Newsstand, database: Any, sample_records: list[dict[str, Any]], name: str
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
def test_a_limit_is_exact_and_the_next_crawl_goes_on(crawl: Crawl, stand: Newsstand, database: Any, limit: int) -> None:
    for times in (1, 2):
        assert crawl("open", stand, since="2026-05-04", limit=limit)["reason"] == "limit"
        assert database.articles.count_documents({}) == times * limit


def test_without_dates_the_newest_come(crawl: Crawl, stand: Newsstand, database: Any) -> None:
    crawl("vnexpress", stand, limit=10)
    assert database.articles.count_documents({}) == 10


def test_a_misbehaving_server_costs_time_but_no_article(
    crawl: Crawl, root: Path, database: Any, sample_records: list[dict[str, Any]]
) -> None:
    faults = Faults(too_many=0.06, unavailable=0.06, reset=0.03, garbage=0.03, seed=5, retry_after=1)
    with Newsstand(root / "demo/articles.jsonl", faults) as broken:
        closing = crawl("ilpost", broken, since="2026-05-04", until="2026-05-12", settings="BACKOFF_START=0.05")
    assert closing["retries"] > 0, "nothing went wrong: the test shows nothing"
    assert {row["link"] for row in database.articles.find()} == set(of(sample_records, "ilpost"))


def test_killed_in_the_middle_it_goes_on(crawl: Crawl, root: Path, database: Any, database_uri: str,
                                          tmp_path: Path, sample_records: list[dict[str, Any]]) -> None:  # fmt: skip
    served = of(sample_records, "vnexpress")
    with Newsstand(root / "demo/articles.jsonl", Faults(slow=1.0)) as slow:
        words = ["-a", "since=2026-05-04", "-a", f"origin={slow.origins['vnexpress']}", "-a", "until=2026-05-12"]
        process = subprocess.Popen(
            [str(SCRAPY), "crawl", "vnexpress", *words], cwd=tmp_path, env=environment(database_uri),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while database.articles.count_documents({}) < 3 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    acknowledged = {row["link"] for row in database.articles.find()}
    assert 0 < len(acknowledged) < len(served)
    with Newsstand(root / "demo/articles.jsonl") as calm:
        closing = crawl("vnexpress", calm, since="2026-05-04", until="2026-05-12")
    assert closing["known"] >= len(acknowledged)
    assert {row["link"] for row in database.articles.find()} == set(served)
    assert {row["outcome"] for row in database.runs.find()} == {"killed", "done"}


def test_refresh_keeps_the_old_text(crawl: Crawl, database: Any, sample_records: list[dict[str, Any]]) -> None:
    records = [row for row in sample_records if newspaper_of(row["link"]) == "open"][:3]
    with Newsstand(records) as first:
        crawl("open", first, since="2026-05-01")
    changed = [dict(records[0], content="Un testo tutto nuovo, riscritto dalla redazione dopo la smentita. " * 3)]
    with Newsstand(changed + records[1:]) as second:
        assert crawl("open", second, since="2026-05-01")["counts"] == {}
        closing = crawl("open", second, since="2026-05-01", refresh=1)
    assert closing["counts"] == {"fetched": 3, "updated": 1, "unchanged": 2}
    old = database.revisions.find_one({"link": canonical_link(records[0]["link"])})
    assert old["content"] == article_from_record(records[0]).content
    assert database.articles.find_one({"link": old["link"]})["revision"] == 1


@contextmanager
def site(
    answers: dict[str, tuple[int, dict[str, str], bytes]], times: list[float] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server of fixed answers; everything else is 404. Yields its address and the paths it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if times is not None:
                times.append(time.monotonic())
            status, headers, body = answers.get(self.path, (404, {}, b"<html>none</html>"))
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as origin:
        yield origin, asked


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
        crawl("open", origin)
    assert not [path for path in asked if path.startswith("/c/")]
    assert "/feed/" in asked


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
def test_a_site_that_turns_us_away_is_left_alone(
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
    with Newsstand(root / "demo/articles.jsonl") as stand:
        stories = stand.papers["open"].stories[:4]
        pages = {story.path: (200, {}, stand.papers["open"].respond(story.path).body) for story in stories}
    links = "".join(f'<article><h2><a href="{path}">x</a></h2></article>' for path in pages)
    pages[stories[1].path] = (403, {}, b"no")
    listing = f"<html><main>{links}</main></html>".encode()
    with site({"/robots.txt": (404, {}, b""), "/c/attualita/": (200, {}, listing), **pages}) as (origin, _):
        closing = crawl("open", origin, expect=1)
    assert closing["counts"] == {"fetched": 3, "stored": 3, "banned": 1}
    assert stories[1].path in closing["stderr"]


def test_what_is_larger_than_any_page_is_refused_once(crawl: Crawl, root: Path, database: Any) -> None:
    """As it comes, or as it is unpacked: another try would bring the same."""
    with Newsstand(root / "demo/articles.jsonl") as stand:
        paper = stand.papers["open"]
        one, packed, long = (story.path for story in paper.stories[:3])
        page = paper.respond(one).body
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
    with Newsstand(root / "demo/articles.jsonl") as stand:
        story = stand.papers["open"].stories[0]
        page = stand.papers["open"].respond(story.path).body
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
    with Newsstand(root / "demo/articles.jsonl") as stand:
        paths = [story.path for story in stand.papers["open"].stories[:4]]
        pages = {path: (200, {}, stand.papers["open"].respond(path).body) for path in paths}

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


def test_lists_that_name_nothing_are_not_taken_for_a_quiet_day(crawl: Crawl, database: Any) -> None:
    redesigned = (200, {}, b"<html><main><app-root></app-root></main></html>")
    answers = {f"/c/{name}/": redesigned for name in Open.SECTIONS}
    with site({"/robots.txt": (404, {}, b""), **answers}) as (origin, _):
        closing = crawl("open", origin)
    assert f"none of {len(answers)} lists names an article" in closing["stderr"]


def test_a_crawl_delay_is_kept(crawl: Crawl, database: Any) -> None:
    robots = b"User-agent: *\nCrawl-delay: 0.3\n"
    times: list[float] = []
    with site({"/robots.txt": (200, {}, robots)}, times) as (origin, asked):
        crawl("open", origin)
    later = times[-8:]
    gaps = [after - before for before, after in itertools.pairwise(later)]
    assert len(asked) > 8
    assert min(gaps) > 0.25


def test_reservations_are_stored_with_the_article(crawl: Crawl, root: Path, database: Any) -> None:
    with Newsstand(root / "demo/articles.jsonl") as stand:
        paper = stand.papers["open"]
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
        (["crawl", "ansa", "-a", "origin=http://127.0.0.1:1"], "nobody answers at origin=http://127.0.0.1:1"),
        (["crawl", "ansa", "-a", "origin=http://127.0.0.1:99999"], "nobody answers at origin"),
        (["crawl"], "give one newspaper (ansa, ilpost, open, vnexpress)"),
        (["crawl", "ansa", "open"], "give one newspaper"),
        (["crawl", "ansa", "--fast"], "unknown option --fast"),
    ],
)
def test_what_cannot_start_says_so_in_one_line(words: list[str], said: str, database_uri: str) -> None:
    done = subprocess.run(
        [str(SCRAPY), *words], env=environment(database_uri), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_no_server_is_one_line() -> None:
    env = environment("mongodb://127.0.0.1:1/x") | {"NEWSMILL_MONGO_TIMEOUT_MS": "300"}
    done = subprocess.run([str(SCRAPY), "crawl", "ansa"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("store: no answer from MongoDB")
    assert len(done.stderr.strip().splitlines()) == 1


def test_what_was_taken_down_is_not_even_fetched(
    crawl: Crawl, database: Any, sample_records: list[dict[str, Any]]
) -> None:
    records = [row for row in sample_records if newspaper_of(row["link"]) == "open"][:3]
    link = canonical_link(records[0]["link"])
    database.takedowns.insert_one({"link": link, "links": [link], "hashes": []})
    with Newsstand(records) as stand:
        assert crawl("open", stand, since="2026-05-01")["counts"] == {"fetched": 2, "stored": 2}
        assert crawl("open", stand, since="2026-05-01", refresh=1)["counts"] == {"fetched": 2, "unchanged": 2}
    assert database.articles.count_documents({"link": link}) == 0
