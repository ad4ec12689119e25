"""Crawls of a site whose newspaper changes its markup overnight."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from demo.loopback_site.server import LoopbackSite
from tests.crawler.loopback import serving
from tests.fork_server import run_scrapy

pytestmark = pytest.mark.timeout(240)

Redesign = Callable[[str, bytes], bytes]


@contextmanager
def redesigned(origin: str, change: Redesign) -> Iterator[str]:
    """The newspaper at `origin`, with its pages changed on the way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                with urllib.request.urlopen(origin + self.path) as answer:
                    status, kind, body = answer.status, answer.headers["Content-Type"], answer.read()
            except urllib.error.HTTPError as error:
                status, kind, body = error.code, error.headers["Content-Type"], error.read()
            body = change(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as address:
        yield address


@pytest.fixture(scope="module")
def newspaper(sample_records: list[dict[str, Any]]) -> Iterator[str]:
    """Open on three days, 30 articles each: sample articles again under other links, days and words."""
    records = [record for record in sample_records if record["source_site"] == "Open"]
    days = []
    for day in ("01", "02", "03"):
        for number in range(30):
            record = dict(records[number % len(records)])
            record["link"] = f"https://www.open.online/2026/05/{day}/articolo-{number}/"
            record["content"] = f"Edizione {number} del giorno {day}, aggiornata.\n\n{record['content']}"
            record["date"] = f"2026-05-{day}T{8 + number // 6:02}:{number % 6}0:00+02:00"
            record.pop("date_modified", None)
            days.append(record)
    with LoopbackSite(days) as stand:
        yield stand.origins["open"]


Crawl = Callable[..., dict[str, Any]]


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    def run(origin: str, day: int, expect: int = 0, *more: str) -> dict[str, Any]:
        words = ["crawl", "open", "--json", f"-aorigin={origin}", f"-asince=2026-05-0{day}", f"-auntil=2026-05-0{day}"]
        environment = os.environ | {"MONGODB_URI": database_uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
        done = run_scrapy([*words, *more], tmp_path, environment)
        assert done.returncode == expect, done.stderr[-3000:]
        assert "Traceback" not in done.stderr
        closing: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return closing | {"stderr": done.stderr}

    return run


def no_authors(path: str, page: bytes) -> bytes:
    return page.replace(b"container-meta-info", b"meta-info-2027") if "/articolo-" in path else page


def no_lead(path: str, page: bytes) -> bytes:
    return page.replace(b"post-excerpt", b"occhiello") if "/articolo-" in path else page


def no_body(path: str, page: bytes) -> bytes:
    """Two thirds of the pages lose their text to an application."""
    if "/articolo-" not in path or int(path.rstrip("/").rpartition("-")[2]) % 3 == 0:
        return page
    start, end = page.index(b'<div class="container-main-content">'), page.index(b'<div id="taboola')
    return page[:start] + b'<div class="container-main-content">' + page[end:]


def another_text(path: str, page: bytes) -> bytes:
    """Two thirds of the pages gain a longer text than their own, which our selectors know nothing of."""
    if "/articolo-" not in path or int(path.rstrip("/").rpartition("-")[2]) % 3 == 0:
        return page
    letters = (
        "<p>La redazione risponde ogni giorno alle lettere dei lettori, che chiedono dei treni e del tempo.</p>" * 20
    )
    start = page.index(b'<div class="container-main-content">')
    return page[:start] + f'<div class="entry-content">{letters}</div>'.encode() + page[start:]


def test_a_lost_byline_ends_with_status_3_until_it_is_accepted(crawl: Crawl, newspaper: str, database: Any) -> None:
    first = crawl(newspaper, 1)
    assert (first["drift"], first["counts"]["stored"]) == ([], 30)
    with redesigned(newspaper, no_authors) as origin:
        worse = crawl(origin, 2, 3)
        (found, *_) = [each for each in worse["drift"] if each["what"] == "filled"]
        assert (found["field"], found["was"], found["now"], found["count"]) == ("authors", 1.0, 0.0, 30)
        assert "open: DRIFT: authors: filled in 0% of 30 articles, 100% of 30 before" in worse["stderr"]
        assert worse["stderr"].count("https://www.open.online/2026/05/02/articolo-") >= 3
        assert "crawler/spiders/open.py" in worse["stderr"]
        assert database.runs.find_one({"drift.field": "authors"})["fields"]["filled"]["authors"] == 0
        # The degraded crawl is no measure for the next one, unless it is said to be right.
        assert crawl(origin, 3, 3)["drift"]
        assert crawl(origin, 3, 0, "--accept-drift")["counts"] == {}
        assert crawl(origin, 1, 0, "-arefresh=1")["drift"] == []


def test_a_healthy_second_crawl_and_a_small_one_say_nothing(crawl: Crawl, newspaper: str, database: Any) -> None:
    crawl(newspaper, 1)
    healthy = crawl(newspaper, 2)
    assert (healthy["drift"], "DRIFT" in healthy["stderr"]) == ([], False)
    run = database.runs.find_one({"fields.articles": 30, "configuration.since": "2026-05-02"})
    assert run["fields"]["filled"]["title"] == run["fields"]["articles"] == 30
    assert run["fields"]["found"]["content"] == [run["fields"]["compared"]] * 2
    with redesigned(newspaper, no_authors) as origin:
        assert crawl(origin, 3, 0, "-alimit=19")["drift"] == []


def test_an_element_that_moves_alarms_though_metas_fill_in_for_it(crawl: Crawl, newspaper: str) -> None:
    crawl(newspaper, 1)
    with redesigned(newspaper, no_lead) as origin:
        worse = crawl(origin, 2, 3)
        assert ("found", "description") in [(each["what"], each["field"]) for each in worse["drift"]]
        assert "description: its element (by LEAD of the page class) is on 0% of" in worse["stderr"]
        accepted = crawl(origin, 3, 0, "--accept-drift")
    assert accepted["drift"] == [], "the crawl before was accepted, and this one is like it"


def test_pages_refused_all_at_once_alarm_with_their_links(crawl: Crawl, newspaper: str) -> None:
    crawl(newspaper, 1)
    with redesigned(newspaper, no_body) as origin:
        worse = crawl(origin, 2, 3)
    found = next(each for each in worse["drift"] if each["what"] == "refused")
    # Lists of a day name articles of the days beside it, which are read as well.
    assert (found["field"], found["was"], found["count"], len(found["links"])) == ("empty_body", 0.0, 60, 3)
    assert worse["counts"]["empty_body"] == round(found["now"] * 60) > 20
    assert "DRIFT: refused (" in worse["stderr"]


def test_bodies_that_trafilatura_reads_otherwise_end_with_status_3(crawl: Crawl, newspaper: str, database: Any) -> None:
    crawl(newspaper, 1)
    assert crawl(newspaper, 2)["drift"] == []
    with redesigned(newspaper, another_text) as origin:
        worse = crawl(origin, 3, 3)
    # Nothing else tells: each field is as full and as long as it was.
    (found,) = worse["drift"]
    assert (found["what"], found["field"], found["was"], len(found["links"])) == ("differs", "content", 0.0, 3)
    assert 0.3 < found["now"] < 0.9
    share = f"{found['now']:.0%} of {found['count']} pages, 0% of {found['before']} before"
    assert f"open: DRIFT: content: trafilatura reads another body on {share}" in worse["stderr"]
    fields = database.runs.find_one({"drift.what": "differs"})["fields"]
    assert (fields["compared"], fields["differ"]) == (found["count"], round(found["now"] * found["count"]))


def test_without_a_sample_no_page_is_read_twice(crawl: Crawl, newspaper: str, database: Any) -> None:
    crawl(newspaper, 1, 0, "-sDRIFT_SAMPLE=0")
    fields = database.runs.find_one({})["fields"]
    assert (fields["compared"], fields["found"], fields["articles"]) == (0, {}, 30)
