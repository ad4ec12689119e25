"""Which crawls before a crawl is compared with, and what it says. Covers drift/messages.py.

Covers crawler.extensions.drift.messages.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from crawler.extensions.drift.coverage import FieldCoverage
from crawler.extensions.drift.history import accept, earlier, good
from crawler.extensions.drift.messages import warnings
from crawler.extensions.drift.monitor import is_verdict, judge
from tests.crawler.extensions.drift.notes import NOW, article, note


def row(index: int, size: int, drifted: bool = False, accepted: bool = False, month: str = "2026-05") -> dict[str, Any]:
    fields = {"pages": size, "articles": size, "month": month}
    return {"_id": index, "fields": fields, "started_at": NOW + timedelta(days=index),
            "drift": [{}] if drifted else [], "accepted": accepted}  # fmt: skip


def ids(rows: list[dict[str, Any]], month: str = "2026-05") -> list[int]:
    return [each["_id"] for each in good(rows, month)]


def test_degraded_crawls_and_the_small_ones_after_them_are_no_measure() -> None:
    rows = [row(6, 5), row(5, 50, drifted=True), row(4, 50), row(3, 5), row(2, 50, drifted=True), row(1, 50)]
    assert ids(rows) == [4, 1]
    rows[1]["accepted"] = True
    assert ids(rows) == [6, 5, 4, 1]
    assert ids([row(2, 50), row(1, 50, month="2019-03")]) == [2], "another year has another template"
    assert ids([row(1, 50, month="2019-03")], month="") == [1]


def test_accepting_begins_anew_with_the_last_degraded_crawl(database: Any) -> None:
    like = {"section": None}
    for index, drifted in enumerate([False, True, False]):
        one = row(index, 50 if index < 2 else 5, drifted)
        one["fields"]["like"] = like
        database.runs.insert_one(one | {"stage": "crawl:open", "outcome": "done"})
    assert [each["_id"] for each in earlier(database, "open", like)] == [2, 1, 0]
    assert earlier(database, "open", {"section": "sport"}) == []
    assert accept(database, earlier(database, "open", like))
    assert ids(earlier(database, "open", like)) == [2, 1]
    assert not accept(database, earlier(database, "open", like))


def test_the_warning_says_what_since_when_where_and_what_to_do() -> None:
    coverage = FieldCoverage("open", 0)
    for number in range(40):
        coverage.add(article(number, authors=[], content="x" * 50))
    last = {"_id": 1, "fields": note(60), "started_at": NOW, "drift": []}
    found = judge(coverage, coverage.note({}, 40, {}), [last])
    rows = [asdict(finding) for finding in found]
    lines = warnings("open", rows, accepted=False)
    assert lines[0].startswith("open: DRIFT: authors: filled in 0% of 40 articles, 100% of 60 before; last good crawl "
                               "2026-05-07 00:00 UTC; https://www.open.online/2026/05/07/n0/; ")  # fmt: skip
    assert lines[0].count("https://") == 3
    assert "content: about 49 characters (median of 40 articles), 693 before" in lines[1]
    assert "OpenPage's in crawler/spiders/open.py" in lines[-1]
    assert "scrapy crawl open --accept-drift" in lines[-1]
    assert "accepted" in warnings("open", rows, accepted=True)[-1]
    assert warnings("open", [], accepted=True) == []


def test_outcomes_that_say_nothing_of_the_page_are_no_refusals() -> None:
    assert is_verdict("gallery")
    assert is_verdict("http_404")
    assert not any(map(is_verdict, ("http_503", "outside_dates", "also_at", "unreachable", "banned", "opted_out")))
