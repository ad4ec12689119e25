"""Crawls that wait: as long as a site asks for, not for days, and not after they were asked to stop.

Covers crawler.downloadermiddlewares.pauses.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.fork_server import start_scrapy
from tests.integration.crawls import ROBOTS, Answer, Crawl, crawling, environment, listing, pages_of_open, site
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def crawl(database_uri: str, tmp_path: Path) -> Crawl:
    return crawling(database_uri, tmp_path)


@pytest.mark.parametrize("rule", ["Crawl-delay: 86400", "Request-rate: 1/1d"])
def test_a_delay_of_a_day_ends_the_crawl_with_a_word(crawl: Crawl, database: Any, rule: str) -> None:
    with site({"/robots.txt": (200, {}, f"User-agent: *\n{rule}\n".encode())}) as (origin, asked):
        closing = crawl("open", origin, expect=1)
    assert set(asked) == {"/robots.txt", "/.well-known/tdmrep.json"}
    assert "www.open.online asks for 86,400 s between requests (robots.txt)" in closing["stderr"]
    assert "CRAWL_DELAY_MAX=86400" in closing["stderr"]
    assert closing["reason"] == "told_to_wait"
    assert len(closing["stderr"].splitlines()) == 1


def test_the_cap_is_the_users(crawl: Crawl, database: Any) -> None:
    with site({"/robots.txt": (200, {}, b"User-agent: *\nCrawl-delay: 0.4\n")}) as (origin, asked):
        assert crawl("open", origin, expect=1, settings="CRAWL_DELAY_MAX=0.3")["reason"] == "told_to_wait"
        assert len(asked) == 2
        assert crawl("open", origin, expect=1, settings="CRAWL_DELAY_MAX=0.5")["reason"] == "finished"


LATER: Answer = (503, {"Retry-After": "800"}, b"")


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("robots", "answer", "setting", "sent"),
    [
        ((200, {}, b"User-agent: *\nCrawl-delay: 900\n"), None, "CRAWL_DELAY_MAX=1000", 2),
        (ROBOTS, LATER, "BACKOFF_MAX=900", 3),
        (LATER, None, "BACKOFF_MAX=900", 1),
        (ROBOTS, None, "DOWNLOAD_DELAY=900", 1),
    ],
    ids=["crawl_delay", "retry_after", "robots_later", "download_delay"],
)
def test_a_crawl_that_waits_ends_at_the_first_signal(
    root: Path, database_uri: str, database: Any, tmp_path: Path,
    robots: Answer, answer: Answer | None, setting: str, sent: int, wanted: signal.Signals,
) -> None:  # fmt: skip
    pages = pages_of_open(root, 3)
    answers = {"/robots.txt": robots, "/c/attualita/": answer or listing(pages), **pages}
    with site(answers) as (origin, asked):
        words = ["crawl", "open", "-a", f"origin={origin}", "-s", setting, "-s", "LOOPBACK_SETTINGS={}"]
        process = start_scrapy(words, tmp_path, environment(database_uri))
        wait_until(lambda: len(asked) >= sent, 120, process=process)
        process.send_signal(wanted)
        # Each wait lasts a quarter of an hour or about that.
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "open: interrupted; run it again to go on" in errors
    assert "Traceback" not in errors
    assert database.runs.find_one({})["outcome"] == "interrupted"
    assert database.runs.find_one({})["counts"] == {}
