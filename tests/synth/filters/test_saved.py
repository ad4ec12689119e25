"""Filters that are saved under a name, used, replaced and removed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.filters.read import parse_filter
from synth.filters.saved import delete_filter, save_filter, saved_filters


def test_a_saved_filter_is_what_it_was(database: Any) -> None:
    wanted = {"date": {"$gte": datetime(2026, 5, 1, 22, tzinfo=UTC)}, "answer": {"$regex": "^è", "$options": "i"}}
    assert save_filter(database, "late", wanted, "samples")
    assert not save_filter(database, "late", wanted, "samples")
    assert parse_filter(":late", database)["date"] == wanted["date"]
    database.samples.insert_many(
        [{"key": str(i), "answer": text, "date": datetime(2026, 5, 2, tzinfo=UTC)} for i, text in enumerate(["È", "e"])]
    )
    assert [row["key"] for row in database.samples.find(parse_filter(":late", database))] == ["0"]
    with pytest.raises(NewsmillError, match="takes no value"):
        parse_filter(":late=2", database)
    with pytest.raises(NewsmillError, match="one of samples, not of articles"):
        parse_filter(":late", database, "articles")
    with pytest.raises(NewsmillError, match="cookbook has"):
        save_filter(database, "faithful", wanted, "samples")
    delete_filter(database, "late")
    assert saved_filters(database) == []
