"""What a person reads of a crawl when it has ended: the table, the last line, the warnings; and its exit status.

Covers crawler.extensions.run_log.
"""

from __future__ import annotations

from typing import Any

import pytest

from crawler.extensions.summary import exit_status, last_line, show, warnings_of


def closing(**values: Any) -> dict[str, Any]:
    lists = {"failed": 0, "missing": 0, "read": 3, "empty": 0}
    given = {"newspaper": "open", "origin": "", "files": 0, "reason": "finished", "counts": {}, "known": 0,
             "skipped": {}, "opted_out": 0, "lists": lists, "requests": 9, "seconds": 1.25, "incomplete": 0,
             "missed": [], "closed": ""}  # fmt: skip
    return given | values


def test_the_table_says_where_what_is_left_out_was_met(capsys: pytest.CaptureFixture[str]) -> None:
    counts, skipped = {"fetched": 3, "stored": 2, "gallery": 1, "also_at": 4}, {"live_blog": 1, "same_capture": 12}
    show(closing(counts=counts, skipped={"live_blog": 1}))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[3] == "live blog (by its link, not fetched) 1".split()
    assert lines[:3] == [["articles", "fetched", "3"], ["new", "articles", "stored", "2"], ["gallery", "1"]]
    show(closing(counts=counts, skipped=skipped, files=2))
    told = capsys.readouterr().out
    assert "same capture (in the files, left out)" in told
    assert "articles read" in told
    assert "fetched" not in told, "nothing is ever fetched from a file"
    assert told.splitlines()[-1].endswith("; 2 WARC files, 1.2 s")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "open: 0 new articles; 9 requests, 1.2 s"),
        ({"counts": {"fetched": 9, "stored": 3, "outside_dates": 4, "gallery": 1, "teaser": 1}, "known": 1},
         "open: 3 new articles, 1 known already, 4 of other days, 2 refused; 9 requests, 1.2 s"),
        ({"counts": {"fetched": 4, "updated": 1, "unchanged": 2, "also_at": 1}, "files": 1},
         "open: 0 new articles, 1 changed, 2 unchanged, 1 the same under another link; 1 WARC file, 1.2 s"),
    ],
)  # fmt: skip
def test_the_last_line_sums_up(values: dict[str, Any], said: str) -> None:
    assert last_line(closing(**values)) == said


def test_what_could_not_be_fetched_is_named_with_what_to_do() -> None:
    missed = {"incomplete": 5, "missed": [f"https://www.open.online/{name}/ (status 500)" for name in "abcde"]}
    (line,) = warnings_of(closing(**missed))
    assert line.startswith(
        "open: 5 pages could not be fetched; run it again to fetch them: https://www.open.online/a/ (status"
    )
    assert line.endswith("/c/ (status 500); …")
    assert "1 page could" in warnings_of(closing(incomplete=1, missed=["x"]))[0]
    # A site that has said no is not to be asked again at once.
    lines = warnings_of(closing(**missed, reason="banned", closed="banned: wait", origin="http://127.0.0.1:1"))
    assert lines[0] == "open: stopped: banned: wait (fetched from http://127.0.0.1:1)"
    assert "run it again" not in lines[1]
    lost = closing(reason="store_lost", closed="store: gone", origin="http://127.0.0.1:1")
    assert warnings_of(lost) == ["open: stopped: store: gone"]


@pytest.mark.parametrize(
    ("drifted", "accepted", "incomplete", "status"),
    [(True, False, 0, 3), (True, False, 2, 3), (True, True, 0, 0), (False, False, 2, 1)],
)
def test_worse_articles_go_before_missing_ones(drifted: bool, accepted: bool, incomplete: int, status: int) -> None:
    closing = {"reason": "finished", "closed": "", "incomplete": incomplete, "errors": 0,
               "drift": [{}] if drifted else [], "drift_accepted": accepted}  # fmt: skip
    assert exit_status(closing) == status
