"""Marks of a blind evaluation: in the rater's own sheet at once and whole, in nobody else's."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.items import NewsmillError
from synth.review import blind_sheets
from synth.review.blind_sheets import Sheet, save_marks, sheet_numbers, take_sheet
from tests.synth.review.blind_folder import pair_rows, rows_in, text_rows, write_folder


def sheet_of(folder: Path, rater: str) -> Sheet | None:
    """As a rater who begins, or goes on, gets it."""
    return blind_sheets.sheet_of(folder, rater) if take_sheet(folder, rater) else None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "blind", text_rows(1), text_rows(2))


def test_a_rater_has_the_same_sheet_tomorrow(folder: Path) -> None:
    numbers = [sheet.number for rater in ("anna", "linh", "anna") if (sheet := sheet_of(folder, rater))]
    assert numbers == [1, 2, 1]
    assert sheet_of(folder, "ugo") is None
    assert json.loads((folder / "raters.json").read_text(encoding="utf-8")) == {"anna": 1, "linh": 2}


def test_looking_gives_no_sheet(folder: Path) -> None:
    assert blind_sheets.sheet_of(folder, "anna") is None
    assert not (folder / "raters.json").exists()


def test_marks_are_in_the_sheet_with_their_types(folder: Path) -> None:
    sheet_of(folder, "anna")
    save_marks(folder, "anna", "T2", {"style": "4", "guess": "human"}, 12)
    sheet = save_marks(folder, "anna", "T2", {"content": "2", "confidence": "5", "remark": " =1+1 "}, 20)
    marked = rows_in(folder, 1)[1]
    assert {name: marked[name] for name in ("style", "content", "guess", "confidence", "seconds", "remark")} == {
        "style": 4, "content": 2, "guess": "human", "confidence": 5, "seconds": 20, "remark": "=1+1",
    }  # fmt: skip
    assert (sheet.complete(), sheet.first_open()) == (1, "T1")
    assert [row for row in rows_in(folder, 1) if row["item"] != "T2"] == [r for r in text_rows(1) if r["item"] != "T2"]
    assert rows_in(folder, 2) == text_rows(2)


def test_an_earlier_mark_is_taken_away(folder: Path) -> None:
    sheet_of(folder, "anna")
    save_marks(folder, "anna", "T1", {"style": "4"})
    save_marks(folder, "anna", "T1", {"style": ""})
    assert rows_in(folder, 1) == text_rows(1)


def test_what_is_asked_is_what_the_sheet_has_a_place_for(tmp_path: Path) -> None:
    old = [{"item": "T1", "request": "R", "text": "Testo.", "style": None, "content": None, "remark": ""}]
    folder = write_folder(tmp_path / "b", text_rows(1, guess=False), pair_rows(2), text_rows(3), old)
    asked = [sheet.fields for rater in "abcd" if (sheet := sheet_of(folder, rater))]
    assert asked == [
        ("style", "content"),
        ("choice",),
        ("style", "content", "guess", "confidence"),
        ("style", "content"),
    ]


@pytest.mark.parametrize(
    ("rater", "item", "marks"),
    [
        ("ugo", "T1", {"style": "3"}),
        ("anna", "T9", {"style": "3"}),
        ("anna", "T1", {"style": "6"}),
        ("anna", "T1", {"style": "³"}),
        ("anna", "T1", {"guess": "both"}),
    ],
)
def test_what_is_no_mark_changes_nothing(folder: Path, rater: str, item: str, marks: dict[str, str]) -> None:
    sheet_of(folder, "anna")
    with pytest.raises(NewsmillError):
        save_marks(folder, rater, item, marks)
    assert rows_in(folder, 1) == text_rows(1)


def test_other_fields_are_no_marks(folder: Path) -> None:
    sheet_of(folder, "anna")
    save_marks(folder, "anna", "T1", {"item": "T7", "text": "x", "choice": "a", "rater": "9"})
    assert rows_in(folder, 1) == text_rows(1)


@pytest.mark.parametrize("where", ["jsonl", "csv"])
def test_a_sheet_that_somebody_marked_elsewhere_is_given_to_nobody(folder: Path, where: str) -> None:
    if where == "csv":
        (folder / "rater-1.csv").write_text("\ufeffitem;style;content\r\nT1;4;\r\n", encoding="utf-8")
    else:
        rows = text_rows(1)
        rows[0]["style"] = 2
        (folder / "rater-1.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sheet = sheet_of(folder, "anna")
    assert sheet is not None
    assert sheet.number == 2
    assert sheet_of(folder, "linh") is None


def test_a_write_that_fails_leaves_the_sheet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet_of(folder, "anna")
    save_marks(folder, "anna", "T1", {"style": "4"})
    before = (folder / "rater-1.jsonl").read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(blind_sheets.os, "fsync", full)
    with pytest.raises(NewsmillError, match="No space left"):
        save_marks(folder, "anna", "T1", {"style": "1"})
    assert (folder / "rater-1.jsonl").read_bytes() == before


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "b", text_rows(1, 12), text_rows(2, 12))
    for rater in ("anna", "linh"):
        sheet_of(folder, rater)

    def mark(rater: str, item: int) -> None:
        save_marks(folder, rater, f"T{item}", {"style": str(item % 5 + 1)}, item)

    threads = [threading.Thread(target=mark, args=(rater, item)) for item in range(1, 13) for rater in ("anna", "linh")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in (1, 2):
        assert {row["item"]: row["style"] for row in rows_in(folder, number)} == {
            f"T{item}": item % 5 + 1 for item in range(1, 13)
        }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["T1", "T2"]), st.sampled_from(["style", "content"]), st.integers(1, 5))),
    st.text(max_size=50),
)
def test_the_last_mark_counts(tmp_path_factory: pytest.TempPathFactory, marks: list[Any], remark: str) -> None:
    folder = write_folder(tmp_path_factory.mktemp("blind") / "b", text_rows(1))
    sheet_of(folder, "anna")
    expected: dict[tuple[str, str], int] = {}
    for item, name, value in marks:
        save_marks(folder, "anna", item, {name: str(value), "remark": remark})
        expected[item, name] = value
    rows = {row["item"]: row for row in rows_in(folder, 1)}
    for (item, name), value in expected.items():
        assert rows[item][name] == value
    assert len(rows) == 4


@pytest.mark.parametrize("content", ["no json", "[]", '{"item": 3}', '{"item": "T1"}', ""])
def test_what_is_no_sheet_is_one_line(tmp_path: Path, content: str) -> None:
    folder = write_folder(tmp_path / "b", text_rows(1))
    (folder / "rater-1.jsonl").write_text(content, encoding="utf-8")
    with pytest.raises(NewsmillError, match="no sheet"):
        sheet_of(folder, "anna")


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NewsmillError, match="train blind"):
        sheet_numbers(tmp_path)


def test_owners_that_cannot_be_read_stop_everything(folder: Path) -> None:
    (folder / "raters.json").write_text("{", encoding="utf-8")
    with pytest.raises(NewsmillError, match=r"raters\.json"):
        sheet_of(folder, "anna")
