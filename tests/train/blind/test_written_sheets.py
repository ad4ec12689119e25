"""Sheets as `train blind` writes them, filled in as spreadsheets and `synth review` do, say what raters meant."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.train.blind.test_reading import results, run

MODELS = ("small", "large")
#: Probability that a rater prefers the second of two authors to the first.
LIKING = {("small", "large"): 0.8, ("small", "reference"): 0.9, ("large", "reference"): 0.5}


def outputs(folder: Path, model: str, prompts: int = 14) -> Path:
    """What `train generate` wrote: texts of other lengths, with what would break a row of a table."""
    path = folder / f"{model}.jsonl"
    rows = [
        {
            "id": f"p{number}", "question": f"Scrivi; «{number}»,\nperché?", "model": model, "language": "it",
            "text": f"Testo {number} di {model}, \"così\";\ned è lungo. " + "Altro ancora. " * (number % 4),
            "reference": f"L'articolo {number} di una persona.\u2028Con due righe; e basta.",
        }
        for number in range(prompts)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def sheets(folder: Path, *more: str) -> Path:
    files = [outputs(folder, model) for model in MODELS]
    assert run("--texts", *files, "--human", "--out", folder / "blind", "--raters", 3, *more) == 0
    return folder / "blind"


def fill(folder: Path, rater: int, marks: Mapping[str, Mapping[str, Any]], *, spreadsheet: bool) -> None:
    """Put marks into a rater's sheet: as a spreadsheet of Milan saves it, or row by row as the pages of review do."""
    if not spreadsheet:
        path = folder / f"rater-{rater}.jsonl"
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        path.write_text("".join(json.dumps(row | marks[row["item"]]) + "\n" for row in rows), encoding="utf-8")
        return
    path = folder / f"rater-{rater}.csv"
    table = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    with path.open("w", encoding="cp1252", errors="replace", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), delimiter=";")
        writer.writeheader()
        for row in table:
            comma = {name: f"{mark},0" if isinstance(mark, int) else mark for name, mark in marks[row["item"]].items()}
            writer.writerow(row | comma)


def test_texts_and_guesses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, drawn = sheets(tmp_path), random.Random(0)
    key = json.loads((folder / "key.json").read_text())
    level = {"small": 2, "large": 3, "reference": 4}
    for rater in (1, 2, 3):
        marks: dict[str, dict[str, Any]] = {}
        for name, item in key["items"].items():
            human = (item["author"] in key["human"]) == (drawn.random() < 0.85)
            marks[name] = {
                "style": level[item["author"]] + drawn.choice([0, 1]), "content": drawn.choice([2, 3, 4]),
                "guess": "human" if human else "machine", "confidence": drawn.randint(1, 5), "seconds": 20,
            }  # fmt: skip
        fill(folder, rater, marks, spreadsheet=rater != 2)
    result = results(folder, capsys)
    assert result["human"] == ["reference"]
    assert result["filled"] == {"listed": 126, "marked": 126, "partial": 0}
    verdicts = {author: row["verdict"] for author, row in result["style"]["differences"].items()}
    assert verdicts == {"large": "better", "reference": "better"}
    assert result["guesses"]["all"]["accuracy"] == pytest.approx(0.85, abs=0.07)
    assert result["guesses"]["all"]["low"] > 0
    assert not [note for note in result["notes"] if "another key" in note]
    assert [(rater["rater"], rater["seconds"]) for rater in result["raters"]] == [(f"rater-{n}", 20) for n in (1, 2, 3)]
    assert result["sheets"] == 3


def test_pairs_from_both_sides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, drawn = sheets(tmp_path, "--pairs"), random.Random(1)
    key = json.loads((folder / "key.json").read_text())
    wished = dict.fromkeys(LIKING, 0)
    for rater in (1, 2, 3):
        marks = {}
        for name, item in key["items"].items():
            pair = tuple(item["authors"])
            share = LIKING[pair] if pair in LIKING else 1 - LIKING[pair[::-1]]
            second = drawn.random() < share
            wished[pair if pair in LIKING else pair[::-1]] += second == (pair in LIKING)
            on_left = (key["sides"][str(rater)][name] == "yx") == second
            marks[name] = {"choice": "a" if on_left else "b", "seconds": 12.5}
        fill(folder, rater, marks, spreadsheet=rater == 1)
    result = results(folder, capsys)
    assert {(row["first"], row["second"]): row["second_preferred"] for row in result["shares"]} == wished
    assert result["strengths"]["differences"]["reference"]["verdict"] == "better"
    assert result["sides"]["low"] < 0.5 < result["sides"]["high"]
    assert result["notes"] == []


def test_a_sheet_of_another_run_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = sheets(tmp_path)
    foreign = [json.loads(line) for line in (folder / "rater-1.jsonl").read_text(encoding="utf-8").splitlines()]
    other = tmp_path / "rater-9.jsonl"
    rows = [row | {"rater": 9, "text": "Un testo molto più lungo. " * 9, "style": 3} for row in foreign]
    other.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    capsys.readouterr()
    assert run("--read", other, "--key", folder / "key.json", "--json") == 0
    assert "another key's sheet?" in json.loads(capsys.readouterr().out)["notes"][0]
