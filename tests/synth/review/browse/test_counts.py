"""Counts: exact where that is quick, "more than" where it is not, and kept for a while."""

from __future__ import annotations

from typing import Any

import pytest

from synth.review.browse import counts as module
from synth.review.browse.counts import Count, Counts

DEFAULT = {"superseded": {"$ne": True}}


def fill(database: Any, number: int) -> None:
    database.samples.insert_many([{"key": str(i), "superseded": i % 5 == 0, "n": i} for i in range(number)])


def test_all_but_the_superseded(database: Any) -> None:
    fill(database, 20)
    assert Counts(database).of(DEFAULT) == Count(16)


def test_beyond_the_cap_only_who_asks_gets_the_number(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, 20)
    monkeypatch.setattr(module, "CAP", 7)
    counts = Counts(database)
    assert counts.of({"n": {"$gte": 3}}) == Count(7, exact=False)
    assert counts.of({"n": {"$gte": 3}}, patient=True) == Count(17)
    assert counts.of({"n": {"$gte": 3}}) == Count(17)


def test_a_count_is_kept_for_a_while(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, 20)
    counts = Counts(database)
    assert counts.of({"n": 1}) == Count(1)
    database.samples.delete_many({"n": 1})
    assert counts.of({"n": 1}) == Count(1)
    monkeypatch.setattr(module, "_LASTING", -1.0)
    assert counts.of({"n": 1}) == Count(0)


def test_what_takes_too_long_is_not_known(database: Any) -> None:
    fill(database, 20)
    slow = {"$expr": {"$gt": [{"$size": {"$range": [0, 1_000_000]}}, "$n"]}}
    assert Counts(database).of(slow) == Count(None)
