"""Counts: exact ones, slow ones that say so, and estimates with bounds that hold."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import ExecutionTimeout

from synth.__main__ import main
from synth.query import counting
from synth.query.counting import _projected, count_or_estimate, estimate

ITALIAN = {"language": "it"}


@pytest.fixture
def store(database: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A thousand samples, a quarter of them Italian, of which an estimate draws 400."""
    monkeypatch.setattr(counting, "_FEW", 100)
    monkeypatch.setattr(counting, "_DRAWN", 400)
    rows = [{"key": str(n), "language": "vi" if n % 4 else "it", "superseded": n == 0} for n in range(1000)]
    database.samples.insert_many(rows)
    return database


def test_an_estimate_says_within_which_bounds_the_number_lies(store: Any) -> None:
    result = estimate(store.samples, ITALIAN, 60_000)
    assert not result.is_exact
    assert result.low <= result.number <= result.high
    # Five standard deviations of 400 draws.
    assert 140 < result.number < 360
    assert str(result) == f"about {result.number:,}"


@pytest.mark.parametrize(("query", "number"), [({"key": "7"}, 1), ({"key": "none"}, 0), ({"superseded": True}, 1)])
def test_few_are_counted(store: Any, query: dict[str, Any], number: int) -> None:
    result = estimate(store.samples, query, 60_000)
    assert (result.number, result.is_exact, str(result)) == (number, True, str(number))


def test_what_takes_more_than_a_second_is_estimated(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_or_estimate(store.samples, ITALIAN, 60_000).is_exact
    limits = []

    def give_up(_documents: Any, _query: Any, milliseconds: int) -> Any:
        limits.append(milliseconds)
        raise ExecutionTimeout("too long")

    monkeypatch.setattr(counting, "count", give_up)
    assert not count_or_estimate(store.samples, ITALIAN, 60_000).is_exact
    assert limits == [1000]


def test_bounds_hold_for_nineteen_of_twenty_draws() -> None:
    chance, total, drawn = random.Random(3), 1_000_000, 4000
    held = 0
    for _ in range(400):
        share = chance.choice((0.0005, 0.01, 0.3, 0.9))
        result = _projected(sum(chance.random() < share for _ in range(drawn)), drawn, total, 0)
        held += result.low <= share * total <= result.high
    # Binomial: 362 to 395 in 999 of 1000.
    assert held >= 362


@given(st.integers(0, 4000), st.integers(4000, 10**9), st.integers(0, 4000))
def test_an_estimate_is_within_its_bounds_and_not_below_what_was_counted(hits: int, total: int, at_least: int) -> None:
    result = _projected(hits, 4000, total, at_least)
    assert at_least <= result.low <= result.number <= result.high
    assert not result.is_exact


def test_a_slow_count_says_so_and_what_would_be_quicker(
    store: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["query", "--uri", database_uri, '{"language": "it"}', "--count"]
    assert (main(words), capsys.readouterr()) == (0, ("249\n", ""))
    monkeypatch.setattr(counting, "SLOW", -1.0)
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.out == "249\n"
    assert "query: counted in " in printed.err
    assert "--about estimates the number" in printed.err


@pytest.mark.usefixtures("store")
def test_about(database_uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["query", "--uri", database_uri, '{"language": "it"}', "--count", "--about"]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("about ")
    assert main([*words, "--json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["low"] <= row["count"] <= row["high"]
    assert main(["query", "--uri", database_uri, '{"key": "7"}', "--count", "--about", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"count": 1, "low": 1, "high": 1}
    assert main(["query", "--uri", database_uri, "--about"]) == 2
    assert "--about goes with --count" in capsys.readouterr().err
