"""Scores joined in one number."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.scorers.quality import FULL_LENGTH, VERSION, WEIGHTS, join_scores, pending_filter, quality

ANSWER = "x" * FULL_LENGTH
ALL: dict[str, Any] = {
    "answer": ANSWER, "mean_coverage": 1.0, "faithfulness": 1.0, "mean_similarity": 1.0, "language": "it",
    "detected_language": "it", "toxicity": 0.0, "toxicity_calibrated": True,
}  # fmt: skip
SHARE = st.none() | st.floats(0, 1)


def test_the_best_is_1_and_of_all_parts() -> None:
    assert quality(ALL) == (1.0, ["coverage", "faithfulness", "similarity", "length", "language", "toxicity"])
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert min(WEIGHTS.values()) >= 0


def test_what_is_missing_is_left_out_and_said() -> None:
    sample = {"answer": ANSWER, "mean_coverage": 0.5}
    value, parts = quality(sample)
    assert parts == ["coverage", "length"]
    weights = WEIGHTS["coverage"], WEIGHTS["length"]
    assert value == pytest.approx((0.5 * weights[0] + weights[1]) / sum(weights), abs=1e-6)


@pytest.mark.parametrize("sample", [{}, {"answer": ANSWER}, {**ALL, "mean_coverage": None, "faithfulness": None}])
def test_without_content_and_truth_there_is_none(sample: dict[str, Any]) -> None:
    assert quality(sample) == (None, [])


def test_another_language_and_an_insult_take_it_away() -> None:
    assert quality({**ALL, "detected_language": "en"}).value == 0
    assert quality({**ALL, "toxicity": 0.9}).value == pytest.approx(0.1)


def test_what_nobody_knows_takes_nothing() -> None:
    unknown = quality({**ALL, "detected_language": "unknown", "toxicity": 0.9, "toxicity_calibrated": False})
    assert unknown == (1.0, ["coverage", "faithfulness", "similarity", "length"])
    assert quality({**ALL, "mean_similarity": float("nan")}).parts.count("similarity") == 0


@given(SHARE, SHARE, st.floats(-1, 1), st.floats(0, 1), st.integers(0, 900), st.sampled_from(sorted({
    "mean_coverage", "faithfulness", "mean_similarity",
})))  # fmt: skip
def test_a_better_part_never_lowers_it(
    coverage: float | None, faithful: float | None, near: float, toxicity: float, length: int, better: str
) -> None:
    sample = {
        **ALL, "mean_coverage": coverage, "faithfulness": faithful, "mean_similarity": near, "toxicity": toxicity,
        "answer": "x" * length,
    }  # fmt: skip
    before = quality(sample).value
    assert before is None or 0 <= before <= 1
    if before is not None and sample[better] is not None:
        for change in ({better: 1.0}, {"toxicity": toxicity / 2}, {"answer": "x" * 900}):
            after = quality({**sample, **change}).value
            assert after is not None
            assert after >= before - 1e-6


def test_the_store_follows_its_parts(database: Any) -> None:
    database.samples.insert_many(
        [{**ALL, "key": "a"}, {"answer": "x", "key": "b"}, {**ALL, "key": "c", "toxicity": 0.5}]
    )
    assert join_scores(database) == 2
    assert join_scores(database) == 0
    stored = {row["key"]: row.get("quality") for row in database.samples.find()}
    assert stored == {"a": 1.0, "b": None, "c": 0.5}
    database.samples.update_one({"key": "a"}, {"$set": {"mean_coverage": 0.0}})
    assert join_scores(database) == 1
    row = database.samples.find_one({"key": "a"})
    assert (row["quality"], row["quality_parts"]) == quality(row)
    assert row["quality"] < 1
    database.samples.update_one({"key": "a"}, {"$unset": {"mean_coverage": "", "faithfulness": ""}})
    assert join_scores(database) == 1
    assert database.samples.find_one({"key": "a"})["quality"] is None


#: A change of each thing that `quality` is made of.
CHANGES = [{"mean_coverage": 0.2}, {"faithfulness": None}, {"mean_similarity": math.nan}, {"answer": "x" * 9},
           {"language": "vi"}, {"detected_language": "unknown"}, {"toxicity": 0.25}, {"toxicity_calibrated": False},
           {"quality_inputs": [VERSION - 1]}, {"answer": 7}]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_only_those_are_read_whose_parts_are_others(database: Any, change: dict[str, Any]) -> None:
    database.samples.insert_many([{**ALL, "key": str(number), "sources": []} for number in range(3)])
    assert join_scores(database) == 3
    assert database.samples.count_documents(pending_filter()) == 0
    database.samples.update_one({"key": "1"}, {"$set": change})
    assert [row["key"] for row in database.samples.find(pending_filter())] == ["1"]
    assert join_scores(database) == 1
    assert join_scores(database) == 0


def test_what_grows_beyond_its_full_length_changes_nothing(database: Any) -> None:
    database.samples.insert_one({**ALL, "key": "a", "answer": "đ" * FULL_LENGTH})
    join_scores(database)
    database.samples.update_one({"key": "a"}, {"$set": {"answer": "đ" * FULL_LENGTH * 2, "status": "accepted"}})
    assert join_scores(database) == 0
