"""Orders and places: pages neither overlap nor leave out a row, whatever the values are."""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import ObjectId
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import NewsmillError
from crawler.mongo import ordered_by
from synth.review.browse.order import Order, Place, ensure_order_indexes, is_ordered, scores

DAY = datetime(2026, 5, 1, tzinfo=UTC)
#: Equal ones, none, and what a broken model wrote.
VALUES: list[Any] = [0.5, 0.5, 1, 0.25, math.nan, None, "text", -3.5, 0.5, 2**40, math.inf]


def test_every_number_with_a_unit_is_a_score_and_has_an_index(database: Any) -> None:
    assert {"min_similarity", "toxicity", "accuracy", "provenance.score", "cluster_size"} <= scores().keys()
    assert not {"similarity", "score_version", "judge.repeats", "contaminated.overlap"} & scores().keys()
    ensure_order_indexes(database)
    ensure_order_indexes(database)
    assert is_ordered(database)
    plan = database.samples.find({"accuracy": {"$gte": -math.inf}}).sort(Order("accuracy").keys()).explain()
    assert "SORT" not in set(_stages(plan["queryPlanner"]["winningPlan"]))
    assert ordered_by("accuracy")[1]["name"] in str(plan)


def _stages(plan: Any) -> list[str]:
    own = [str(plan["stage"])] if "stage" in plan else []
    return own + [stage for value in plan.values() if isinstance(value, dict) for stage in _stages(value)]


def walk(database: Any, order: Order, backward: bool = False) -> list[Any]:
    """_ids of all rows, asked for one by one."""
    ids: list[Any] = []
    place: Place | None = None
    while True:
        query = {"$and": [order.condition, order.beyond(place, backward) if place else {}]}
        row = database.samples.find_one(query, sort=order.keys(backward))
        if row is None:
            return ids
        ids.append(row["_id"])
        place = Place.read(Place.of(row, order).text)


@pytest.mark.parametrize("text", ["-accuracy", "accuracy"])
def test_a_walk_by_a_score_has_every_number_once_in_order(database: Any, text: str) -> None:
    database.samples.insert_many([{"_id": i, "key": str(i), "accuracy": value} for i, value in enumerate(VALUES)])
    order = Order.of(text, scores(), "-date")
    ids = walk(database, order)
    values = [VALUES[i] for i in ids]
    assert sorted(ids) == [0, 1, 2, 3, 7, 8, 9, 10]
    assert values == sorted(values, reverse=order.descending)
    assert walk(database, order, backward=True) == ids[::-1]


@pytest.mark.parametrize("text", ["-date", "date"])
def test_a_walk_by_date_has_also_what_has_none(database: Any, text: str) -> None:
    dates = [DAY, None, DAY + timedelta(days=1), DAY, None]
    rows: list[dict[str, Any]] = [{"_id": ObjectId(), "key": str(i), "date": date} for i, date in enumerate(dates)]
    database.samples.insert_many([*rows, {"_id": ObjectId(), "key": "5"}])
    order = Order.of(text, {"date": None}, "-date")
    ids = walk(database, order)
    assert len(ids) == len(set(ids)) == 6
    assert walk(database, order, backward=True) == ids[::-1]


def test_a_field_that_is_no_score_is_named_with_those_that_are() -> None:
    with pytest.raises(NewsmillError, match=r"cannot sort by '\$where': there are"):
        Order.of("-$where", scores(), "-date")


@given(st.text(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["date", "oid", "$gt", "x"]), inner),
).map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode()))  # fmt: skip
def test_no_text_of_an_address_becomes_an_operator(text: str) -> None:
    try:
        place = Place.read(text)
    except NewsmillError:
        return
    assert place.value is None or isinstance(place.value, int | float | datetime)
    assert isinstance(place.id, int | str | ObjectId)


@given(st.floats(allow_nan=False) | st.integers(-(2**62), 2**62) | st.none() | st.datetimes(
    datetime(1971, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000,
                                                                         tzinfo=UTC)))  # fmt: skip
def test_a_place_comes_back_from_its_text(value: Any) -> None:
    for own in (ObjectId(), "an _id", 7):
        assert Place.read(Place(value, own).text) == Place(value, own)
