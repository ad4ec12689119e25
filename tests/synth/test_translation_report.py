"""What became of translated rows, in numbers. Covers synth.translation_report."""

from __future__ import annotations

from typing import Any

import pytest

from synth.translation_report import collect_translations, loses_meaning, mean_interval, wilson
from tests.synth.translated_rows import fill, imported


def test_an_empty_store_has_nothing_to_say(database: Any) -> None:
    assert collect_translations(database) is None


def test_rows_are_preserved_unless_a_doubt_says_that_meaning_was_lost(database: Any) -> None:
    fill(database)
    numbers = collect_translations(database)
    assert numbers is not None
    assert (numbers["translated"], numbers["preserved"], numbers["rate"]) == (4, 2, 0.5)
    assert numbers["interval"] == wilson(2, 4)
    assert (numbers["rewritten"], numbers["left"]) == (1, 1)
    assert not loses_meaning("paragraphs_changed")
    assert loses_meaning("number_changed")


def test_losses_are_told_by_reason_and_by_engine_with_examples(database: Any) -> None:
    fill(database)
    numbers = collect_translations(database)
    assert numbers is not None
    first = numbers["doubts"][0]
    assert (first["reason"], first["rows"], first["engines"]) == ("number_changed", 2, {"llm:small": 1, "madlad": 1})
    assert first["examples"][0]["source"] == {"question": "What is a?", "answer": "A thing."}
    assert first["examples"][0]["translation"]["answer"] == "Una cosa."
    assert "length" not in [row["reason"] for row in numbers["doubts"]]
    (left,) = numbers["left_rows"]
    assert (left["reason"], left["engines"]) == ("language_bound", {"llm:small": 1})
    assert left["examples"][0]["detail"].endswith("'rhyme'")
    engines = {row["engine"]: row for row in numbers["engines"]}
    assert engines["llm:small"]["left_by_reason"] == {"language_bound": 1}
    assert engines["madlad"]["rate"] == 0


def test_a_kept_row_costs_what_all_rows_cost(database: Any) -> None:
    """Four calls of a cent, one of them for a translation that another took the place of, for two rows."""
    fill(database)
    numbers = collect_translations(database)
    assert numbers is not None
    assert (numbers["calls"], numbers["cost"], numbers["cost_a_kept_row"]) == (4, 0.04, 0.02)
    assert {row["engine"]: row["cost"] for row in numbers["engines"]}["madlad"] is None


def test_calls_for_a_row_that_was_left_as_it_was_are_paid_as_well(database: Any) -> None:
    """One more call of a cent, and one that is named twice."""
    fill(database)
    left = {"language": "vi", "engine": "llm:small", "prompt": "translation/1", "reason": "refusal"}
    database.samples.insert_one(imported("e", untranslated=[left | {"calls": ["call-e", "call-a-it"]}]))
    database.llm_calls.insert_one({"llm": "openai:small", "hash": "call-e", "cost": 0.01})
    numbers = collect_translations(database)
    assert numbers is not None
    assert (numbers["calls"], numbers["cost"], numbers["cost_a_kept_row"]) == (5, 0.05, 0.025)


def test_examples_are_as_many_as_wanted(database: Any) -> None:
    fill(database)
    numbers = collect_translations(database, examples=1)
    assert numbers is not None
    assert all(len(row["examples"]) == 1 for row in numbers["doubts"])


def test_languages_and_accuracy(database: Any) -> None:
    fill(database)
    numbers = collect_translations(database)
    assert numbers is not None
    rows = {row["language"]: row for row in numbers["languages"]}
    assert [row["language"] for row in numbers["languages"]] == ["en", "it", "vi"]
    assert (rows["it"]["rows"], rows["it"]["translated"], rows["en"]["imported"]) == (3, 3, 4)
    assert (rows["en"]["mean"], rows["en"]["judged"]) == (4.5, 2)
    assert rows["it"]["interval"] is None
    assert numbers["accuracy"]["mean"] == pytest.approx((4 + 5 + 4.5 + 2) / 4)
    scipy_interval = mean_interval(3.875, 1.314978, 4)
    assert numbers["accuracy"]["interval"] == pytest.approx(scipy_interval, abs=1e-3)
    assert sum(row["share"] for row in numbers["languages"]) == pytest.approx(1, abs=1e-3)


def test_rows_that_were_only_imported_have_languages_and_no_rate(database: Any) -> None:
    database.samples.insert_one(imported("x", "fr"))
    numbers = collect_translations(database)
    assert numbers is not None
    assert (numbers["translated"], numbers["rate"], numbers["interval"]) == (0, None, None)
    assert numbers["accuracy"] is None


@pytest.mark.parametrize(
    ("count", "total", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433)]
)
def test_wilson(count: int, total: int, low: float, high: float) -> None:
    assert wilson(count, total) == pytest.approx((low, high), abs=1e-4)
    assert wilson(0, 0) is None
