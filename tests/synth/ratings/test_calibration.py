"""Which scores of a judge were compared with people's, and what is said where they were not."""

from __future__ import annotations

from typing import Any

from synth.ratings.calibration import Calibration, calibration_of, judge_name, unknown

JUDGE = {"model": "openai:m", "prompt": "judge/2", "accuracy": [4.0]}


def fill(database: Any, language: str, rows: int, judge: Any = JUDGE) -> None:
    for number in range(rows):
        key = f"{language}{number}{judge_name(judge)}"
        database.samples.insert_one({"key": key, "language": language, "accuracy": 4.0, "judge": judge})
        database.ratings.insert_one({"item": key, "rater": "anna", "accuracy": 3})


def test_thirty_rows_of_a_language_and_a_judge(database: Any) -> None:
    fill(database, "it", 30)
    fill(database, "vi", 29)
    calibration = calibration_of(database)
    assert calibration.note("it") == ""
    assert calibration.note("vi") == "agreement with people unknown (29 of 30)"
    assert calibration.note("en") == calibration.note("") == "agreement with people unknown (0 of 30)"
    # Accuracy says nothing of helpfulness.
    assert calibration.note("it", dimension="helpfulness") == "agreement with people unknown (0 of 30)"
    assert calibration.compared("vi", [judge_name(JUDGE)]) == 29


def test_another_judge_is_another(database: Any) -> None:
    fill(database, "it", 30)
    other = JUDGE | {"model": "openai:other"}
    fill(database, "it", 3, other)
    calibration = calibration_of(database)
    assert calibration.note("it", [judge_name(JUDGE)]) == ""
    assert calibration.note("it", [judge_name(other)]) == "agreement with people unknown (3 of 30)"
    assert calibration.note("it", ["a new one"]) == "agreement with people unknown (0 of 30)"
    # Several together are as sure as the one least compared.
    assert calibration.note("it", [judge_name(JUDGE), judge_name(other)]) == calibration.note("it", [judge_name(other)])
    assert calibration.note("it") == calibration.note("it", [judge_name(other)])


def test_what_is_no_common_row(database: Any) -> None:
    fill(database, "it", 30)
    database.samples.update_one({"key": "it0openai:m judge/2"}, {"$set": {"accuracy": float("nan")}})
    database.samples.update_one({"key": "it1openai:m judge/2"}, {"$unset": {"accuracy": ""}})
    database.ratings.update_one({"item": "it2openai:m judge/2"}, {"$unset": {"accuracy": ""}})
    database.samples.delete_one({"key": "it3openai:m judge/2"})
    database.ratings.insert_one({"item": "it4openai:m judge/2", "rater": "binh", "accuracy": 5})
    assert calibration_of(database).compared("it") == 26


def test_nobody_rated(database: Any) -> None:
    assert calibration_of(database) == Calibration({})
    assert calibration_of(database).note("it") == f"agreement with people {unknown(0)}"


def test_names_of_judges() -> None:
    assert judge_name(JUDGE) == "openai:m judge/2"
    assert judge_name({"model": "m"}) == "m"
    assert judge_name(None) == judge_name("m") == judge_name({}) == ""
