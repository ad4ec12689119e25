"""From text to filter: extended JSON and its dates, files, names, and what is refused."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.filters.check import filter_errors
from synth.filters.cookbook import recipes
from synth.filters.read import is_named, parse_filter, read_filter
from synth.filters.saved import save_filter


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda text: f":{text}"))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    with contextlib.suppress(NewsmillError):
        assert isinstance(parse_filter(text), dict)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-05-01", datetime(2026, 5, 1, tzinfo=UTC)),
        ("2026-05-01T10:30", datetime(2026, 5, 1, 10, 30, tzinfo=UTC)),
        ("2026-05-01T10:30:00Z", datetime(2026, 5, 1, 10, 30, tzinfo=UTC)),
        ("2026-05-01T10:30:00.250+02:00", datetime(2026, 5, 1, 8, 30, 0, 250000, tzinfo=UTC)),
    ],
)
def test_dates_in_a_filter(text: str, day: datetime) -> None:
    assert read_filter(f'{{"date": {{"$gte": {{"$date": "{text}"}}}}}}') == {"date": {"$gte": day}}


def test_other_extended_json() -> None:
    found = read_filter('{"_id": {"$oid": "65a000000000000000000000"}, "n": {"$numberLong": "7"}}')
    assert str(found["_id"]) == "65a000000000000000000000"
    assert found["n"] == 7
    assert read_filter('{"at": {"$date": {"$numberLong": "0"}}}')["at"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_an_empty_filter_names_everything() -> None:
    assert read_filter(None) == read_filter("") == read_filter(" ") == read_filter("{}") == {}


def test_a_filter_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "filter.json"
    path.write_text('\ufeff{"language": "it"}\n', encoding="utf-8")
    assert read_filter(f"@{path}") == {"language": "it"}
    path.write_text("{", encoding="utf-8")
    with pytest.raises(NewsmillError, match=r"bad filter in .*filter\.json"):
        read_filter(f"@{path}")
    with pytest.raises(NewsmillError, match="cannot read the filter"):
        read_filter(f"@{tmp_path / 'none'}")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", "null", "{'a': 1}", '{"a": {"$oid": "x"}}', '{"a": {"$date": "2026-13-01"}}',
     '{"a": {"$date": null}}', '{"a": {"$numberLong": "x"}}', "[" * 100_000],
)  # fmt: skip
def test_a_bad_filter_is_one_line(text: str) -> None:
    with pytest.raises(NewsmillError, match="bad filter") as caught:
        read_filter(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([":faithful", ":language=vi", ':tag="Reggio Emilia"', ":near-every-source=0.5"]), max_size=4
    )
)
def test_names_are_joined_by_and(names: list[str]) -> None:
    wanted = parse_filter(" ".join([*names, '{"key": "k"}']))
    parts = wanted["$and"] if names else [wanted]
    assert parts[-1] == {"key": "k"}
    assert len(parts) == len(names) + 1
    assert parts[:-1] == [parse_filter(name) for name in names]


def test_nothing_is_every_document() -> None:
    assert parse_filter(None) == parse_filter(" ") == {}
    assert parse_filter(":faithful {}") == {"$and": [{"unsupported": {"$eq": []}}]}


def test_no_name_is_taken_for_a_file_or_json() -> None:
    assert not any(is_named(text) for text in ("@file", '{"a": 1}', "", " @:x"))
    assert all(is_named(f" :{name}") for name in recipes())


def test_what_works_on_a_filter_refuses_a_misspelt_one(database: Any) -> None:
    assert read_filter('{"language": "it"}', database) == {"language": "it"}
    for text, told in (
        ('{"langauge": {"$ne": "it"}}', "did you mean 'language'"),
        ('{"$where": "true"}', "refused"),
        ('{"language": {"$eqq": "it"}}', "did you mean '$eq'"),
    ):
        with pytest.raises(NewsmillError) as refused:
            read_filter(text, database)
        assert told in str(refused.value)
    assert read_filter('{"size": {"$gte": 3}}', database, "clusters") == {"size": {"$gte": 3}}
    assert read_filter('{"whatever": 1}', database, "ratings") == {"whatever": 1}


def test_what_the_server_refuses_is_the_users_mistake(database: Any) -> None:
    with pytest.raises(NewsmillError, match="bad filter"), filter_errors():
        database.samples.count_documents({"$nope": 1})


def test_filters_by_name_and_misspelt_ones(database: Any) -> None:
    assert read_filter(":near-every-source=0.5") == {"min_similarity": {"$gt": 0.5}}
    save_filter(database, "solid", {"cluster_size": {"$gte": 5}}, "samples")
    assert read_filter(":solid", database) == {"cluster_size": {"$gte": 5}}
    with pytest.raises(NewsmillError, match="did you mean 'language'"):
        read_filter('{"langage": "it"}', database)
    with pytest.raises(NewsmillError, match="no filter :solid"):
        read_filter(":solid")


@pytest.mark.parametrize("text", ["@/etc/passwd", ":faithful @/etc/passwd", "  @x"])
def test_a_page_reads_no_file_of_this_machine(text: str) -> None:
    with pytest.raises(NewsmillError, match="a page reads no files"):
        read_filter(text, files=False)
