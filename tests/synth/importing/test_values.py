"""Types inside a row: each wrong one refuses its row under a name; what other programs write for the same is read.

Covers synth.importing.articles.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import NewsmillError, RecordError
from synth.importing.articles import Reading, names_of, read_article
from synth.importing.values import READERS

MOMENT = datetime(2026, 5, 4, 3, 10, tzinfo=UTC)
SECONDS = int(MOMENT.timestamp())


def row(**more: Any) -> dict[str, Any]:
    link = "https://example.org/notizie/ponte.html"
    return {
        "link": link,
        "title": "Il ponte",
        "content": "Il ponte riapre.",
        "date": "2026-05-04T05:10:00+02:00",
    } | more


def article(fields: Mapping[str, Any], **names: str) -> Any:
    return read_article(fields, Reading("it", names))


@pytest.mark.parametrize(
    "value",
    [
        {"$date": "2026-05-04T03:10:00Z"},
        {"$date": "2026-05-04T03:10:00.000+00:00"},
        {"$date": SECONDS * 1000},
        {"$date": {"$numberLong": str(SECONDS * 1000)}},
        {"$numberLong": str(SECONDS * 1000)},
        {"$numberDouble": f"{SECONDS}.0"},
        SECONDS,
        float(SECONDS),
        SECONDS * 1000,
        SECONDS * 10**6,
        SECONDS * 10**9,
        str(SECONDS),
        f"{SECONDS}.0",
        str(SECONDS * 1000),
        MOMENT,
        "2026-05-04T03:10:00Z",
        "20260504031000",
        20260504031000,
    ],
)
def test_an_instant_as_any_program_writes_it(value: Any) -> None:
    assert article(row(date=value)).date == MOMENT
    assert article(row(date_modified=value)).date_modified == MOMENT


@pytest.mark.parametrize("value", [date(2026, 5, 4), "20260504", 20260504, "2026-05-04"])
def test_a_day_is_its_beginning(value: Any) -> None:
    assert article(row(date=value)).date == datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("title", 5, "wrong_type"), ("title", True, "wrong_type"), ("title", ["a"], "wrong_type"),
        ("title", {}, "wrong_type"), ("content", 5, "wrong_type"), ("content", {"it": "x"}, "wrong_type"),
        ("content", ["x", 5], "wrong_type"), ("content", [["x"]], "wrong_type"), ("content", b"x", "wrong_type"),
        ("link", 5, "wrong_type"), ("link", ["https://example.org/a"], "wrong_type"),
        ("description", {"a": 1}, "wrong_type"), ("tags", 5, "wrong_type"), ("tags", True, "wrong_type"),
        ("tags", {"a": 1}, "wrong_type"), ("tags", [["a"]], "wrong_type"), ("tags", [{"x": 1}], "wrong_type"),
        ("authors", 1.5, "wrong_type"), ("authors", [True], "wrong_type"), ("date", True, "wrong_type"),
        ("date", ["2026"], "wrong_type"), ("date", {"day": 4}, "wrong_type"),
        ("date", {"$oid": "5" * 24}, "wrong_type"), ("date", {"$date": "ieri"}, "impossible_date"),
        ("date", {"$date": {"$numberLong": "9" * 18}}, "impossible_date"),
        ("date", {"$date": None}, "impossible_date"), ("date", float("inf"), "impossible_date"),
        ("date", 10**30, "impossible_date"),
        ("date", datetime(1, 1, 1, tzinfo=UTC), "impossible_date"), ("date", datetime.max, "impossible_date"),
        ("date", "2026-02-30", "no_date"), ("date", "ieri", "no_date"), ("date", None, "no_date"),
        ("date", float("nan"), "no_date"), ("crawled_at", {"a": 1}, "wrong_type"), ("language", 5, "wrong_type"),
        ("language", "xyzzy", "unknown_language"), ("permission", "yes", "wrong_type"),
        ("permission", {"opt_out": "yes"}, "wrong_type"), ("permission", {"robots": 1}, "wrong_type"),
        ("permission", {"checked_at": True}, "wrong_type"), ("permission", {"evidence": 2**70}, "unstorable"),
        ("permission", {"evidence": {1: object}}, "unstorable"), ("title", "a\ud800", "lone_surrogate"),
        ("content", "b\udfff", "lone_surrogate"), ("tags", ["\ud83d"], "lone_surrogate"),
        ("link", "https://example.org/\udcff", "lone_surrogate"), ("title", "a\x00b", "control_character"),
        ("content", "a\x1b[0m", "control_character"), ("authors", "a\x07", "control_character"),
        ("title", " \n", "no_title"), ("title", None, "no_title"), ("title", float("nan"), "no_title"),
        ("content", "", "empty_body"), ("content", " \t\u00a0", "empty_body"), ("content", [], "empty_body"),
        ("content", [None, " "], "empty_body"), ("content", float("nan"), "empty_body"), ("link", None, "no_link"),
        ("link", "file:///a", "no_link"), ("link", "https://[", "no_link"),
        ("content", "parola " * 2_500_000, "too_large"),
    ],
)  # fmt: skip
def test_a_wrong_value_has_a_name(field: str, value: Any, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        article(row(**{field: value}))
    assert caught.value.reason == reason
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (["a", "b"], ["a", "b"]),
        ("a, b", ["a", "b"]),
        ("['a', \"b\"]", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ([{"name": "a", "id": 4}], ["a"]),
        ([2024, None, "a", float("nan"), " "], ["2024", "a"]),
        (("a",), ["a"]),
        (float("nan"), []),
        (None, []),
        ("", []),
        ("[a", ["[a"]),
        ("[a]", ["[a]"]),
    ],
)
def test_tags_as_any_program_writes_them(tags: Any, names: list[str]) -> None:
    assert article(row(tags=tags, authors=tags)).tags == names
    assert article(row(tags=tags, authors=tags)).authors == names


def test_a_list_of_paragraphs_is_a_body() -> None:
    parts = ["Primo.", None, {"text": "Secondo."}, {"type": "p", "content": "Terzo."}, " "]
    assert article(row(content=parts)).content == "Primo.\n\nSecondo.\n\nTerzo."


@pytest.mark.parametrize(
    ("value", "code"),
    [("it", "it"), ("it-IT", "it"), ("VI_vn", "vi"), ("Italian", "it"), ("vie", "vi"), ("und", "fr"), ("", "fr")],
)
def test_a_language_by_any_of_its_names(value: str, code: str) -> None:
    assert read_article(row(language=value), Reading("fr")).language == code


def test_only_the_fields_of_an_article_are_looked_at() -> None:
    """Whatever else stands in a row cannot refuse it."""
    junk = {"score": float("nan"), "x\x00": "\ud800", "_id": {"$oid": "junk"}, "deep": {"a": [{}]}, "n": 2**80}
    assert article(row(**junk)).title == "Il ponte"


def test_permission_keeps_what_the_crawler_writes() -> None:
    rights = {
        "robots": True,
        "opt_out": float("nan"),
        "evidence": "meta",
        "checked_at": {"$date": "2026-05-04T03:10:00Z"},
    }
    read = article(row(permission=rights | {"more": 1})).permission
    assert read == {"robots": True, "opt_out": None, "evidence": "meta", "checked_at": MOMENT}


def test_fields_by_other_names() -> None:
    foreign = {
        "Titolo": "A",
        "meta": {"url": "https://example.org/a"},
        "testo": "Corpo.",
        "text": "no",
        "Date": "2026-05-04",
    }
    read = article(foreign, title="Titolo", link="meta.url", content="testo")
    assert (read.title, read.link, read.content) == ("A", "https://example.org/a", "Corpo.")
    assert article({"URL": "https://example.org/a", " Title": "A", "BODY": "B", "date": "2026-05-04"}).content == "B"


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("content", "write OURS=THEIRS"),
        ("content=", "write OURS"),
        ("testo=content", "did you mean content=testo"),
        ("contents=testo", "did you mean 'content'"),
        ("zzz=qqq", "fields are link"),
    ],
)
def test_a_map_that_maps_nothing(pair: str, said: str) -> None:
    with pytest.raises(NewsmillError, match=said):
        names_of([pair])
    assert names_of(["content=a=b"]) == {"content": "a=b"}


NAMES = ["$date", "$numberLong", "text", "name"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=4,
)


@given(st.sampled_from(sorted(READERS)), ANYTHING)
def test_no_value_stops_an_import(field: str, value: Any) -> None:
    """A row with anything in a field is an article that MongoDB takes, or is refused by name."""
    from bson import encode

    try:
        read = article(row(**{field: value}))
    except RecordError as error:
        str(error).encode(errors="backslashreplace")
        return
    encode(read.document())
