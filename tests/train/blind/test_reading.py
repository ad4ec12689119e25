"""`train blind --read` and `--plan` from the outside: what is printed, what the page says, and what is wrong.

Covers train.blind.results, train.blind.sentences, train.blind.report, train.blind.report.charts,
train.blind.report.terminal.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from tests.train.blind.sheet_files import PAIRS, TEXTS, shown, write_pair_key, write_sheet, write_text_key
from train.blind.command import configure, main
from train.errors import TrainError

HOSTILE = "after <script>alert(1)</script> & {{ 7 * 7 }}"
AUTHORS = ["before", HOSTILE, "people"]


def run(*words: object) -> int:
    parser = argparse.ArgumentParser()
    configure(parser)
    parser.add_argument("--json", action="store_true")
    return main(parser.parse_args([str(word) for word in words]))


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """Three raters, 15 prompts: `after` is better in style, alike in content; guesses are right 8 times in 10."""
    key = json.loads(write_text_key(tmp_path, 15, AUTHORS, ["people"]).read_text())
    drawn = random.Random(0)
    for rater in (1, 2, 3):
        rows = []
        for name, item in key["items"].items():
            machine, right = item["author"] != "people", drawn.random() < 0.8
            rows.append({
                "rater": f"rater-{rater}", "item": name, "text": "Due parole", "seconds": drawn.randint(20, 60),
                "style": drawn.choice([2, 3]) + (item["author"] == HOSTILE), "content": drawn.choice([2, 3, 4]),
                "guess": "machine" if machine == right else "human", "confidence": 5 if right else 2,
            })  # fmt: skip
        rows[-1] |= {"content": "", "guess": "", "confidence": ""}
        write_sheet(tmp_path / f"rater-{rater}.csv", rows, TEXTS, separator=";" if rater == 2 else ",")
    return tmp_path


def pairs_in(folder: Path, wishes: Sequence[tuple[str, str, str]], raters: int = 3) -> Path:
    """Sheets of pairs: (author x, author y, what all raters prefer: x, y or tie), each of a prompt of its own."""
    key = write_pair_key(folder, [(f"p{number}", x, y) for number, (x, y, _) in enumerate(wishes)], raters)
    for rater in range(1, raters + 1):
        rows = [
            {"rater": f"rater-{rater}", "item": f"P{number:03d}", "choice": shown(key, rater, f"P{number:03d}", wish)}
            for number, (_, _, wish) in enumerate(wishes)
        ]
        write_sheet(folder / f"rater-{rater}.csv", rows, PAIRS)
    return folder


def results(folder: Path, capsys: pytest.CaptureFixture[str], *more: object) -> dict[str, Any]:
    capsys.readouterr()
    assert run("--read", folder, "--json", *more) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_texts_from_sheets_to_verdicts(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = results(texts, capsys)
    assert found["style"]["differences"][HOSTILE]["verdict"] == "better"
    assert found["content"]["differences"][HOSTILE]["verdict"] == "undecided"
    assert found["style"]["means"]["before"]["marks"] == 45
    assert found["filled"] == {"listed": 135, "marked": 135, "partial": 3}
    assert found["guesses"]["all"]["low"] > 0
    assert found["guesses"]["confidence"]["area"] == 1
    assert found["guesses"]["agreement"]["items"] == 44
    assert found["sentence"].startswith(f"People marked the style of {HOSTILE} 1")
    assert "better. People marked the content" in found["sentence"]
    assert "undecided. They told human from machine in" in found["sentence"]
    assert found["notes"] == ["3 items are marked in part: what is there counts"]


def test_no_difference_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = json.loads(write_text_key(tmp_path, 12, ["before", "after"], []).read_text())
    for rater in (1, 2, 3):
        rows = [
            {"rater": f"rater-{rater}", "item": name, "text": "Due parole", "style": 3,
             "content": 3 + (item["author"] == "after")}
            for name, item in key["items"].items()
        ]  # fmt: skip
        write_sheet(tmp_path / f"rater-{rater}.csv", rows, TEXTS)
    sentence = results(tmp_path, capsys)["sentence"]
    assert sentence.startswith("People marked the style of after the same as that of before")
    assert "the content of after 1.00 higher than that of before" in sentence


def test_the_terminal_says_the_same(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = results(texts, capsys)
    assert run("--read", *sorted(texts.glob("*.csv")), "--key", texts) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == found["sentence"]
    for word in ("Krippendorff", "majority", "taken for human", "confidence", "rater-3"):
        assert any(word in line for line in lines), word
    assert lines[-1] == f"open {texts / 'results.html'}"
    assert not any(line != line.rstrip() for line in lines)


def test_the_page_opens_with_the_sentence_and_runs_nothing(texts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = results(texts, capsys, "--html", texts / "deep/page.html")
    page = html.parse(str(texts / "deep/page.html")).getroot()
    head = " ".join(part.text_content() for part in page.xpath("//header/p"))
    assert " ".join(head.replace("\xa0", " ").split()) == " ".join(found["sentence"].split())
    assert not page.xpath("//script | //*[@src] | //link[@rel='stylesheet'] | //*[@onclick]")
    assert HOSTILE in page.text_content()
    assert not (texts / "results.html").exists()
    assert len(page.xpath("//ul[@class='cards']/li")) == 5
    assert {section.get("id") for section in page.iter("section")} == {
        "style",
        "content",
        "guesses",
        "raters",
        "method",
    }
    assert {link.get("href")[1:] for link in page.xpath("//nav/a")} <= {
        each.get("id") for each in page.xpath("//*[@id]")
    }


def test_pairs_that_are_decided(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wishes = [("before", "after", "y")] * 14 + [("before", "after", "x")] * 2 + [("before", "after", "tie")] * 4
    found = results(pairs_in(tmp_path, wishes), capsys)
    (row,) = found["shares"]
    assert (row["first_preferred"], row["ties"], row["second_preferred"], row["verdict"]) == (6, 12, 42, "better")
    assert found["sentence"].startswith(
        "People preferred after to before in 70 % of 60 comparisons, before to after in 10 %, neither in the rest; ties"
        " halved 80 % (95 %: "
    )
    assert found["sentence"].endswith("after is better.")
    assert found["agreement"]["nominal"]["alpha"] == 1
    assert found["sides"]["share"] == pytest.approx(0.5, abs=0.05)
    page = html.parse(str(tmp_path / "results.html")).getroot()
    assert {section.get("id") for section in page.iter("section")} == {
        "preferences",
        "strengths",
        "sides",
        "raters",
        "method",
    }


def test_pairs_without_ties_that_are_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wishes = [("before", "after", "xy"[number % 2]) for number in range(20)]
    found = results(pairs_in(tmp_path, [*wishes, ("before", "after", "x")]), capsys)
    line = found["sentence"]
    assert line.startswith("People preferred before to after in 52 % of 63 comparisons (95 %: ")
    assert line.endswith("): undecided.")


def test_the_headline_of_several_is_the_strongest_against_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn, wishes = random.Random(3), []
    for x, y, share in (("a", "b", 0.5), ("a", "c", 0.2), ("b", "c", 0.3)):
        wishes += [(x, y, "x" if drawn.random() < share else "y") for _ in range(30)]
    found = results(pairs_in(tmp_path, wishes), capsys)
    assert found["sentence"].startswith("People preferred c to a in ")
    assert found["strengths"]["differences"]["c"]["verdict"] == "better"
    assert run("--read", tmp_path) == 0
    shown_lines = capsys.readouterr().out
    assert "c to a" in shown_lines
    assert "Davidson" in shown_lines


def test_one_rater_speaks_for_himself_and_few_texts_say_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = results(pairs_in(tmp_path, [("x", "y", "y")] * 6, raters=1), capsys)
    assert "one rater: intervals are over texts alone and say nothing of other raters; 3 needed" in found["notes"]
    assert found["sentence"].endswith("undecided, too few prompts: 6, 10 needed.")
    assert found["agreement"]["nominal"]["alpha"] is None
    assert run("--read", tmp_path) == 0
    assert "undefined: no pair has marks of two raters" in capsys.readouterr().out


def test_a_sheet_of_one_author_has_means_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text_key(tmp_path, 3, ["alone"])
    write_sheet(tmp_path / "r.csv", [{"item": f"T00{number}", "style": 4} for number in range(3)], TEXTS)
    found = results(tmp_path, capsys)
    assert found["sentence"] == "People gave alone 4.00 of 5 for style."
    assert found["guesses"] is None


def test_a_rater_who_gives_all_texts_one_mark_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text_key(tmp_path, 12, ["m"])
    rows = [{"item": f"T{number:03d}", "style": 3, "content": 3} for number in range(12)]
    write_sheet(tmp_path / "tired.csv", rows, TEXTS)
    assert "tired gave every text the same marks" in results(tmp_path, capsys)["notes"]


def test_the_key_beside_the_sheets_is_taken_and_a_page_that_cannot_be_written_is_no_error(
    texts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (texts / "results.html").mkdir()
    assert run("--read", texts / "rater-1.csv", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["sheets"] == 1
    assert "no page: cannot write" in told.err
    with pytest.raises(TrainError, match="cannot write"):
        run("--read", texts / "rater-1.csv", "--html", texts / "results.html")
    (texts / "key.json").unlink()
    with pytest.raises(TrainError, match="--key"):
        run("--read", texts / "rater-1.csv")


@pytest.mark.parametrize(
    ("effect", "share", "size"),
    [("0.3", False, 0.3), ("0,5", False, 0.5), (".3", False, 0.3), ("58%", True, 0.08), ("42 %", True, 0.08)],
)
def test_a_plan_of_an_effect(effect: str, share: bool, size: float, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--plan", "--effect", effect, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["share"] == share
    assert told["effect"] == pytest.approx(size)
    assert {row["raters"] for row in told["table"]} == {int(raters) for raters in told["needed"]}
    assert all(0 <= row["power"] <= 1 for row in told["table"])


def test_a_plan_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--plan", "--effect", "0.5", "--power", "90%") == 0
    shown_lines = capsys.readouterr().out
    assert shown_lines.startswith("Probability (%) that a difference of 0.5 points is seen")
    assert "enough: texts for 90 %" in shown_lines


def test_a_plan_from_earlier_results(
    texts: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "texts.json").write_text(json.dumps(results(texts, capsys)))
    assert run("--plan", "--effect", "0.3", "--from", folder / "texts.json", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["source"] == str(folder / "texts.json")
    assert told["components"]["rest"] > 0.2
    with pytest.raises(TrainError, match="holds marks"):
        run("--plan", "--effect", "58%", "--from", folder / "texts.json")
    (folder / "pairs.json").write_text(json.dumps(results(pairs_in(folder, [("x", "y", "x")] * 12, raters=2), capsys)))
    with pytest.raises(TrainError, match="how raters differ"):
        run("--plan", "--effect", "58%", "--from", folder / "pairs.json")
    with pytest.raises(TrainError, match="holds choices"):
        run("--plan", "--effect", "0.3", "--from", folder / "pairs.json")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--plan"], "--effect"), (["--plan", "--effect", "big"], "'big'"), (["--plan", "--effect", "50%"], "50%"),
        (["--plan", "--effect", "0"], "'0'"), (["--plan", "--effect", "9"], "'9'"),
        (["--plan", "--effect", "0.3", "--power", "80"], "--power"), (["--plan", "--read", "x.csv"], "--plan"),
        (["--plan", "--effect", "0.3", "--from", "absent.json"], "absent.json"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_plan_is_named(words: list[str], line: str) -> None:
    with pytest.raises(TrainError, match=line):
        run(*words)


def test_a_file_that_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('{"kind": "texts"}')
    with pytest.raises(TrainError, match="no result"):
        run("--plan", "--effect", "0.3", "--from", tmp_path / "r.json")
