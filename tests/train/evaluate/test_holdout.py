"""The hold-out: what counts as seen, whose sources are whose, which rows tell of one event, what is later than what."""

from __future__ import annotations

import json
import random
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.train.evaluate import evaluate_fixtures as export
from train.data.conversations import conversation_of
from train.errors import TrainError
from train.evaluate.holdout import Row, events_of, read_holdout, read_texts, reasons_seen, sources_of
from train.metrics.copying import Corpus

FORM = "Riassumi in un unico testo gli articoli che seguono, senza ripetizioni e senza aggiungere nulla di tuo, grazie."


def text(name: str, length: int = 60) -> str:
    return export.sentence("it", random.Random(name), length)


def left_out(training: list[tuple[str, str]], held: list[tuple[str, str]]) -> dict[str, str]:
    """name of a held-out (request, answer) -> why it counts as seen."""
    rows = [
        Row(str(number), [{"role": "user", "content": asked}], answer) for number, (asked, answer) in enumerate(held)
    ]
    known = [conversation_of({"instruction": asked, "output": answer}) for asked, answer in training]
    corpus = Corpus(turn["content"] for chat in known for turn in chat.messages)
    return reasons_seen(rows, known, corpus)


def test_the_same_answer_is_seen_whatever_was_asked() -> None:
    answer = text("answer")
    assert left_out([(text("a"), answer)], [(text("b"), answer)]) == {"0": "same answer"}
    decomposed = unicodedata.normalize("NFD", answer.upper())
    assert left_out([(text("a"), answer)], [(text("b"), decomposed)]) == {"0": "same answer"}


def test_a_short_answer_alone_is_no_proof() -> None:
    training = [("Il ponte è aperto?", "No"), ("Il porto è chiuso?", "Sì")]
    assert left_out(training, [("Il teatro è aperto?", "No"), ("Il porto è chiuso?", "Sì")]) == {"1": "same answer"}


def test_half_of_the_runs_make_a_near_copy() -> None:
    words = text("answer", 61).split()
    # 49 runs of 13 words. The first 37 words have 25 of them, the first 36 have 24.
    more, less = (" ".join([*words[:count], *text("other", 61 - count).split()]) for count in (37, 36))
    training = [(text("a"), " ".join(words))]
    assert left_out(training, [(text("b"), more), (text("c"), less)]) == {"0": "nearly the same answer"}


def test_the_same_source_makes_a_request_seen_but_a_form_of_words_does_not() -> None:
    training = [(f"{FORM}\n\n{text(f'source {number}', 24)}", text(f"answer {number}")) for number in range(12)]
    fresh = (f"{FORM}\n\n{text('new source', 24)}", text("new answer"))
    copied = (f"{FORM}\n\n{text('source 3', 24)}", text("another answer"))
    assert left_out(training, [fresh, copied]) == {"1": "nearly the same request"}
    # In a handful of rows nobody can tell a form of words from a text: 11 runs of the form, 36 others.
    assert left_out(training[:3], [fresh]) == {}


def test_nothing_is_seen_without_training_rows_that_say_it() -> None:
    assert left_out([("Ciao?", "Ciao!")], [(text("a"), text("b")), ("", "x")]) == {}


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ({"content": "Scrivi una poesia."}, []),
        ({"content": "Riassumi.\n\nUn testo.", "input": "Un testo."}, ["Un testo."]),
        (
            {"content": "x", "input": "- Titolo: Ponte\n  Fonte: Ansa\n\n  Testo: Riapre.\nEcco:\n- Orari: alle 8\n"
                                      "- Titolo: Porto\n  Testo: Chiude."},
            ["Ponte\nAnsa\n\nRiapre.\nEcco:\nalle 8", "Porto\nChiude."],
        ),
        (
            {"content": "Tóm tắt.\n\n- Tiêu đề: Cầu mới\n  Nội dung: Khởi công.\n- Tiêu đề: Chợ\n  Nội dung: Mở cửa."},
            ["Cầu mới\nKhởi công.", "Chợ\nMở cửa."],
        ),
        ({"content": "Riassumi:\n\n- Title: A \n Content: B."}, ["A \nB."]),
    ],
)  # fmt: skip
def test_sources_are_told_apart(turn: dict[str, str], expected: list[str]) -> None:
    assert sources_of(turn) == expected


def litgpt_export(folder: Path) -> list[dict[str, Any]]:
    """What `synth export` writes by default: rows without keys, and the links of all of them in one order."""
    rows = [{name: row[name] for name in ("instruction", "input", "output")} for row in export.rows(0, 6)]
    (folder / "litgpt").mkdir(parents=True)
    (folder / "litgpt/train.json").write_text(json.dumps(rows[:3]))
    (folder / "litgpt/val.json").write_text(json.dumps(rows[3:]))
    (folder / "alpaca.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    links = [["a"], ["b"], ["c"], ["d", "e"], ["f"], ["e", "g"]]
    (folder / "sources.jsonl").write_text("".join(json.dumps({"key": "k", "links": own}) + "\n" for own in links))
    return rows


def manifest(folder: Path, **more: Any) -> None:
    counts = {"train": {"last_day": "2026-03-04"}, "validation": {"first_day": "2026-03-05"}}
    (folder / "manifest.json").write_text(json.dumps({"counts": counts, "days_overlap": False, **more}))


def test_events_are_known_by_the_articles_that_rows_share(tmp_path: Path) -> None:
    litgpt_export(tmp_path)
    holdout = read_holdout(tmp_path)
    assert holdout.split == "val"
    first, second, third = holdout.groups
    assert first == third != second
    # With rows left out of one of the files nothing says which links are whose.
    (tmp_path / "sources.jsonl").write_text('{"key": "k", "links": ["a"]}\n')
    assert events_of(tmp_path) == {}
    assert len(set(read_holdout(tmp_path).groups)) == 3


def test_without_dates_the_manifest_is_asked(tmp_path: Path) -> None:
    litgpt_export(tmp_path)
    assert read_holdout(tmp_path).dates == {
        "known": False, "later": None, "summary": "not known: neither rows nor a manifest have dates",
    }  # fmt: skip
    manifest(tmp_path)
    told = read_holdout(tmp_path).dates
    assert (told["known"], told["later"], told["training_to"]) == (True, True, "2026-03-04")
    assert read_holdout(tmp_path / "litgpt").dates == told
    assert len(set(read_holdout(tmp_path / "litgpt").groups)) == 2
    manifest(tmp_path, days_overlap=True)
    assert read_holdout(tmp_path).dates["later"] is False


def test_rows_that_are_older_than_training_are_counted(tmp_path: Path) -> None:
    held = export.rows(100, 4)
    held[0]["date"] = "2026-01-01"
    held[2]["date"] = ""
    export.write_export(tmp_path, export.rows(0, 10), held)
    dates = read_holdout(tmp_path).dates
    assert (dates["later"], dates["rows_before"], dates["undated"]) == (False, 1, 1)
    assert dates["summary"].startswith("2 of 4 rows are not older")


def test_an_export_without_a_hold_out_is_refused(tmp_path: Path) -> None:
    rows = export.rows(0, 4)
    path = tmp_path / "all.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(TrainError, match="no hold-out"):
        read_holdout(path)
    export.write_export(tmp_path / "seen", rows, rows[:2])
    with pytest.raises(TrainError, match="all 2 rows of the test split of"):
        read_holdout(tmp_path / "seen")


def test_one_request_may_be_answered_twice(tmp_path: Path) -> None:
    held = export.rows(100, 2)
    held[1] |= {"key": held[0]["key"], "instruction": held[0]["instruction"], "input": held[0]["input"]}
    export.write_export(tmp_path, export.rows(0, 4), held)
    assert [row.id for row in read_holdout(tmp_path).rows] == [held[0]["key"], f"{held[0]['key']}~2"]


ASKED = {name: export.row(101, "it")[name] for name in ("instruction", "input")}


@pytest.mark.parametrize(
    "given",
    [
        {"id": "it0101", "text": "Fatto."},
        {"key": "it0101", "answer": "Fatto."},
        {**ASKED, "output": "Fatto."},
        {"prompt": " ".join(ASKED.values()), "text": "Fatto."},
        {"messages": [{"role": "user", "content": "\n\n".join(ASKED.values())}], "text": "Fatto."},
    ],
)
def test_texts_find_their_rows(given: dict[str, Any], tmp_path: Path) -> None:
    export.write_export(tmp_path / "export", export.rows(0, 4), export.rows(100, 4))
    rows = read_holdout(tmp_path / "export").rows
    path = tmp_path / "texts.jsonl"
    path.write_text(json.dumps({"id": "unknown", "text": "x"}) + "\n" + json.dumps(given) + "\n")
    assert read_texts(path, rows) == {"it0101": "Fatto."}


def test_texts_of_other_rows_are_refused(tmp_path: Path) -> None:
    export.write_export(tmp_path / "export", export.rows(0, 4), export.rows(100, 4))
    path = tmp_path / "texts.jsonl"
    path.write_text('{"id": "elsewhere", "text": "x"}\n')
    with pytest.raises(TrainError, match="answers no row"):
        read_texts(path, read_holdout(tmp_path / "export").rows)
