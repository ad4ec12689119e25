"""Marks of all sheets with their key: what counts, what counts once, and what is wrong with file and row."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.blind.sheet_files import PAIRS, TEXTS, shown, write_pair_key, write_sheet, write_text_key
from train.blind.key import read_key
from train.blind.marks import Ratings, read_ratings
from train.errors import TrainError

AUTHORS = ["small", "large"]


def read(folder: Path, *names: str) -> Ratings:
    return read_ratings([folder / name for name in names], read_key(folder / "key.json"))


def wrong(folder: Path, *names: str) -> str:
    with pytest.raises(TrainError) as error:
        read(folder, *names)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_marks_as_people_and_spreadsheets_write_them(tmp_path: Path) -> None:
    write_text_key(tmp_path, 4, AUTHORS)
    styles = ["4", "4.0", "4,0", " 4 ", "４", "4,"]
    rows: list[dict[str, object]] = [{"item": f"T00{number}", "style": style} for number, style in enumerate(styles)]
    rows[0] |= {"guess": "Macchina", "confidence": "2,0"}
    rows[1] |= {"guess": "HUMAN"}
    rows[2] |= {"guess": "người"}
    write_sheet(tmp_path / "r.csv", rows, TEXTS, separator=";")
    ratings = read(tmp_path, "r.csv")
    assert [mark.style for mark in ratings.texts] == [4] * 6
    assert [mark.guess for mark in ratings.texts] == [True, False, False, None, None, None]
    assert ratings.texts[0].confidence == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [("style", "0"), ("style", "6"), ("style", "4,5"), ("content", "-1"), ("content", "buono"), ("confidence", "9"),
     ("guess", "maybe"), ("style", "4/5")],
)  # fmt: skip
def test_what_is_no_mark_is_named_with_file_and_row(column: str, value: str, tmp_path: Path) -> None:
    write_text_key(tmp_path, 1, AUTHORS)
    write_sheet(tmp_path / "r.csv", [{"item": "T000", "style": 3}, {"item": "T001", column: value}], TEXTS)
    line = wrong(tmp_path, "r.csv")
    assert "r.csv row 2" in line
    assert f"{column} {value!r}" in line


def test_everything_wrong_in_all_sheets_comes_together(tmp_path: Path) -> None:
    write_text_key(tmp_path, 2, AUTHORS)
    write_sheet(tmp_path / "one.csv", [{"item": "T000", "style": 6}, {"item": "T009", "style": 1}], TEXTS)
    write_sheet(tmp_path / "two.csv", [{"item": "T000", "content": 7}], TEXTS)
    (tmp_path / "three.csv").write_text("a,b\n1,2\n")
    line = wrong(tmp_path, "one.csv", "two.csv", "three.csv")
    for part in ("one.csv row 1: style '6'", "T009 is not in the key", "two.csv row 1: content '7'", "three.csv is no"):
        assert part in line


def test_many_mistakes_are_counted(tmp_path: Path) -> None:
    write_text_key(tmp_path, 30, AUTHORS)
    write_sheet(tmp_path / "r.csv", [{"item": f"T{number:03d}", "style": 9} for number in range(25)], TEXTS)
    assert "and 15 more" in wrong(tmp_path, "r.csv")


def test_the_same_rater_twice(tmp_path: Path) -> None:
    write_text_key(tmp_path, 2, AUTHORS)
    write_sheet(tmp_path / "a.csv", [{"rater": "anna", "item": "T000", "style": 3}], TEXTS)
    write_sheet(tmp_path / "b.csv", [{"rater": "anna", "item": "T000", "style": 4}], TEXTS)
    assert "T000 twice by anna (a.csv row 1)" in wrong(tmp_path, "a.csv", "b.csv")
    write_sheet(tmp_path / "b.csv", [{"rater": "anna", "item": "T000", "style": 3}], TEXTS)
    ratings = read(tmp_path, "a.csv", "b.csv")
    assert len(ratings.texts) == 1
    assert ratings.notes == ["1 marks of anna stand in a.csv and b.csv: counted once"]


def test_a_blank_copy_of_a_sheet_does_not_count_and_parts_of_one_rater_join(tmp_path: Path) -> None:
    write_text_key(tmp_path, 2, AUTHORS)
    blank = [{"rater": "anna", "item": f"T00{number}"} for number in range(4)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row | {"style": None}) + "\n" for row in blank))
    write_sheet(tmp_path / "a.csv", [blank[0] | {"style": 3}, *blank[1:]], TEXTS)
    write_sheet(tmp_path / "b.csv", [blank[1] | {"style": 2, "content": 2}], TEXTS)
    ratings = read(tmp_path, "a.jsonl", "a.csv", "b.csv")
    assert [(mark.rater, mark.item, mark.style) for mark in ratings.texts] == [("anna", "T000", 3), ("anna", "T001", 2)]
    sheet = ratings.sheets[0]
    assert (sheet.listed, sheet.marked, sheet.partial, len(sheet.files)) == (4, 2, 1, 3)


def test_a_sheet_without_raters_is_the_raters_whose_file_it_is(tmp_path: Path) -> None:
    write_text_key(tmp_path, 2, AUTHORS)
    for folder in ("home", "office"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rater-1.csv").write_text("item,style,content\nT000,3,3\n")
    (tmp_path / "rater-2.csv").write_text("item,style,content\nT000,4,3\n")
    ratings = read(tmp_path, "home/rater-1.csv", "office/rater-1.csv", "rater-2.csv")
    assert [mark.rater for mark in ratings.texts] == ["home/rater-1", "office/rater-1", "rater-2"]


def test_a_sheet_of_another_key(tmp_path: Path) -> None:
    write_text_key(tmp_path, 2, AUTHORS)
    write_sheet(tmp_path / "r.csv", [{"item": f"X{number}", "style": 3} for number in range(20)], TEXTS)
    line = wrong(tmp_path, "r.csv")
    assert line.count("r.csv") == 1
    assert "another key" in line


def test_a_sheet_of_another_key_that_names_its_items_alike_is_known_by_the_lengths(tmp_path: Path) -> None:
    write_text_key(tmp_path, 2, AUTHORS)
    rows = [{"item": f"T00{number}", "style": 3, "text": "parola " * 80} for number in range(4)]
    write_sheet(tmp_path / "r.csv", rows, TEXTS)
    assert "4 of 4 texts are not as long" in read(tmp_path, "r.csv").notes[0]


def test_pairs_with_a_key_of_texts_and_texts_with_one_of_pairs(tmp_path: Path) -> None:
    write_text_key(tmp_path, 1, AUTHORS)
    write_sheet(tmp_path / "r.csv", [{"item": "T000", "choice": "a"}], PAIRS)
    assert "a sheet of pairs, and the key is of texts" in wrong(tmp_path, "r.csv")
    write_pair_key(tmp_path, [("p", "x", "y")])
    write_sheet(tmp_path / "r.csv", [{"item": "P000", "style": 3}], TEXTS)
    assert "a sheet of texts, and the key is of pairs" in wrong(tmp_path, "r.csv")


def test_no_marks_yet(tmp_path: Path) -> None:
    write_text_key(tmp_path, 1, AUTHORS)
    write_sheet(tmp_path / "r.csv", [{"item": "T000", "text": "Sì."}], TEXTS)
    assert "no marks yet" in wrong(tmp_path, "r.csv")
    (tmp_path / "r.jsonl").write_text('{"item": "T000", "style": 4}\n')
    assert f"{tmp_path / 'r.jsonl'} holds some; give the folder" in wrong(tmp_path, "r.csv")


def test_one_sheet_given_under_two_names_is_noted(tmp_path: Path) -> None:
    write_text_key(tmp_path, 10, AUTHORS)
    rows = [{"item": f"T{number:03d}", "style": number % 5 + 1} for number in range(20)]
    for name in ("rater-1.csv", "rater-1 (1).csv"):
        write_sheet(tmp_path / name, rows, TEXTS)
    assert "a sheet given twice?" in read(tmp_path, "rater-1.csv", "rater-1 (1).csv").notes[0]


def test_a_choice_is_turned_to_the_authors_by_the_side(tmp_path: Path) -> None:
    key = write_pair_key(tmp_path, [(f"p{number}", "x", "y") for number in range(4)])
    for rater in (1, 2):
        rows = [
            {"item": f"P00{number}", "choice": shown(key, rater, f"P00{number}", wish), "seconds": "7,5"}
            for number, wish in enumerate("xyx")
        ]
        rows = [row | {"rater": f"rater-{rater}"} for row in rows]
        rows.append({"rater": f"rater-{rater}", "item": "P003", "choice": "Pari"})
        write_sheet(tmp_path / f"{rater}.csv", rows, PAIRS)
    ratings = read(tmp_path, "1.csv", "2.csv")
    assert [each.outcome for each in ratings.preferences] == [0, 2, 0, 1] * 2
    assert {each.side for each in ratings.preferences} == {1, -1}
    assert ratings.sheets[0].seconds == 7.5


def test_a_rater_whose_sides_are_not_known(tmp_path: Path) -> None:
    write_pair_key(tmp_path, [("p", "x", "y")])
    write_sheet(tmp_path / "sheet.csv", [{"rater": "Anna", "item": "P000", "choice": "a"}], PAIRS)
    assert "sheet.csv row 1: rater Anna is not in the `sides`" in wrong(tmp_path, "sheet.csv")
    write_sheet(tmp_path / "rater-2.csv", [{"rater": "Anna", "item": "P000", "choice": "a"}], PAIRS)
    assert read(tmp_path, "rater-2.csv").preferences[0].rater == "Anna"
