"""What a crawl's counts must show before they count as worse."""

from __future__ import annotations

from typing import Any

from crawler.extensions.drift.comparison import compare
from tests.crawler.extensions.drift.notes import note


def kinds(now: dict[str, Any], *before: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding.what, finding.field) for finding in compare(now, list(before))]


def test_a_field_that_empties_is_named_with_its_shares() -> None:
    (found,) = compare(note(40, authors=lambda number: ["Anna"] if number < 10 else []), [note(60)] * 3)
    assert (found.what, found.field, found.was, found.now, found.before, found.count) == (
        "filled", "authors", 1.0, 0.25, 180, 40)  # fmt: skip
    assert found.p < 1e-6


def test_few_articles_never_alarm() -> None:
    lost = {"authors": lambda number: [], "content": lambda number: "kurz"}
    assert kinds(note(19, **lost), note(500)) == []
    assert kinds(note(500, **lost), note(19)) == []
    assert kinds(note(20, **lost), note(10), note(10)) != [], "earlier crawls are pooled"
    assert kinds(note(500, **lost)) == []


def test_a_big_archive_does_not_alarm_over_a_little() -> None:
    fewer: dict[str, Any] = {"authors": lambda number: [] if number % 100 < 7 else ["Anna Bianchi"]}
    assert kinds(note(20_000, **fewer), note(20_000), note(20_000)) == []


def test_a_field_that_comes_and_goes_does_not_alarm() -> None:
    def share(percent: int) -> dict[str, Any]:
        return note(60, location=lambda number: "ROMA" if number * 37 % 100 < percent else "")

    assert kinds(share(10), share(90), share(20), share(85), share(35)) == []
    assert kinds(share(10), *[share(88)] * 4) == [("filled", "location")]


def test_lengths_alarm_both_ways_beyond_their_spread() -> None:
    def bodies(scale: float) -> dict[str, Any]:
        return note(60, content=lambda number: "x" * int(scale * (400 + 37 * (number * 17 % 60))))

    usual = [bodies(1), bodies(1.1), bodies(0.95)]
    assert kinds(bodies(1.2), *usual) == []
    assert kinds(bodies(0.3), *usual) == [("length", "content")]
    assert kinds(bodies(3), *usual) == [("length", "content")]
    assert kinds(bodies(0.3), bodies(1), bodies(0.25), bodies(1.1), bodies(0.9)) == [], "that short it was before"


def test_refusals_that_jump_alarm_by_reason_or_together() -> None:
    assert kinds(note(28, {"empty_body": 12}), note(60, {"gallery": 2})) == [("refused", "empty_body")]
    assert kinds(note(60, {"gallery": 3}), note(60, {"gallery": 2})) == []
    many = dict.fromkeys(("gallery", "podcast", "too_short", "no_title"), 9)
    assert kinds(note(64, many), note(200), note(200), note(200)) == [("refused", "any reason")]
    assert kinds(note(0, {"no_title": 40}), note(60)) == [("refused", "no_title")]
