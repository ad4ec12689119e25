"""Filters by name, and what is said of those that cannot be meant."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.filters import check as filters
from synth.filters.cookbook import recipes
from synth.stages.stage import read_filter

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.text(max_size=60) | st.text(max_size=30).map(lambda text: f":{text}"))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    with contextlib.suppress(NewsmillError):
        assert isinstance(filters.resolve(None, text), dict)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=3))
def test_any_object_can_be_looked_at(wanted: dict[str, Any]) -> None:
    assert all(isinstance(name, str) for name in filters.named_fields(wanted))
    assert isinstance(filters.warnings(wanted), list)
    filters.refuse_code(wanted)


@given(JSON, st.sampled_from(sorted(filters.REFUSED)), st.lists(st.sampled_from(["$and", "$expr", "a", 0]), max_size=6))
def test_what_runs_code_is_found_in_any_depth(value: Any, name: str, path: list[Any]) -> None:
    wanted: Any = {name: value}
    for step in path:
        wanted = [{"x": 1}, wanted] if step == 0 else {step: wanted, "language": "it"}
    with pytest.raises(NewsmillError, match="refused"):
        filters.refuse_code(wanted)


def test_code_as_a_value_is_refused() -> None:
    with pytest.raises(NewsmillError, match=r"\$code is refused"):
        filters.refuse_code(read_filter('{"answer": {"$code": "return true"}}'))
    filters.refuse_code({"answer": "$where"})


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([":faithful", ":language=vi", ':tag="Reggio Emilia"', ":near-every-source=0.5"]), max_size=4
    )
)
def test_names_are_joined_by_and(names: list[str]) -> None:
    wanted = filters.resolve(None, " ".join([*names, '{"key": "k"}']))
    parts = wanted["$and"] if names else [wanted]
    assert parts[-1] == {"key": "k"}
    assert len(parts) == len(names) + 1
    assert parts[:-1] == [filters.resolve(None, name) for name in names]


def test_nothing_is_every_document() -> None:
    assert filters.resolve(None, None) == filters.resolve(None, " ") == {}
    assert filters.resolve(None, ":faithful {}") == {"$and": [{"unsupported": {"$eq": []}}]}


def test_a_saved_filter_is_what_it_was(database: Any) -> None:
    wanted = {"date": {"$gte": datetime(2026, 5, 1, 22, tzinfo=UTC)}, "answer": {"$regex": "^è", "$options": "i"}}
    assert filters.save(database, "late", wanted, "samples")
    assert not filters.save(database, "late", wanted, "samples")
    assert filters.resolve(database, ":late")["date"] == wanted["date"]
    database.samples.insert_many(
        [{"key": str(i), "answer": text, "date": datetime(2026, 5, 2, tzinfo=UTC)} for i, text in enumerate(["È", "e"])]
    )
    assert [row["key"] for row in database.samples.find(filters.resolve(database, ":late"))] == ["0"]
    with pytest.raises(NewsmillError, match="takes no value"):
        filters.resolve(database, ":late=2")
    with pytest.raises(NewsmillError, match="one of samples, not of articles"):
        filters.resolve(database, ":late", "articles")
    with pytest.raises(NewsmillError, match="cookbook has"):
        filters.save(database, "faithful", wanted, "samples")
    filters.forget(database, "late")
    assert filters.saved(database) == []


def test_no_name_is_taken_for_a_file_or_json() -> None:
    assert not any(filters.is_named(text) for text in ("@file", '{"a": 1}', "", " @:x"))
    assert all(filters.is_named(f" :{name}") for name in recipes())


def test_what_works_on_a_filter_refuses_a_misspelt_one(database: Any) -> None:
    assert filters.checked(database, '{"language": "it"}') == {"language": "it"}
    for text, told in (
        ('{"langauge": {"$ne": "it"}}', "did you mean 'language'"),
        ('{"$where": "true"}', "refused"),
        ('{"language": {"$eqq": "it"}}', "did you mean '$eq'"),
    ):
        with pytest.raises(NewsmillError) as refused:
            filters.checked(database, text)
        assert told in str(refused.value)
    assert filters.checked(database, '{"size": {"$gte": 3}}', "clusters") == {"size": {"$gte": 3}}
    assert filters.checked(database, '{"whatever": 1}', "ratings") == {"whatever": 1}


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"a.0.b": 1}, ["a.b"]),
        ({"$nor": [{"a": 1}, {"b": {"$in": [1]}}]}, ["a", "b"]),
        ({"a": {"$all": [{"$elemMatch": {"b": 1}}]}}, ["a", "a.b"]),
        ({"a": {"$not": {"$elemMatch": {"b": {"$gt": 1}}}}}, ["a", "a.b"]),
        ({"$expr": {"$and": [{"$gt": ["$a.b", 1]}, {"$eq": ["$$ROOT.c", {"$literal": "$d"}]}]}}, ["a.b"]),
    ],
)
def test_names_wherever_they_stand(wanted: dict[str, Any], fields: list[str]) -> None:
    assert list(dict.fromkeys(filters.named_fields(wanted))) == fields


@pytest.mark.parametrize(
    ("name", "meant"),
    [("$greater", "$gt"), ("$gte ", "$gte"), ("$GTE", "$gte"), ("$elemmatch", "$elemMatch"), ("$exist", "$exists"),
     ("$like", "$regex"), (">=", "$gte"), ("$regx", "$regex"), ("$nott", "$not")],
)  # fmt: skip
def test_operators_misspelt(name: str, meant: str, database: Any) -> None:
    told = filters.mistakes(database, "samples", {"accuracy": {name: 4}})
    assert len(told) == 1
    assert f"did you mean {meant!r}" in told[0]


def test_every_operator_that_a_server_knows_is_let_through(database: Any) -> None:
    wanted = json.loads('{"accuracy": {"$bitsAllSet": 1}, "$comment": "x", "$jsonSchema": {"required": ["key"]}}')
    assert filters.mistakes(database, "samples", wanted) == []
    database.samples.count_documents(wanted)
