"""Filters by name, and what is said of those that cannot be meant.

Covers synth.filters.extended_json.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.filters import check as filters
from synth.filters.extended_json import loads

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


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
        filters.refuse_code(loads('{"answer": {"$code": "return true"}}', ""))
    filters.refuse_code({"answer": "$where"})


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
