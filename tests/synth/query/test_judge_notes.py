"""`synth query` shows no judge's score without saying how far the judge was compared with people in that language."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synth.__main__ import main

JUDGE = {"model": "openai:m", "prompt": "judge/2", "accuracy": [4.0, 3.0]}


@pytest.fixture
def store(database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """30 Italian samples that people scored, too, and a Vietnamese one that nobody did."""
    monkeypatch.setenv("MONGODB_URI", database_uri)
    monkeypatch.setenv("COLUMNS", "160")
    for number in range(30):
        database.samples.insert_one({"key": f"it{number}", "language": "it", "accuracy": 3.5, "judge": JUDGE})
        database.ratings.insert_one({"item": f"it{number}", "rater": "anna", "accuracy": 3})
    database.samples.insert_one({"key": "vi", "language": "vi", "accuracy": 3.5, "judge": JUDGE})
    return database


def output(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["query", *words]) == 0
    return capsys.readouterr().out


NOTE = "agreement of the judge with people: accuracy in vi unknown (0 of 30); see synth judge --agreement"


def test_a_table_ends_with_what_is_not_known(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert NOTE in output(capsys, "{}", "--limit", "0").splitlines()
    assert "agreement" not in output(capsys, '{"language": "it"}')
    store.ratings.delete_one({"item": "it7"})
    lines = output(capsys, "{}", "--limit", "0").splitlines()
    assert any("accuracy in it unknown (29 of 30), accuracy in vi unknown (0 of 30)" in line for line in lines)
    # Without a score nothing is to be said.
    assert "agreement" not in output(capsys, "{}", "--fields", "key,language")


@pytest.mark.parametrize("fields", ["accuracy", "judge.accuracy", "accuracy,judge", "key,helpfulness,accuracy"])
def test_whatever_fields_are_asked_for(fields: str, store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert store.samples.count_documents({}) == 31
    lines = output(capsys, "{}", "--fields", fields, "--limit", "0").splitlines()
    assert NOTE in lines
    assert "language" not in lines[0]
    card = output(capsys, '{"key": "vi"}', "--fields", fields, "--cards")
    assert "agreement with people unknown (0 of 30)" in card
    assert "language" not in card
    assert "prompt" not in card or "judge" in fields.split(",")


def test_a_card_says_it_beside_the_score(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "3.5; agreement with people unknown (0 of 30)" in output(capsys, '{"key": "vi"}')
    assert "agreement" not in output(capsys, '{"key": "it1"}')
    # Another judge was compared with people on this one alone.
    store.samples.update_one({"key": "it1"}, {"$set": {"judge.model": "openai:other"}})
    assert "3.5; agreement with people unknown (1 of 30)" in output(capsys, '{"key": "it1"}')


def test_programs_get_the_documents_as_they_are(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = [json.loads(line) for line in output(capsys, '{"key": "vi"}', "--json").splitlines()]
    assert row["accuracy"] == 3.5
    (row,) = [
        json.loads(line) for line in output(capsys, '{"key": "vi"}', "--json", "--fields", "accuracy").splitlines()
    ]
    assert row == {"accuracy": 3.5}
    assert store.samples.find_one({"key": "vi"})["accuracy"] == 3.5
