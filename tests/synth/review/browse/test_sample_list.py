"""Pages of samples: filters, search and order together, to the last row and back."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.filters.saved import save_filter
from synth.review.browse import sample_list as module
from synth.review.browse.sample_list import ROWS, Choice, SampleList, text

DAY = datetime(2026, 5, 1, tzinfo=UTC)


def row(number: int) -> dict[str, Any]:
    return {
        "key": f"{number:064x}", "task": "news_summary", "language": "vi" if number % 3 == 0 else "it",
        "date": DAY + timedelta(hours=number), "answer": f"parola{number % 7} comune", "question": "?",
        "accuracy": number % 4, "superseded": number % 10 == 9, "status": "new",
        "sources": [{"title": f"Titolo {number}", "link": "https://a.it/1", "source_site": "Ansa"}],
    }  # fmt: skip


@pytest.fixture
def samples(database: Any) -> SampleList:
    database.samples.insert_many([row(number) for number in range(100)])
    return SampleList(database)


def keys(samples: SampleList, choice: Choice) -> list[list[int]]:
    """Numbers of the rows of all pages, and the same when they are walked back."""
    pages, choices = [], [choice]
    while True:
        page = samples.page(choices[-1])
        pages.append([int(row["key"], 16) for row in page.rows])
        if not page.after:
            break
        choices.append(Choice(choice.filter, choice.search, choice.sort, after=page.after))
    for expected in reversed(pages[:-1]):
        page = samples.page(Choice(choice.filter, choice.search, choice.sort, before=page.before))
        assert [int(row["key"], 16) for row in page.rows] == expected
    assert not page.before
    return pages


def joined(pages: list[list[Any]]) -> list[Any]:
    return [key for page in pages for key in page]


CURRENT = [number for number in range(100) if number % 10 != 9]


def test_the_newest_come_first_and_no_row_is_left_out(samples: SampleList) -> None:
    pages = keys(samples, Choice())
    assert [len(page) for page in pages] == [ROWS] * 3 + [15]
    assert joined(pages) == CURRENT[::-1]
    assert samples.page(Choice()).count.number == 90
    assert len(joined(keys_of_all(samples))) == 100


def keys_of_all(samples: SampleList) -> list[list[str]]:
    pages, page = [], samples.page(Choice(everything=True))
    while True:
        pages.append([row["key"] for row in page.rows])
        if not page.after:
            return pages
        page = samples.page(Choice(everything=True, after=page.after))


def test_filters_of_the_cookbook_saved_ones_and_json_hold_together(samples: SampleList, database: Any) -> None:
    save_filter(database, "good", {"accuracy": {"$gte": 2}}, "samples")
    page = samples.page(Choice(':good :language=vi {"date": {"$lt": {"$date": "2026-05-03"}}}', sort="-accuracy"))
    expected = [n for n in CURRENT if n % 4 >= 2 and n % 3 == 0 and n < 48]
    assert sorted(int(row["key"], 16) for row in page.rows) == expected
    assert page.count.number == len(expected)
    assert [row["value"] for row in page.rows] == sorted((n % 4 for n in expected), reverse=True)


@pytest.mark.parametrize("few", [0, 1500])
@pytest.mark.parametrize("sort", ["", "-accuracy", "accuracy", "date"])
def test_a_search_finds_the_same_whichever_way_it_takes(
    samples: SampleList, few: int, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    monkeypatch.setattr(module, "ROWS", 4)
    found = joined(keys(samples, Choice(":language=it", "parola3 COMUNE", sort)))
    assert sorted(found) == [n for n in CURRENT if n % 7 == 3 and n % 3]


def test_a_search_that_looks_through_much_goes_on_from_there(
    samples: SampleList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FEW", 0)
    monkeypatch.setattr(module, "_MOST", 10)
    page, found, pages = samples.page(Choice(search="parola3")), [], 0
    while True:
        pages += 1
        found += [int(row["key"], 16) for row in page.rows]
        if not page.after:
            break
        assert page.partly
        page = samples.page(Choice(search="parola3", after=page.after))
    assert found == [n for n in CURRENT if n % 7 == 3][::-1]
    assert pages == 10


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (Choice('{"acuracy": 1}'), "did you mean 'accuracy'"), (Choice("{"), "bad filter"),
        (Choice(":nix"), "no filter"),
        (Choice('{"$where": "1"}'), "runs no code"), (Choice("@/etc/passwd"), "reads no files"),
        (Choice(sort="-key"), "cannot sort"),
        (Choice(after="x"), "names no place"), (Choice(search="--"), "write a word"),
        (Choice('{"accuracy": {"$regex": "["}}'), "bad filter"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_said(samples: SampleList, choice: Choice, message: str) -> None:
    with pytest.raises(NewsmillError, match=message):
        samples.page(choice)


def test_what_is_probably_not_meant_is_a_warning(samples: SampleList) -> None:
    assert "never 'it_IT'" in samples.page(Choice('{"status": "it_IT"}')).warnings[0]


ODD: list[dict[str, Any]] = [
    {"_id": "bare"}, {"_id": 1, "key": None, "sources": 3, "answer": ["x"], "date": "2026"},
    {"_id": 2, "key": "k" * 5, "answer": "<b>\0\u202e" * 200_000, "accuracy": math.nan, "provenance": 1},
    {"_id": 3, "key": "l", "unsupported": "x", "doubts": None, "sources": [None, {"title": 7}], "language": {"a": 1}},
]  # fmt: skip


def test_documents_of_any_age_and_content_are_rows(database: Any) -> None:
    database.samples.drop_index("key_1")
    database.samples.insert_many(ODD)
    rows = samples_of(database, Choice())
    assert len(rows) == 4
    assert all(len(row["answer"]) <= 400 for row in rows)
    assert samples_of(database, Choice(sort="accuracy")) == []
    assert samples_of(database, Choice(sort="provenance.score")) == []


def samples_of(database: Any, choice: Choice) -> list[dict[str, Any]]:
    return SampleList(database).page(choice).rows


def test_the_address_has_all_of_a_choice() -> None:
    choice = Choice(":ready", "a & b", "-accuracy", after="x", everything=True, with_count=True)
    assert choice.address() == "filter=%3Aready&q=a+%26+b&sort=-accuracy&all=1"
    assert choice.address(after="y").endswith("&after=y&all=1")


def test_a_text_of_a_row_is_one_short_line() -> None:
    assert [text(value, 12) for value in ("a\n b", None, 7, "uno due tre quattro")] == ["a b", "", "7", "uno due …"]
    assert [text(value, 12) for value in ("ประเทศไทยมีฝนตก", "vd. https://example.org/a")] == [
        "ประเทศไทยมี…",
        "vd. https:/…",
    ]
