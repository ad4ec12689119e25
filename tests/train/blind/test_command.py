"""`train blind`: sheets that do not tell who wrote a text, and a table that says how well each wrote and who agrees.

Covers train.blind.making, train.blind.page, train.blind.ratings, train.blind.sheets, train.blind.writing.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from train.blind.command import configure, main
from train.blind.languages import words as sheet_words
from train.blind.ratings import rows_of
from train.blind.sheets import REFERENCE
from train.errors import TrainError

MODELS = ("tiny/small", "tiny/large")


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    parser.add_argument("--json", action="store_true")
    return main(parser.parse_args([str(word) for word in words]))


def texts(folder: Path, model: str, count: int, stage: str = "", first: int = 0) -> Path:
    path = folder / f"{model.replace('/', '-')}{stage}.jsonl"
    rows = [
        {
            "id": f"p{number}", "question": f"Scrivi {number}, perché sì.", "prompt": f"<{model}> Scrivi {number}",
            "text": f"=Testo {number} di {len(model)} segni; «così», \"detto\"\ne altro", "model": model, "seed": 0,
            "stage": stage, "settings": "x", "language": "it", "reference": f"Articolo {number}.",
        }
        for number in range(first, first + count)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def sheets(tmp_path: Path) -> Path:
    files = [texts(tmp_path, model, 12) for model in MODELS]
    assert run("--texts", *files, "--out", tmp_path / "blind", "--raters", 3) == 0
    return tmp_path / "blind"


def key_of(folder: Path) -> dict[str, dict[str, str]]:
    return dict(json.loads((folder / "key.json").read_text())["items"])


def rate(folder: Path, marks: dict[str, tuple[int, int]], raters: int = 3, separator: str = ",") -> list[Path]:
    """Fill the sheets: author -> (style, content); the last rater is a point lower in content."""
    key = key_of(folder)
    paths = []
    for rater in range(1, raters + 1):
        path = folder / f"rater-{rater}.csv"
        rows = list(rows_of(path))
        out = io.StringIO()
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), delimiter=separator)
        writer.writeheader()
        for row in rows:
            style, content = marks[key[row["item"]]["author"]]
            writer.writerow(row | {"style": style, "content": content - (rater == raters)})
        path.write_text("\ufeff" + out.getvalue(), encoding="utf-8", newline="")
        paths.append(path)
    return paths


def test_sheets_tell_nothing_of_who_wrote(sheets: Path) -> None:
    key = key_of(sheets)
    assert {item["author"] for item in key.values()} == {*MODELS, REFERENCE}
    assert len(key) == 36
    for path in sheets.glob("rater-*"):
        content = path.read_text(encoding="utf-8")
        assert not [word for word in (*MODELS, "small", "large", "<tiny", REFERENCE) if word in content], path.name


def test_every_rater_has_every_text_in_another_order(sheets: Path) -> None:
    listed = [[row["item"] for row in rows_of(sheets / f"rater-{number}.csv")] for number in (1, 2, 3)]
    assert sorted(listed[0]) == sorted(listed[1]) == sorted(listed[2]) == sorted(key_of(sheets))
    assert listed[0] != listed[1] != listed[2]
    lines = [row["item"] for row in rows_of(sheets / "rater-2.jsonl")]
    assert lines == listed[1]


def test_the_names_do_not_follow_the_authors(sheets: Path) -> None:
    authors = [item["author"] for _, item in sorted(key_of(sheets).items())]
    longest = max(len(list(run)) for run in _runs(authors))
    assert longest < 12, "all texts of one author stand together"


def _runs(values: list[str]) -> list[list[str]]:
    runs: list[list[str]] = []
    for value in values:
        if runs and runs[-1][0] == value:
            runs[-1].append(value)
        else:
            runs.append([value])
    return runs


def test_the_same_seed_makes_the_same_sheets(sheets: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{model.replace('/', '-')}.jsonl" for model in MODELS]
    run("--texts", *files, "--out", tmp_path / "again", "--raters", 3)
    run("--texts", *files, "--out", tmp_path / "other", "--raters", 3, "--seed", 1)
    same = [path.read_bytes() == (tmp_path / "again" / path.name).read_bytes() for path in sheets.iterdir()]
    assert len(same) == 10
    assert all(same)
    assert key_of(sheets) != key_of(tmp_path / "other")


def test_the_page_is_whole_and_in_the_texts_language(sheets: Path) -> None:
    from lxml import html

    page = html.parse(str(sheets / "rater-1.html")).getroot()
    assert page.get("lang") == "it"
    assert sheet_words("it")["title"] in page.text_content()
    names = [section.get("data-item") for section in page.iter("section")]
    assert names == [row["item"] for row in rows_of(sheets / "rater-1.csv")]
    assert len(page.xpath("//input[@type='radio']")) == len(names) * 2 * 5
    assert not page.xpath("//*[@src] | //link[@href]"), "something is loaded from outside"
    assert '"così", "detto" e altro' in page.text_content(), "quotes of one kind, no line ends of a model"


def test_a_spreadsheet_computes_nothing(sheets: Path) -> None:
    for row in rows_of(sheets / "rater-1.csv"):
        assert row["text"].lstrip() == row["text"] or row["text"].startswith(" =")
        assert not row["text"].startswith("=")


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-2", "@SUM(A1)", "＝1+1", "＋1"])
@pytest.mark.parametrize(
    "before", ["", ";", "a;", "a,", "a\t", "a\n", "a\r\n", 'a;"', "a;'", "a| ", "\x00", "a\x1f", "\ufeff"]
)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|", ":"])
def test_no_cell_begins_a_formula_with_any_separator(before: str, formula: str, separator: str) -> None:
    from train.blind.sheets import Item, sheet_csv, sheet_rows

    item = Item("1", ("model",), f"{before}{formula}", (f"Testo.{before}{formula}",), "it")
    text = sheet_csv(sheet_rows({"T1": item}, ["T1"], 1, guess=False))
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=separator) for cell in row]
    cells += [
        cell for row in csv.reader(io.StringIO(text), delimiter=separator, quoting=csv.QUOTE_NONE) for cell in row
    ]
    assert not [cell for cell in cells if cell.lstrip('"').startswith(("=", "+", "-", "@", "＝", "＋"))]
    assert formula in text


def test_the_table_says_who_wrote_better(sheets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = rate(sheets, {MODELS[0]: (2, 3), MODELS[1]: (4, 4), REFERENCE: (5, 5)})
    capsys.readouterr()
    assert run("--read", *paths, "--key", sheets / "key.json", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert {author: mean["mean"] for author, mean in told["style"]["means"].items()} == {
        MODELS[0]: 2, MODELS[1]: 4, REFERENCE: 5,
    }  # fmt: skip
    assert told["content"]["means"][MODELS[0]]["mean"] == pytest.approx(3 - 1 / 3)
    assert told["style"]["agreement"]["alpha"] == 1.0
    assert 0 < told["content"]["agreement"]["alpha"] < 1
    first = told["style"]["differences_from"]
    assert first == MODELS[0], "the first file's"
    assert told["style"]["differences"][MODELS[1]]["difference"] == 2
    assert run("--read", *paths, "--key", sheets / "key.json") == 0
    shown = capsys.readouterr().out
    assert "Krippendorff" in shown
    assert REFERENCE in shown


def test_other_spreadsheets_and_gaps_are_read(sheets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = rate(sheets, {MODELS[0]: (2, 3), MODELS[1]: (4, 4), REFERENCE: (5, 5)}, separator=";")
    listed = "".join(f"{name};5;\r\n" for name in list(key_of(sheets))[:3])
    paths[1].write_text(f"item;style;content\r\n{listed}")
    paths[2].write_text("item\tstyle\tcontent\n")
    capsys.readouterr()
    assert run("--read", *paths, "--key", sheets / "key.json", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(mean["marks"] for mean in told["style"]["means"].values()) == 36 + 3
    assert told["style"]["agreement"]["items"] == 3
    assert told["content"]["agreement"]["alpha"] is None


def test_everything_wrong_is_told_at_once(sheets: Path) -> None:
    names = list(key_of(sheets))
    sheet = sheets / "filled.csv"
    sheet.write_text(
        f"item,style,content\n{names[0]},6,2\n{names[1]},4,good\nT999,3,3\n{names[0]},3,3\n{names[2]},3.0,\n"
    )
    with pytest.raises(TrainError) as told:
        run("--read", sheet, "--key", sheets / "key.json")
    line = str(told.value)
    assert "\n" not in line
    for part in ("row 1: style '6'", "row 2: content 'good'", "T999", "twice"):
        assert part in line
    assert "row 5" not in line


def test_marks_are_never_overwritten(sheets: Path, tmp_path: Path) -> None:
    rate(sheets, {MODELS[0]: (2, 3), MODELS[1]: (4, 4), REFERENCE: (5, 5)})
    before = (sheets / "rater-1.csv").read_bytes()
    files = [tmp_path / f"{model.replace('/', '-')}.jsonl" for model in MODELS]
    with pytest.raises(TrainError, match="holds marks"):
        run("--texts", *files, "--out", sheets, "--seed", 4)
    assert (sheets / "rater-1.csv").read_bytes() == before


def test_only_what_all_answered_is_rated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [texts(tmp_path, MODELS[0], 5), texts(tmp_path, MODELS[1], 5, first=2)]
    assert run("--texts", *files, "--out", tmp_path / "blind", "--no-reference", "--limit", 2, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["texts"], told["prompts"], told["left_out"], told["authors"]) == (4, 2, 4, sorted(MODELS))


def test_length_does_not_tell_people_from_models(tmp_path: Path) -> None:
    path = texts(tmp_path, MODELS[0], 3)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row | {"text": "Due parole. E altre."}) + "\n" for row in rows))
    assert run("--texts", path, "--out", tmp_path / "blind", "--max-words", 2) == 0
    assert {row["text"] for row in rows_of(tmp_path / "blind/rater-1.csv")} == {
        "Due parole.", "Articolo 0.", "Articolo 1.", "Articolo 2.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (lambda folder: ["--texts", texts(folder, "a", 1)], "--out"),
        (lambda folder: [], "--texts"),
        (lambda folder: ["--read", folder / "x.csv"], "--key"),
        (lambda folder: ["--texts", *[texts(folder, "a", 1)] * 2, "--out", folder / "o"], "--stage"),
        (
            lambda folder: ["--texts", texts(folder, "a", 1), texts(folder, "b", 1, first=5), "--out", folder / "o"],
            "prompt",
        ),
        (lambda folder: ["--texts", texts(folder, "a", 1), texts(folder, "b", 0), "--out", folder / "o"], "no texts"),
    ],
)
def test_mistakes_are_named(words: Any, where: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=where):
        run(*words(tmp_path))


def test_stages_of_one_model_are_two_authors(tmp_path: Path) -> None:
    files = [texts(tmp_path, "a", 2, stage) for stage in ("before", "after")]
    assert run("--texts", *files, "--out", tmp_path / "blind", "--no-reference") == 0
    assert {item["author"] for item in key_of(tmp_path / "blind").values()} == {"a (before)", "a (after)"}


@pytest.mark.parametrize("content", ["", "[]", '{"items": 3}', "no json"])
def test_a_foreign_key_is_one_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text(content)
    (tmp_path / "rater-1.csv").write_text("item,style,content\n")
    with pytest.raises(TrainError, match="no key"):
        run("--read", tmp_path / "rater-1.csv", "--key", tmp_path / "key.json")
