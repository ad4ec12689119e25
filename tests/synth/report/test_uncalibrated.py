"""The report, the card of an export and the report of translations show no judge's score of a language in which the
judge was not compared with people without saying so; and what people marked has a section.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.report.collect import collect
from synth.report.page import render, signed

JUDGE = {"model": "openai:m", "prompt": "judge/2", "accuracy": [4.0]}
UNKNOWN = "agreement with people unknown (0 of 30)"


def fill(database: Any, language: str, rated: int) -> None:
    """40 judged samples of a language, the first of them scored by two people."""
    for number in range(40):
        key = f"{language}{number}"
        database.samples.insert_one({
            "key": key, "language": language, "task": "import", "question": f"Q {key}?", "answer": f"A {key}.",
            "accuracy": float(number % 6), "helpfulness": 4.0, "judge": JUDGE, "status": "new", "sources": [],
        })  # fmt: skip
        for rater in ("anna", "binh")[: 2 * (number < rated)]:
            score = float(min(5, number % 6 + (rater == "binh") * (number % 2)))
            database.ratings.insert_one({"item": key, "rater": rater, "accuracy": score})


def test_every_place_of_the_report(database: Any) -> None:
    fill(database, "it", 36)
    fill(database, "vi", 0)
    numbers = collect(database)
    notes = {row["language"]: row["note"] for row in numbers["accuracy"]["by_language"]}
    assert notes == {"it": "", "vi": UNKNOWN}
    assert numbers["accuracy"]["uncalibrated"] == ["vi"]
    assert {row["helpfulness_note"] for row in numbers["accuracy"]["by_language"]} == {UNKNOWN}
    assert numbers["headline"]["accuracy_note"] == "agreement with people unknown"
    assert {row["language"]: row["note"] for row in numbers["translations"]["languages"]} == notes
    cards = [*numbers["cards"]["worst"], *numbers["cards"]["random"]]
    assert {(card["language"], card["accuracy_note"]) for card in cards} == {("it", ""), ("vi", UNKNOWN)}
    texts = [reason["text"] for card in cards for reason in card["why"] if reason["name"] == "accuracy"]
    assert all((UNKNOWN in text) == (card["language"] == "vi") for card in numbers["cards"]["worst"]
               for text in [reason["text"] for reason in card["why"]])  # fmt: skip
    assert texts
    page = render(numbers)
    assert "How far the judge agrees with people is <b>unknown</b> in Vietnamese" in page
    assert "Vietnamese, mean 2.40 ?" in page
    assert "Italian, mean 2.40<" in page
    assert page.count(UNKNOWN) >= 4


def test_a_judge_that_people_know(database: Any) -> None:
    fill(database, "it", 36)
    numbers = collect(database)
    (row,) = numbers["accuracy"]["agreement"]
    assert (row["n"], row["calibrated"], row["bias"] < 0, row["within_one"]) == (36, True, True, 1)
    page = render(numbers)
    assert "is <b>unknown</b> in" not in page
    assert f"{signed(row['bias'])}" in page
    assert 'id="people"' in page
    (people,) = numbers["people"]["people"]
    assert (people["dimension"], people["n"], people["scale"]) == ("accuracy", 36, "ordinal")
    assert [rater["rater"] for rater in numbers["people"]["raters"]] == ["anna", "binh"]


def test_too_few_rows_are_told_in_words(database: Any) -> None:
    fill(database, "it", 12)
    page = render(collect(database))
    assert ">unknown (12 of 30)</td>" in page
    assert "agreement with people unknown (12 of 30)" in page


def test_without_marks_there_is_no_section(database: Any) -> None:
    fill(database, "it", 0)
    numbers = collect(database)
    assert numbers["people"] is None
    assert 'id="people"' not in render(numbers)


def test_the_card_of_an_export(
    database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.chdir(tmp_path)
    fill(database, "it", 36)
    fill(database, "vi", 0)
    database.samples.update_many({}, {"$unset": {"helpfulness": ""}})
    assert main(["export", "--format", "huggingface"]) == 0
    lines = Path("export/huggingface/README.md").read_text("utf-8").splitlines()
    assert [line.split(" | ")[-1] for line in lines if line.startswith(("| it | 40", "| vi | 40"))] == [
        "compared |", f"accuracy: {UNKNOWN} |",
    ]  # fmt: skip


def test_the_report_of_translations(
    database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MONGODB_URI", database_uri)
    fill(database, "it", 36)
    fill(database, "vi", 0)
    assert main(["translate", "--report"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert UNKNOWN in lines["Vietnamese"]
    assert "agreement" not in lines["Italian"]
    assert lines["all"].endswith("agreement with people unknown")


@pytest.mark.parametrize(("value", "text"), [(0.312, "+0.31"), (-0.1, "\u22120.10"), (-0.001, "+0.00"), (None, "–")])
def test_signed(value: float | None, text: str) -> None:
    assert signed(value) == text
