"""The ranking: the points that the docstring promises, and a reason for each of the worst."""

from __future__ import annotations

import random
from typing import Any

import pytest

from synth.report.sample_statistics import collect_samples
from synth.report.worst_samples import WORST, reasons


def by_hand(row: dict[str, Any]) -> float:
    facts = len(row.get("unsupported") or [])
    total = facts / (facts + 1)
    if isinstance(row.get("accuracy"), int | float):
        total += (5 - row["accuracy"]) / 5
    if isinstance(row.get("toxicity"), float) and row.get("toxicity_calibrated") is not False:
        total += row["toxicity"]
    if isinstance(row.get("min_similarity"), float):
        total += min(1.0, 1 - row["min_similarity"])
    return total


def test_the_ranking_is_the_one_described(database: Any) -> None:
    draw = random.Random(1)
    rows = [
        {"key": f"k{number:03}", "unsupported": draw.choice((None, [], ["1"], ["1", "2", "3"])),
         "accuracy": draw.choice((None, 0, 3, 5, "x")), "toxicity": draw.choice((None, draw.random())),
         "toxicity_calibrated": draw.choice((True, False)),
         "min_similarity": draw.choice((None, draw.uniform(-0.2, 1)))} for number in range(200)
    ]  # fmt: skip
    database.samples.insert_many([dict(row) for row in rows])
    database.samples.insert_one({"key": "gone", "accuracy": 0, "unsupported": ["1"] * 9, "status": "rejected"})
    found = collect_samples(database)["worst"]
    expected = sorted(rows, key=lambda row: (-round(by_hand(row), 9), row["key"]))[:WORST]
    assert [row["key"] for row in found] == [row["key"] for row in expected]
    assert [row["sum"] for row in found] == pytest.approx([by_hand(row) for row in expected])


def test_what_was_not_measured_is_no_fault(database: Any) -> None:
    database.samples.insert_one({"key": "a"})
    assert collect_samples(database)["worst"] == []


def test_reasons_are_the_weighty_ones_first() -> None:
    sample = {"unsupported": ["7", "8", "Zorro"], "unsupported_kinds": ["number", "number", "name"], "accuracy": 1.5,
              "toxicity": 0.61, "similarity": [0.7, 0.125], "min_similarity": 0.125}  # fmt: skip
    given = {"facts": 0.75, "accuracy": 0.7, "toxicity": 0.61, "similarity": 0.875}
    assert [row["text"] for row in reasons(sample, given)] == [
        "similarity to source 2 only 0.12", "3 facts that no source has (name, 2 number)",
        "judged 1.5 of 5 for accuracy", "toxicity 0.61",
    ]  # fmt: skip


def test_the_largest_is_named_even_where_it_is_small() -> None:
    told = reasons({"min_similarity": 0.8, "similarity": [0.8]}, {"facts": 0, "accuracy": 0, "similarity": 0.2})
    assert [row["text"] for row in told] == ["similarity to its source only 0.80"]
    assert reasons({}, {"facts": 0, "accuracy": 0}) == []
