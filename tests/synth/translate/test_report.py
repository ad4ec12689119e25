"""`synth translate --report` as text. Covers synth.translate.report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synth.__main__ import main
from synth.translate.report import NOTHING, print_report, report_lines
from synth.translation_report import collect_translations
from tests.synth.translated_rows import fill, imported


def test_rate_losses_languages_and_examples(database: Any) -> None:
    fill(database)
    text = "\n".join(report_lines(collect_translations(database)))
    assert text.startswith("translate: 4 translated, 2 preserved (50.0 %, 15.0 % to 85.0 %), 1 made anew, 1 left, 0.02")
    parts = [
        "By engine",
        "number_changed",
        "form only: ",
        "Left as they were",
        "Vietnamese",
        "Examples: language_bound",
    ]
    for part in (*parts, "source: What is a? → A thing.", "translation: Che cos'è a? → Una cosa."):
        assert part in text


def test_json_is_what_is_collected(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    fill(database)
    print_report(database, True)
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(collect_translations(database)))


def test_rows_without_translations_and_an_empty_store(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(database, False)
    assert capsys.readouterr().out.strip() == NOTHING
    database.samples.insert_one(imported("x", "fr"))
    lines = report_lines(collect_translations(database))
    assert lines[0].startswith("translate: 0 translated, 0 preserved (–)")
    assert any(line.startswith("French") for line in lines)


def test_the_command_needs_no_engine(
    database: Any, database_uri: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(database)
    monkeypatch.setenv("MONGODB_URI", database_uri)
    assert main(["translate", "--report"]) == 0
    assert capsys.readouterr().out.startswith("translate: 4 translated")
    assert main(["translate", "--report", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["preserved"] == 2
