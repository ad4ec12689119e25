"""Rows of a sheet, however a spreadsheet saved it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.blind.sheet_files import TEXTS, write_sheet
from train.blind.ratings import is_marked, rows_of, sheets_in
from train.errors import TrainError

ROWS = [
    {"rater": "rater-1", "item": "T1", "request": "Perché?", "text": 'Riga «uno»;\n"due"\u2028tre', "style": "4,0"},
    {"rater": "rater-1", "item": "T2", "request": "Vì sao?", "text": "Tiếng Việt, có dấu", "style": "5"},
]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_separators_and_encodings(separator: str, encoding: str, tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "s.csv", ROWS, TEXTS, separator=separator, encoding=encoding)
    rows = list(rows_of(sheet))
    assert [row["style"] for row in rows] == ["4,0", "5"]
    assert rows[1]["text"] == "Tiếng Việt, có dấu"
    assert rows[0]["text"] == ROWS[0]["text"]


def test_the_older_encoding_of_windows(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "s.csv", ROWS, TEXTS, separator=";", encoding="cp1252")
    rows = list(rows_of(sheet))
    assert [(row["item"], row["style"]) for row in rows] == [("T1", "4,0"), ("T2", "5")]
    assert rows[0]["request"] == "Perché?"


@pytest.mark.parametrize("first", ["sep=;\n", '"sep=;"\r\n'])
def test_the_line_that_tells_excel_the_separator(first: str, tmp_path: Path) -> None:
    sheet = tmp_path / "s.csv"
    sheet.write_bytes(f"\ufeff{first}Item;STYLE ;content\r\nT1;4;\r\n".encode())
    assert list(rows_of(sheet)) == [{"item": "T1", "style": "4", "content": ""}]


def test_a_long_text_is_read(tmp_path: Path) -> None:
    sheet = write_sheet(tmp_path / "s.csv", [{"item": "T1", "text": "parola " * 40_000}], TEXTS)
    assert len(next(rows_of(sheet))["text"]) == 280_000


def test_json_lines_have_types(tmp_path: Path) -> None:
    sheet = tmp_path / "s.jsonl"
    sheet.write_text('{"item": "T1", "style": 4, "content": null, "seconds": 2.5}\n')
    assert list(rows_of(sheet)) == [{"item": "T1", "style": "4", "content": "", "seconds": "2.5"}]


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("s.csv", b"", "empty"), ("s.csv", b"a,b\n1,2\n", "no column `item`"), ("s.html", b"<html>", "the page"),
        ("s.xlsx", b"PK\x03\x04", "save it as CSV"), ("s.csv", b"PK\x03\x04rest", "save it as CSV"),
        ("s.ods", b"PK\x03\x04", "save it as CSV"), ("s.jsonl", b'{"a": 1}\n', "no `item`"),
    ],
)  # fmt: skip
def test_what_is_no_sheet_is_told_what_it_is(name: str, content: bytes, line: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TrainError, match=line):
        list(rows_of(tmp_path / name))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="cannot read"):
        list(rows_of(tmp_path / "no.csv"))


def test_a_folder_stands_for_its_sheets_and_each_file_counts_once(tmp_path: Path) -> None:
    for name in ("b.csv", "a.jsonl", "key.json", "a.html"):
        (tmp_path / name).write_text("")
    assert [path.name for path in sheets_in([tmp_path, tmp_path / "b.csv"])] == ["a.jsonl", "b.csv"]
    (tmp_path / "none").mkdir()
    with pytest.raises(TrainError, match="no sheet"):
        sheets_in([tmp_path / "none"])


@pytest.mark.parametrize("column", ["style", "guess", "confidence", "choice", "remark"])
def test_any_mark_keeps_a_sheet_from_being_overwritten(column: str, tmp_path: Path) -> None:
    sheet = tmp_path / "s.csv"
    sheet.write_text(f"item,{column}\nT1,\n")
    assert not is_marked(sheet)
    assert not is_marked(tmp_path / "absent.csv")
    sheet.write_text(f"\ufeffitem\t{column}\nT1\ta\n", encoding="utf-16")
    assert is_marked(sheet)


@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=40), min_size=1, max_size=5
    ),
    separator=st.sampled_from([",", ";", "\t"]),
)  # fmt: skip
def test_whatever_the_texts_hold_the_marks_are_read(
    texts: list[str], separator: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = [{"item": f"T{number}", "text": text, "style": number + 1} for number, text in enumerate(texts)]
    sheet = write_sheet(tmp_path_factory.mktemp("sheet") / "s.csv", rows, TEXTS, separator=separator)
    read = list(rows_of(sheet))
    assert [(row["item"], row["style"]) for row in read] == [(row["item"], str(row["style"])) for row in rows]
    folded = [io.StringIO(text, newline=None).read() for text in texts]
    assert [row["text"] for row in read] == folded
