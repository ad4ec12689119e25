"""Sheets with people's texts, guesses and pairs: what they hold, and what their key says."""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from train.blind.command import configure, main
from train.blind.sheets import COLUMNS
from train.errors import TrainError

NOUNS = ["ponte", "treno", "sindaco", "mercato", "scuola", "fiume", "teatro", "museo", "porto", "campo"]


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    parser.add_argument("--json", action="store_true")
    return main(parser.parse_args([str(word) for word in words]))


def prose(seed: str, sentences: int) -> str:
    generator = random.Random(seed)
    return " ".join(
        f"Il {generator.choice(NOUNS)} del paese {' '.join(generator.choices(NOUNS, k=generator.randint(4, 14)))} oggi."
        for _ in range(sentences)
    )


def question(number: int) -> str:
    article = prose(f"article {number}", 16)
    return f"Riassumi.\n\n- Titolo: Notizia {number}\n  Fonte: ANSA, 8 gennaio 2024\n\n  Testo: {article}\n"


def texts(folder: Path, model: str, count: int, sentences: int = 9) -> Path:
    path = folder / f"{model}.jsonl"
    rows = [
        {
            "id": f"p{number}", "question": question(number), "prompt": "?", "model": model, "language": "it",
            "text": f"Ecco il riassunto:\n\n**{prose(f'{model} {number}', sentences)}**\n\n\n\nE poi si",
            "reference": prose(f"reference {number}", 10),
        }
        for number in range(count)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "export.jsonl"
    rows = [{"language": "it", "question": question(number), "answer": "Breve."} for number in range(12)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def key_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "key.json").read_text(encoding="utf-8")))


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_people_beside_machines(tmp_path: Path, export: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = texts(tmp_path, "small", 12)
    out = tmp_path / "blind"
    assert run("--texts", model, "--human", export, "--no-reference", "--out", out, "--raters", 2, "--json") == 0
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["texts"], outcome["articles"], outcome["guess"]) == (24, {"matched": 12}, True)
    key = key_of(out)
    assert {name: key[name] for name in ("version", "kind", "seed", "raters", "authors", "human")} == {
        "version": 2, "kind": "texts", "seed": 0, "raters": 2, "authors": ["small", "human"], "human": ["human"],
    }  # fmt: skip
    assert Counter(item["author"] for item in key["items"].values()) == {"small": 12, "human": 12}
    rows = rows_of(out / "rater-2.jsonl")
    assert {row["request"] for row in rows} == {f"Notizia {number}" for number in range(12)}
    for row in rows:
        assert tuple(row) == COLUMNS["texts"]
        assert row["rater"] == 2
        assert key["items"][row["item"]]["words"] == len(row["text"].split())
        assert (row["guess"], row["confidence"], row["style"], row["remark"]) == (None, None, None, "")
        assert row["text"].startswith("Il ")
        assert row["text"].endswith("oggi.")
        assert "*" not in row["text"]
    assert [row["text"] for row in rows_of(out / "rater-2.csv")] == [row["text"] for row in rows]


def test_neither_length_nor_form_tells(tmp_path: Path, export: Path) -> None:
    out = tmp_path / "blind"
    run("--texts", texts(tmp_path, "small", 12, sentences=20), "--human", export, "--out", out, "--max-words", 100)
    words: dict[str, list[int]] = {}
    for item in key_of(out)["items"].values():
        words.setdefault(item["id"], []).append(item["words"])
    assert all(max(each) <= 100 and max(each) - min(each) <= 20 for each in words.values())


def test_a_guess_is_asked_with_people_only_unless_told(
    tmp_path: Path, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = texts(tmp_path, "small", 4)
    for words, asked in (([], ""), (["--guess"], None), (["--human", export, "--no-guess"], ""), (["--human"], None)):
        out = tmp_path / "-".join(["out", *map(str, words)]).replace("/", "_")
        assert run("--texts", model, "--out", out, *words) == 0
        assert {row["guess"] for row in rows_of(out / "rater-1.jsonl")} == {asked}
        page = (out / "rater-1.html").read_text(encoding="utf-8")
        assert ('data-field="guess"' in page) == (asked is None)
        assert ("no author is a person" in capsys.readouterr().out) == (words == ["--guess"])
    assert key_of(tmp_path / "out---human")["human"] == ["reference"]


def test_pairs_show_two_texts_of_one_prompt(tmp_path: Path, export: Path) -> None:
    files = [texts(tmp_path, "small", 9), texts(tmp_path, "large", 9)]
    out = tmp_path / "pairs"
    words = ["--no-reference", "--pairs", "--limit", 18, "--raters", 3, "--seed", 5]
    assert run("--texts", *files, "--human", export, "--out", out, *words) == 0
    key = key_of(out)
    assert (key["kind"], key["authors"], len(key["items"])) == ("pairs", ["small", "large", "human"], 18)
    assert Counter(author for item in key["items"].values() for author in item["authors"]) == {
        "small": 12, "large": 12, "human": 12,
    }  # fmt: skip
    shown = {}
    for rater in (1, 2, 3):
        rows = rows_of(out / f"rater-{rater}.jsonl")
        assert {tuple(row) for row in rows} == {COLUMNS["pairs"]}
        assert set(key["sides"][str(rater)]) == {row["item"] for row in rows} == set(key["items"])
        shown[rater] = {row["item"]: (row["text_a"], row["text_b"]) for row in rows}
        assert [row["item"] for row in rows] != sorted(row["item"] for row in rows)
    for item, entry in key["items"].items():
        for rater in (1, 2, 3):
            turned = key["sides"][str(rater)][item] == "yx"
            counted = [len(text.split()) for text in shown[rater][item]]
            assert counted == (entry["words"][::-1] if turned else entry["words"])
        assert shown[1][item] == shown[2][item][::-1]


def test_articles_of_other_events_are_shown_without_requests(tmp_path: Path) -> None:
    articles = tmp_path / "articles.jsonl"
    rows = [
        {
            "title": f"A{number}",
            "content": prose(f"other {number}", 12),
            "link": f"https://www.ansa.it/2024/01/0{number}/x.html",
        }
        for number in range(1, 7)
    ]
    articles.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    out = tmp_path / "blind"
    assert run("--texts", texts(tmp_path, "small", 8), "--human", articles, "--no-reference", "--out", out) == 0
    assert {row["request"] for row in rows_of(out / "rater-1.jsonl")} == {""}
    assert len(key_of(out)["items"]) == 12, "six articles, six prompts"


def test_as_written_leaves_form_and_full_length_leaves_length(tmp_path: Path) -> None:
    model = texts(tmp_path, "small", 3)
    assert run("--texts", model, "--out", tmp_path / "o", "--as-written", "--full-length") == 0
    found = {row["text"] for row in rows_of(tmp_path / "o/rater-1.jsonl")}
    assert sum(text.startswith("Ecco il riassunto:\n\n**") and text.endswith("**\n\nE poi si") for text in found) == 3


def test_other_sheets_of_the_folder_go_and_marked_ones_stay(tmp_path: Path) -> None:
    model, out = texts(tmp_path, "small", 3), tmp_path / "o"
    run("--texts", model, "--out", out, "--raters", 4)
    run("--texts", model, "--out", out, "--raters", 2, "--seed", 1)
    assert sorted(path.name for path in out.glob("*.jsonl")) == ["rater-1.jsonl", "rater-2.jsonl"]
    rows = rows_of(out / "rater-2.jsonl")
    rows[0]["style"] = 4
    (out / "rater-2.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    before = (out / "key.json").read_bytes()
    with pytest.raises(TrainError, match=r"rater-2\.jsonl holds marks"):
        run("--texts", model, "--out", out, "--seed", 2)
    assert (out / "key.json").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["--pairs", "--guess"], "one text at a time"),
        (["--pairs", "--no-reference"], "two authors"),
        (["--human", "missing"], "does not exist"),
        (["--human", "--no-reference"], "no-reference"),
        (["--limit", 0], "must be 1"),
        (["--raters", 0], "must be 1"),
        (["--max-words", 0], "must be 1"),
    ],
)
def test_mistakes_are_named(words: list[object], where: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=where):
        run("--texts", texts(tmp_path, "small", 2), "--out", tmp_path / "o", *words)
    assert not (tmp_path / "o").exists()
