"""Rows of evaluation sets, from the files that they come in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.items import NewsmillError
from synth.dedupe.evaluation_sets import SetRow, read_set

TURNS = [
    {"role": "system", "content": "Sei un assistente."},
    {"role": "user", "content": "Chi ha vinto?"},
    {"role": "assistant", "content": "Bartali."},
]
SHAREGPT = [{"from": "human", "value": "Chi ha vinto?"}, {"from": "gpt", "value": "Bartali."}]


@pytest.mark.parametrize(
    ("row", "asked", "answered"),
    [
        ({"question": "Chi?", "answer": "Lui."}, "Chi?", "Lui."),
        ({"instruction": "Riassumi.", "input": "Il testo", "output": "Breve", "id": 3}, "Riassumi.\nIl testo", "Breve"),
        ({"Prompt": "Chi?", "Completion": "Lui."}, "Chi?", "Lui."),
        ({"messages": TURNS}, "Chi ha vinto?", "Bartali."),
        ({"conversations": SHAREGPT}, "Chi ha vinto?", "Bartali."),
        ({"context": "Roma, 1946.", "question": "Quando?", "answers": {}, "answer": ["1946", 46]},
         "Quando?\nRoma, 1946.", "1946\n46"),
        ({"question": None, "answer": "Lui."}, "", "Lui."),
    ],
)  # fmt: skip
def test_fields_are_recognised(tmp_path: Path, row: object, asked: str, answered: str) -> None:
    for name, text in (("set.jsonl", json.dumps(row)), ("set.json", json.dumps([row])), ("x.json", json.dumps(row))):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        assert list(read_set(path)) == [SetRow(1, asked, answered)]


def test_named_fields(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"Titolo": "Uno", "corpo": "due", "question": "tre"}\n\n{"corpo": "quattro"}\n', encoding="utf-8")
    assert list(read_set(path, ["titolo", "corpo"])) == [SetRow(1, "Uno\ndue", ""), SetRow(3, "quattro", "")]


def test_tables_and_lines(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('\ufeffquestion,answer\n"Chi, dove?",Lui\nÈ?,Sì\n', encoding="utf-8")
    assert list(read_set(tmp_path / "a.csv")) == [SetRow(1, "Chi, dove?", "Lui"), SetRow(2, "È?", "Sì")]
    (tmp_path / "a.tsv").write_text("question\tanswer\nChi?\tLui\n", encoding="utf-8")
    assert list(read_set(tmp_path / "a.tsv")) == [SetRow(1, "Chi?", "Lui")]
    (tmp_path / "a.txt").write_text("Một\n\nHai\n", encoding="utf-8")
    assert [(row.number, row.question.strip()) for row in read_set(tmp_path / "a.txt")] == [(1, "Một"), (3, "Hai")]


def test_json_that_holds_its_rows_or_is_lines(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text('{"version": 1, "data": [{"question": "Chi?"}]}', encoding="utf-8")
    assert list(read_set(path)) == [SetRow(1, "Chi?", "")]
    path.write_text('{"question": "Chi?"}\n{"question": "Dove?"}\n', encoding="utf-8")
    assert [row.question for row in read_set(path)] == ["Chi?", "Dove?"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.jsonl", '{"question": "Chi?"}\n{oops', "a.jsonl:2 is no JSON"),
        ("a.jsonl", "[1]", "row 1 is no object but a list"),
        ("a.jsonl", '{"domanda": "Chi?"}', "row 1 has none of the fields question.* but domanda"),
        ("a.json", "3", "holds no rows"),
        ("a.csv", "domanda\nChi?\n", "but domanda"),
    ],
)
def test_mistakes_name_the_file_and_the_row(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(NewsmillError, match=told):
        list(read_set(tmp_path / name))


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NewsmillError, match="cannot read"):
        list(read_set(tmp_path / "a.txt"))
