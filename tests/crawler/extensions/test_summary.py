"""What a person reads of a crawl when it has ended: the table, the last line, the warnings; and its exit status.

Covers crawler.extensions.run_log.
"""

from __future__ import annotations

from typing import Any

import pytest

from crawler.extensions.summary import exit_status, last_line, show, warnings_of


def closing(**values: Any) -> dict[str, Any]:
    lists = {"failed": 0, "missing": 0, "forbidden": 0, "read": 3, "empty": 0}
    given = {"newspaper": "open", "origin": "", "files": 0, "reason": "finished", "counts": {}, "known": 0,
             "skipped": {}, "opted_out": 0, "lists": lists, "requests": 9, "seconds": 1.25, "incomplete": 0,
             "missed": [], "closed": "", "listed": 7, "errors": 0, "usual": None, "feeds": {}}  # fmt: skip
    return given | values


def test_the_table_says_where_what_is_left_out_was_met(capsys: pytest.CaptureFixture[str]) -> None:
    counts, skipped = {"fetched": 3, "stored": 2, "gallery": 1, "also_at": 4}, {"live_blog": 1, "same_capture": 12}
    show(closing(counts=counts, skipped={"live_blog": 1}))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[3] == "live blog (by its link, not fetched) 1".split()
    assert lines[:3] == [["articles", "fetched", "3"], ["new", "articles", "stored", "2"], ["gallery", "1"]]
    examples = {"live_blog": ["https://a.example/1", "https://a.example/2"]}
    show(closing(counts=counts, skipped={"live_blog": 2}, skipped_examples=examples))
    assert "https://a.example/1" in capsys.readouterr().out
    show(closing(counts=counts, skipped=skipped, files=2))
    told = capsys.readouterr().out
    assert "same capture (in the files, left out)" in told
    assert "articles read" in told
    assert "fetched" not in told, "nothing is ever fetched from a file"
    assert told.splitlines()[-1].endswith("; 2 WARC files, 1.2 s")


def test_a_long_example_leaves_the_numbers_where_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    link = "https://a.example/" + "a-long-title-" * 12
    counts = {"fetched": 1_234, "stored": 1_200}
    show(closing(counts=counts, skipped={"live_blog": 7}, skipped_examples={"live_blog": [link]}))
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["articles", "fetched", "1,234"] in lines
    assert [*"live blog (by its link, not fetched)".split(), "7"] in lines
    assert [link] in lines


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
    drift = {"drift": [{}] if drifted else [], "drift_accepted": accepted}
    assert exit_status(closing(**drift, incomplete=incomplete)) == status


LISTS = {"failed": 0, "missing": 0, "forbidden": 0, "read": 0, "empty": 0}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"lists": LISTS | {"forbidden": 1}}, "1 list is forbidden by robots.txt"),
        ({"lists": LISTS | {"forbidden": 9}, "listed": 0},
         "9 lists are forbidden by robots.txt, and no other names an article: nothing can be crawled"),
        ({"lists": LISTS | {"read": 4}, "listed": 0}, "none of 4 lists names an article"),
        ({"lists": LISTS, "listed": 0}, "no list names an article"),
        ({"usual": 41.6, "counts": {"fetched": 2}, "known": 3}, "5 articles met, 42 are usual"),
        ({"counts": {"fetched": 9, "unstorable": 2, "no_item": 1}}, "3 articles are, after the pipelines, none that"),
    ],
)  # fmt: skip
def test_a_crawl_that_got_nowhere_says_so_and_fails(values: dict[str, Any], said: str) -> None:
    (line,) = warnings_of(closing(**values))
    assert line.startswith(f"open: {said}")
    assert exit_status(closing(**values)) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"files": 1, "listed": 0},
        {"lists": LISTS | {"missing": 2}},
        {"usual": 41.6, "drift_accepted": True},
        {"counts": {"dropped_by_pipeline": 4}},
    ],
)
def test_what_is_no_failure(values: dict[str, Any]) -> None:
    assert exit_status(closing(**values)) == 0


@pytest.mark.parametrize(
    ("feeds", "known", "said"),
    [
        ({"files": ["out.jl"], "items": 0, "kept": True}, 4, "out.jl: nothing new to write, left as it was; 4 pages"),
        ({"files": ["out.jl"], "items": 0, "kept": False}, 4, "out.jl: 0 articles written; 4 pages were known"),
        ({"files": ["a", "b"], "items": 3, "kept": True}, 1, "a, b: 3 articles written; 1 page was known"),
        ({"files": ["out.jl"], "items": 3, "kept": True}, 0, ""),
        ({"files": [], "items": 3, "kept": True}, 9, ""),
    ],
)
def test_what_a_file_does_not_hold_is_said(feeds: dict[str, Any], known: int, said: str) -> None:
    lines = warnings_of(closing(feeds=feeds, known=known))
    assert [line.startswith(f"open: {said}") for line in lines] == [True] * bool(said)
    assert exit_status(closing(feeds=feeds, known=known)) == 0
