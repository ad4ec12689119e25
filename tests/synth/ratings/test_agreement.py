"""Tables of how far a judge agrees with itself and with people, from the store, and ICC against a published example."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from synth.ratings.agreement import (
    AGREED,
    agreement,
    agreement_of,
    alpha_of,
    icc,
    repeatability,
    repeatability_of,
    table,
)


def test_coefficients_of_published_examples() -> None:
    # Shrout and Fleiss (1979), four judges of six targets: ICC(1,1) = .17.
    shrout = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    assert icc(shrout) == pytest.approx(0.166, abs=5e-4)


def test_nothing_to_measure() -> None:
    assert icc([]) is icc([[1, 2]]) is icc([[1], [2]]) is icc([[3, 3], [3, 3]]) is None
    assert alpha_of([], "interval") is alpha_of([[1], [2]], "ordinal") is alpha_of([[3, 3], [3, 3]], "nominal") is None
    assert repeatability([])["n"] == 0
    assert agreement([])["kappa"] is None
    same = agreement([(4.0, 4.0)] * 40)
    assert (same["kappa"], same["spearman"], same["bias"], same["within_one"]) == (None, None, 0, 1)
    assert (same["judge"], same["kappa_interval"], same["bias_interval"]) == (4, None, None)


def test_below_thirty_rows_no_number_pretends() -> None:
    told = agreement([(float(number % 6), float(number % 5)) for number in range(29)])
    assert (told["n"], told["calibrated"], told["note"]) == (29, False, "unknown (29 of 30)")
    numbers = {name: value for name, value in told.items() if name not in ("n", "events", "calibrated", "note")}
    assert len(numbers) == 10
    assert set(numbers.values()) == {None}
    told = agreement([(float(number % 6), float(number % 5)) for number in range(30)])
    assert (told["calibrated"], told["note"]) == (True, "")
    assert None not in told.values()


def test_a_judge_that_is_half_a_point_too_kind() -> None:
    chance = np.random.default_rng(3)
    people = chance.integers(0, 5, 400).astype(float)
    told = agreement([(float(score + 0.5), float(score)) for score in people])
    assert (told["bias"], told["within_one"], told["spearman"]) == (0.5, 1, 1)
    assert told["kappa"] < 1
    told = agreement([(float(score + chance.choice((-1, 2))), float(score)) for score in people])
    assert told["bias_interval"][0] < 0.5 < told["bias_interval"][1]
    assert told["within_one"] == pytest.approx(0.5, abs=0.1)
    assert told["within_one_interval"][0] < 0.5 < told["within_one_interval"][1]


def test_rows_of_one_event_are_one_witness() -> None:
    chance = np.random.default_rng(5)
    pairs = [
        (float(one), float(other))
        for one, other in zip(chance.integers(0, 6, 20), chance.integers(0, 6, 20), strict=True)
    ]
    rows = [pair for pair in pairs for _ in range(10)]
    alone, together = agreement(rows), agreement(rows, np.arange(200) // 10)
    assert together["events"] == 20
    for name in ("bias", "within_one", "kappa", "spearman"):
        assert alone[name] == together[name]
        (low, high), (lower, higher) = alone[f"{name}_interval"], together[f"{name}_interval"]
        assert higher - lower > 2 * (high - low)
    few = agreement(rows, np.arange(200) // 40)
    assert (few["kappa"], few["kappa_interval"]) == (alone["kappa"], None)
    assert few["note"] == "no interval: fewer than 10 events"


def test_repeatability() -> None:
    told = repeatability([[4, 4, 4], [5, 5, 4], [3, 2, 1], [5]])
    assert (told["n"], told["repeats"], told["identical"]) == (3, 3, round(1 / 3, 4))
    assert told["mean_difference"] == pytest.approx((0 + 2 / 3 + 4 / 3) / 3, abs=1e-4)
    assert repeatability([[4, 4], [2, 2]])["icc"] == 1


def rows(database: Any) -> None:
    for number in range(66):
        language = "it" if number < 36 else "vi"
        score = number % 6
        judge = {
            "model": "m",
            "prompt": "judge/2",
            "accuracy": [score, score],
            "helpfulness": [1.0, 2.0] if number < 2 else [],
        }
        database.samples.insert_one({"key": f"k{number}", "language": language, "accuracy": score, "judge": judge})
        others = {"a": score, "b": 5 - score if language == "vi" else score}
        for rater, said in others.items():
            database.ratings.insert_one({"item": f"k{number}", "rater": rater, "accuracy": said})
    database.samples.insert_one({"key": "unread", "language": "it", "accuracy": None, "judge": {"accuracy": []}})
    database.ratings.insert_one({"item": "unread", "rater": "a", "accuracy": 1})
    database.ratings.insert_one({"item": "gone", "rater": "a", "accuracy": 1})


def test_from_the_store(database: Any) -> None:
    assert agreement_of(database) == repeatability_of(database) == []
    rows(database)
    assert {row["between"] for row in agreement_of(database)} == {"judge"}
    told = {(row["dimension"], row["language"]): row for row in agreement_of(database)}
    assert list(told) == [("accuracy", "it"), ("accuracy", "vi"), ("accuracy", "all")]
    italian, vietnamese = told["accuracy", "it"], told["accuracy", "vi"]
    assert (italian["n"], italian["events"], italian["kappa"], italian["spearman"]) == (36, 36, 1, 1)
    assert (italian["people_alpha"], italian["judged_by"]) == (1, "m judge/2")
    # They never differ: how sure that is no interval can say.
    assert italian["kappa_interval"] is None
    # Two who contradict each other: their mean says nothing.
    assert (vietnamese["n"], vietnamese["kappa"], vietnamese["spearman"], vietnamese["raters"]) == (30, 0, None, 2)
    assert vietnamese["people_alpha"] < 0
    steady = {(row["dimension"], row["language"]): row for row in repeatability_of(database)}
    assert steady["accuracy", "all"]["identical"] == 1
    assert (steady["helpfulness", "it"]["n"], steady["helpfulness", "it"]["mean_difference"]) == (2, 1)
    assert [row["language"] for row in agreement_of(database, {"language": "vi"})] == ["vi"]


def test_each_judge_stands_for_itself(database: Any) -> None:
    rows(database)
    database.samples.update_many(
        {"key": {"$in": [f"k{number}" for number in range(10)]}}, {"$set": {"judge.model": "n"}}
    )
    told = {(row["judged_by"], row["language"]): row for row in agreement_of(database)}
    assert {pair: row["n"] for pair, row in told.items()} == {
        ("m judge/2", "it"): 26, ("m judge/2", "vi"): 30, ("m judge/2", "all"): 56, ("n judge/2", "it"): 10,
    }  # fmt: skip
    assert told["m judge/2", "it"]["note"] == "unknown (26 of 30)"
    assert told["m judge/2", "it"]["people_alpha"] is None


def test_samples_of_one_event_and_translations_are_one_cluster(database: Any) -> None:
    rows(database)
    database.samples.update_many(
        {"language": "it"}, [{"$set": {"event": {"$concat": ["e", {"$toString": {"$mod": ["$accuracy", 3]}}]}}}]
    )
    database.samples.update_many({"language": "vi"}, {"$set": {"provenance": {"translated_from": "k0"}}})
    told = {row["language"]: row["events"] for row in agreement_of(database)}
    assert told == {"it": 3, "vi": 1, "all": 3}


def test_a_name_does_not_drive_the_terminal() -> None:
    assert table([{"rater": "an\x1b[2Jna\n", "n": 3}], ("rater", "n")) == "rater      n\nan [2Jna   3"


def test_the_table(database: Any) -> None:
    rows(database)
    database.samples.update_many({"key": {"$in": ["k1", "k2", "k3"]}}, {"$set": {"accuracy": 2}})
    lines = table(agreement_of(database), AGREED).split("\n")
    assert lines[0].split() == " ".join(AGREED).replace("_", " ").split()
    assert re.search(r" 0\.9\d\d \(0\.\d\d to 1\.00\) ", lines[1])
    assert table(agreement_of(database, {"key": "k1"}), AGREED).split("\n")[1].split()[-4:] == [
        "unknown",
        "(1",
        "of",
        "30)",
    ]
