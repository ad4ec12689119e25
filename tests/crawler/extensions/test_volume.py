"""A crawl that meets far fewer articles than crawls like it is recognised, and a small or new one is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.extensions.volume import articles_met, usual
from tests.integration.crawls import ROBOTS, crawling, listing, pages_of_open, site

BASE = {"newspaper": "open", "since": None, "until": None, "section": None, "limit": None, "origin": None,
        "refresh": False, "warc": None, "javascript": False}  # fmt: skip
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


def add(
    database: Any, fetched: int, known: int = 0, outcome: str = "done", accepted: bool = False, **change: Any
) -> None:
    number = database.runs.count_documents({})
    database.runs.insert_one(
        {"_id": str(number), "stage": f"crawl:{change.get('newspaper', 'open')}", "outcome": outcome,
         "reason": "finished", "started_at": BEGAN + timedelta(hours=number), "counts": {"fetched": fetched},
         "known": known, "configuration": BASE | change, "accepted": accepted}
    )  # fmt: skip


def test_known_articles_are_met_as_well() -> None:
    assert articles_met({"counts": {"fetched": 3, "stored": 2}, "known": 4}) == 7
    assert articles_met({"counts": {}}) == 0


def test_the_usual_number_is_the_median_of_crawls_alike(database: Any) -> None:
    assert usual(database, BASE) is None
    for fetched, known in ((30, 0), (2, 38), (0, 100)):
        add(database, fetched, known)
    for change in ({"section": "mondo"}, {"limit": 5}, {"newspaper": "ansa"}, {"warc": ["x"]}, {"origin": "http://x"},
                   {"javascript": True}, {"since": "2026-05-01", "until": "2026-05-01"}):  # fmt: skip
        add(database, 900, **change)
    add(database, 900, outcome="interrupted")
    assert usual(database, BASE) == 40


def test_few_are_usual_for_nobody(database: Any) -> None:
    add(database, 9)
    assert usual(database, BASE) is None
    add(database, 11)
    assert usual(database, BASE) == 10


def test_crawls_of_days_compare_by_the_day(database: Any) -> None:
    add(database, 20, since="2026-05-01", until="2026-05-02")
    assert usual(database, BASE | {"since": "2026-05-03", "until": "2026-05-05"}) == 30
    assert usual(database, BASE | {"since": "2026-05-03", "until": "2026-05-09"}) is None
    assert usual(database, BASE | {"since": "2020-05-03", "until": "2020-05-04"}) is None
    assert usual(database, BASE) is None


def test_an_accepted_crawl_is_a_new_beginning(database: Any) -> None:
    add(database, 400)
    add(database, 400)
    add(database, 12, accepted=True)
    add(database, 14)
    assert usual(database, BASE) == 13


@pytest.mark.timeout(180)
def test_a_site_that_names_far_fewer_is_heard(database: Any, database_uri: str, root: Path, tmp_path: Path) -> None:
    crawl = crawling(database_uri, tmp_path)
    pages = pages_of_open(root, 20)
    answers = {"/robots.txt": ROBOTS, "/c/attualita/": listing(pages), **pages}
    with site(answers) as (origin, _):
        for _ in range(2):
            assert crawl("open", origin)["usual"] is None
        answers["/c/attualita/"] = listing(list(pages)[:2])
        assert crawl("open", origin, settings="USUAL_SHARE=0")["usual"] is None
        closing = crawl("open", origin, expect=1)
        assert closing["usual"] == 20
        assert "open: 2 articles met, 20 are usual" in closing["stderr"]
        assert crawl("open", origin, settings="ACCEPT_DRIFT=1")["drift_accepted"] is True
        assert crawl("open", origin)["usual"] is None
