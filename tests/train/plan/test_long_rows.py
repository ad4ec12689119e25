"""Rows that are too long: how many, what is lost, what a change costs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from train.plan.job import PlannedRun
from train.plan.long_rows import long_rows
from train.recipes import Recipe


def run_of(over_length: str = "cut", limit: int = 256, class_path: str = "train.data.Chat") -> PlannedRun:
    recipe = Recipe(Path("r.yaml"), {"data": {"class_path": class_path, "init_args": {"over_length": over_length}}})
    values: dict[str, Any] = dict.fromkeys(PlannedRun.__dataclass_fields__)
    return PlannedRun(**{**values, "recipe": recipe, "max_seq_length": limit})


def measure(run: PlannedRun, length: int) -> tuple[Any, int]:
    del run
    return None, length * 1000


def test_what_is_lost_and_what_more_would_cost() -> None:
    lengths = [100] * 90 + [500] * 8 + [2000] * 2
    outcome = long_rows(run_of(), lengths, 90 * 100 + 10 * 256, measure)
    assert outcome is not None
    assert (outcome.rows, outcome.of, outcome.longest) == (10, 100, 2000)
    assert outcome.lost == pytest.approx(1 - 11_560 / 17_000)
    longer, split, lead = outcome.changes
    assert longer["change"] == "train.max_seq_length: 512"
    assert (longer["needed"], longer["length"]) == (512_000, 512)
    assert longer["time"] == pytest.approx((90 * 100 + 8 * 500 + 2 * 512) / 11_560)
    assert longer["cost"] == "2 rows stay longer"
    assert (split["change"], split["needed"]) == ("data.init_args.over_length: split", 256_000)
    assert "--source-sentences" in lead["change"]


@pytest.mark.parametrize(
    ("lengths", "most", "change"),
    [
        ([100] * 99 + [900], None, "train.max_seq_length: 960"),  # one in a hundred: then all of them
        ([100] * 50 + [900] * 50, 512, "train.max_seq_length: 512"),  # no longer than the model reads
    ],
)
def test_the_length_that_is_proposed(lengths: list[int], most: int | None, change: str) -> None:
    outcome = long_rows(run_of(), lengths, 100 * 100, measure, most)
    assert outcome is not None
    assert outcome.changes[0]["change"] == change


def test_nothing_to_change() -> None:
    assert long_rows(run_of(), [256, 10], 266, measure) is None
    outcome = long_rows(run_of("split"), [500] * 20, 256 * 20, measure, 256)
    assert outcome is not None
    assert [change["change"].split(":")[0] for change in outcome.changes] == ["sources by their beginnings"]
    assert json.dumps(outcome.changes)
