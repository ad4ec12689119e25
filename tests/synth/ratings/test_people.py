"""How far people agree: by language, each rater beside the others, and what is not defined in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synth.ratings.people import Marked, people_agreement, people_of, rater_rows


def items(*marks: dict[str, Any]) -> list[Marked]:
    return [Marked({"key": f"k{number}"}, row) for number, row in enumerate(marks)]


def test_undefined_in_words() -> None:
    for rows in ([], items({"anna": "accept"}), items({"anna": "accept"}, {"binh": "reject"})):
        told = people_agreement(rows, "nominal")
        assert (told["n"], told["alpha"], told["note"]) == (0, None, "undefined: no item has marks of two raters")
    told = people_agreement(items(*[{"anna": "accept", "binh": "accept"}] * 40), "nominal")
    assert (told["n"], told["alpha"], told["note"]) == (40, None, "undefined: all marks are the same")
    told = people_agreement(items(*[{"anna": mark, "binh": mark} for mark in "ab" * 20]), "nominal")
    assert (told["alpha"], told["alpha_interval"]) == (1, None)
    assert told["note"] == "no interval: no item on which raters differ"
    told = people_agreement(items({"anna": 1.0, "binh": 2.0}, {"anna": 4.0, "binh": 4.0}), "ordinal")
    assert told["note"] == "no interval: fewer than 10 events"
    told = people_agreement(items(*[{"anna": "a", "binh": "a"}] * 20, {"anna": "a", "binh": "b"}), "nominal")
    assert (told["alpha"], told["note"]) == (0, "no interval: one event decides")


def test_one_mark_says_nothing_of_agreement() -> None:
    both = [{"anna": float(number % 6), "binh": float(number % 5)} for number in range(40)]
    alone = [{"chi": 5.0}] * 30
    assert people_agreement(items(*both, *alone), "ordinal") == people_agreement(items(*both), "ordinal")
    told = people_agreement(items(*both), "ordinal")
    assert told["alpha_interval"][0] < told["alpha"] < told["alpha_interval"][1]
    assert (told["n"], told["raters"], told["marks"]) == (40, 2, 80)


def test_each_rater_beside_the_others() -> None:
    chance = np.random.default_rng(4)
    rows = []
    for truth in chance.integers(0, 4, 60):
        rows.append({"anna": float(truth), "binh": float(truth), "chi": float(truth + 1)})
    told = rater_rows(items(*rows), "ordinal")
    assert [row["rater"] for row in told] == ["chi", "anna", "binh"]
    assert (told[0]["differs"], told[0]["bias"], told[0]["n"], told[0]["alpha_without"]) == (1, 1, 60, 1)
    assert told[1]["bias"] == -0.5
    assert told[1]["alpha_without"] < 1
    decisions = [{"anna": "accept", "binh": "accept", "chi": "reject" if i % 2 else "accept"} for i in range(10)]
    told = rater_rows(items(*decisions, {"dora": "edit"}), "nominal")
    assert [(row["rater"], row["differs"], row["bias"]) for row in told] == [
        ("chi", 0.5, None), ("anna", 0.25, None), ("binh", 0.25, None),
    ]  # fmt: skip
    # Two who always say the same: no agreement beyond chance can be seen.
    assert told[0]["alpha_without"] is None


def test_from_the_store(database: Any) -> None:
    assert people_of(database) == {"people": [], "raters": []}
    for number in range(24):
        database.samples.insert_one(
            {"key": f"k{number}", "language": "it" if number < 12 else "vi", "event": f"e{number // 2}"}
        )
        for rater, shift in (("anna", 0), ("binh", number % 2)):
            database.ratings.insert_one({"item": f"k{number}", "rater": rater, "accuracy": number % 5 + shift})
    # What is of no sample (taken down since), and remarks without a score, are no marks.
    database.ratings.insert_one({"item": "gone", "rater": "anna", "accuracy": 5})
    database.ratings.insert_one({"item": "k1", "rater": "chi", "comment": "?"})
    told = people_of(database)
    assert [(row["language"], row["n"], row["events"]) for row in told["people"]] == [
        ("it", 12, 6),
        ("vi", 12, 6),
        ("all", 24, 12),
    ]
    assert {(row["between"], row["dimension"], row["scale"]) for row in told["people"]} == {
        ("people", "accuracy", "ordinal")
    }
    assert [(row["rater"], row["bias"], row["n"]) for row in told["raters"]] == [("anna", -0.5, 24), ("binh", 0.5, 24)]
    assert [row["language"] for row in people_of(database, {"language": "vi"})["people"]] == ["vi"]
    assert {row["language"] for row in people_of(database, {"language": "vi"})["raters"]} == {"vi"}


def test_decisions_of_one_text_by_raters_who_saw_no_other_mark(database: Any) -> None:
    database.samples.insert_many([{"key": f"k{number}", "language": "it"} for number in range(14)])

    def say(number: int, rater: str, decision: str, **fields: Any) -> None:
        row = {"item": f"k{number}", "rater": rater, "decision": decision, "revision": "1"}
        database.ratings.insert_one(row | fields)

    for number in range(12):
        say(number, "anna", "accept" if number % 3 else "reject")
        say(number, "binh", "accept" if number % 4 else "edit")
    # He decided between the two, whose marks he saw.
    database.marks.insert_one({"_id": "m", "state": "adjudication"})
    say(0, "chi", "reject", mark="m")
    # To pass over a row is no mark, and a mark on another text is no disagreement.
    say(1, "dora", "skip")
    say(12, "anna", "accept")
    say(12, "binh", "reject", revision="2")
    told = people_of(database)
    (row,) = told["people"]
    assert (row["dimension"], row["scale"], row["n"], row["raters"], row["marks"]) == ("decision", "nominal", 12, 2, 24)
    assert row["alpha_interval"][0] < row["alpha"] < row["alpha_interval"][1]
    assert [(row["rater"], row["n"]) for row in told["raters"]] == [("anna", 12), ("binh", 12)]


def test_scores_of_a_text_that_was_edited_since_are_still_of_one_text(database: Any) -> None:
    database.samples.insert_one({"key": "k", "language": "it"})
    aside = {"original_scores": {"revision": "h", "accuracy": 2.0}}
    database.ratings.insert_many([
        {"item": "k", "rater": "anna", **aside}, {"item": "k", "rater": "binh", **aside},
        {"item": "k", "rater": "chi", "accuracy": 5.0},
    ])  # fmt: skip
    (row,) = people_of(database)["people"]
    assert (row["n"], row["raters"], row["marks"], row["note"]) == (1, 2, 2, "undefined: all marks are the same")


@pytest.mark.parametrize("scale", ["nominal", "ordinal"])
def test_ten_thousand_items_ask_for_five_hundred_resamples(scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from synth.ratings import people

    sizes = []

    def counted(table: Any, name: str, weights: Any = None) -> Any:
        sizes.append(1 if weights is None else weights.size // len(table))
        return original(table, name, weights)

    original = people.alpha
    monkeypatch.setattr(people, "alpha", counted)
    told = people_agreement(items(*[{"a": i % 6, "b": (i * 7) % 6, "c": i % 5} for i in range(10_000)]), scale)
    assert told["alpha_interval"]
    assert sum(sizes) <= 502
