"""Preferences: which edits and rejections make a pair, why others do not, and that no pair crosses the splits.

Covers synth.export.preferences, synth.export.preference_card, synth.export.formats.preference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from synth.__main__ import main
from synth.export.preferences import edit_problem, folded, pairs_of
from tests.synth.export.test_command import bytes_of, manifest, sample
from tests.synth.export.test_command import store as store_fixture

store = store_fixture
TURNS = [{"role": "user", "content": "Chi ha vinto?"}, {"role": "assistant", "content": "Nessuno, finora."}]


def change(store: Any, number: int, **fields: Any) -> None:
    store.samples.update_one({"key": sample(number)["key"]}, {"$set": fields})


def edit(store: Any, number: int, **fields: Any) -> None:
    """As `synth review` stores an edit."""
    row = sample(number)
    before = {"original_answer": row["answer"], "original_question": row["question"]}
    change(store, number, **({"status": "edited", "answer": f"Risposta corretta {number}."} | before | fields))


def rows(name: str = "preference") -> dict[str, list[dict[str, Any]]]:
    """split -> rows."""
    files = sorted(Path("export", name).glob("*.jsonl"))
    return {file.stem: [json.loads(line) for line in file.read_text("utf-8").split("\n") if line] for file in files}


def every(name: str = "preference") -> list[dict[str, Any]]:
    return [row for some in rows(name).values() for row in some]


def test_an_edit_in_both_forms(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    edit(store, 3, system="Sei un giornalista.")
    edit(store, 4)
    assert main(["export", "--format", "preference", "--format", "preference-plain"]) == 0
    out = capsys.readouterr().out
    assert "2 rows in export" in out
    assert "preference: 2 pairs (2 edited, 0 of two answers)" in out
    assert "18 not edited" in out
    (row,) = [row for row in every() if row["key"] == sample(3)["key"]]
    assert row["prompt"] == [
        {"role": "system", "content": "Sei un giornalista."}, {"role": "user", "content": sample(3)["question"]},
    ]  # fmt: skip
    assert row["chosen"] == [{"role": "assistant", "content": "Risposta corretta 3."}]
    assert row["rejected"] == [{"role": "assistant", "content": "Risposta «3» è qui."}]
    assert (row["language"], row["kind"]) == ("it", "edit")
    (row,) = [row for row in every("preference-plain") if row["key"] == sample(3)["key"]]
    assert row["prompt"] == f"Sei un giornalista.\n\n{sample(3)['question']}"
    assert (row["chosen"], row["rejected"]) == ("Risposta corretta 3.", "Risposta «3» è qui.")


def test_what_makes_no_pair_is_counted_by_reason(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    edit(store, 0)
    edit(store, 1, answer="  Risposta «1»\u00a0è\nqui. ")
    edit(store, 2, answer="Risposta\u200b «2» e\u0300 qui.")
    edit(store, 3, original_question="Un'altra domanda?")
    edit(store, 4, original_question=f" {sample(4)['question']}\n")
    change(store, 5, status="edited", answer="Senza l'originale.")
    edit(store, 6, original_answer=" \n")
    change(store, 7, status="accepted")
    edit(store, 8, status="new")
    edit(store, 9, status="rejected")
    edit(store, 10, history=TURNS)
    assert main(["export", "--format", "preference", "--format", "preference-plain", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["key"] for row in every()} == {sample(number)["key"] for number in (0, 4, 10)}
    assert told["left_out"] == {
        "not_edited": 11, "original_unknown": 2, "question_changed": 1, "rejected": 1, "white_space_edit": 2,
    }  # fmt: skip
    assert told["left_out_of"] == {"preference-plain": {"several_turns": 1}}
    counts = told["preference"]["formats"]
    assert (counts["preference"]["pairs"], counts["preference-plain"]["pairs"]) == (3, 2)
    assert "edited or accepted" in told["preference"]["chosen"]
    assert "before the edit" in told["preference"]["rejected"]


def test_beside_other_formats_nothing_is_left_out_of_them(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    edit(store, 3)
    assert main(["export", "--format", "alpaca", "--format", "preference"]) == 0
    captured = capsys.readouterr()
    assert "preference: 1 pair (1 edited, 0 of two answers), without one: 19 not edited" in captured.out
    assert captured.err == ""
    assert manifest()["files"]["alpaca.jsonl"]["rows"] == 20
    assert manifest()["left_out_of"] == {"preference": {"not_edited": 19}}


def test_two_answers_of_one_request(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {name: sample(0)[name] for name in ("question", "instruction", "sources", "event")}
    change(store, 0, status="accepted")
    change(store, 1, status="rejected", answer="Sbagliata.", **asked)
    # The same words are no preference, nor is another language, another system message or an unmarked answer.
    change(store, 2, status="rejected", **(asked | {"answer": f" {sample(0)['answer']}"}))
    change(store, 3, status="rejected", language="vi", answer="Sai.", **asked)
    change(store, 4, status="rejected", system="Breve.", answer="No.", **asked)
    change(store, 5, answer="Nessuno l'ha letta.", **asked)
    edit(store, 6, **(asked | {"original_question": f"{asked['question']} "}))
    assert main(["export", "--format", "preference"]) == 0
    assert "preference: 4 pairs (1 edited, 3 of two answers)" in capsys.readouterr().out
    pairs = {(row["chosen"][0]["content"], row["rejected"][0]["content"], row["kind"]) for row in every()}
    assert pairs == {
        ("Risposta «0» è qui.", "Sbagliata.", "rejected"), ("Risposta corretta 6.", "Sbagliata.", "rejected"),
        ("Risposta corretta 6.", "Risposta «0» è qui.", "rejected"),
        ("Risposta corretta 6.", "Risposta «6» è qui.", "edit"),
    }  # fmt: skip
    assert [len(some) for some in rows().values()] == [4]


def test_no_rejected_answer_from_an_article_that_may_not_be_used(store: Any) -> None:
    asked = {"question": "Scrivi una notizia.", "instruction": "", "language": "it"}
    for number in range(5):
        edit(store, number + 10)
    change(store, 0, status="accepted", **asked)
    for number in (1, 2, 3):
        change(store, number, status="rejected", **asked)
    store.articles.insert_one({"link": sample(1)["sources"][0]["link"], "permission": {"opt_out": True}})
    store.takedowns.insert_one({"link": sample(2)["sources"][1]["link"], "links": [sample(2)["sources"][1]["link"]]})
    assert main(["export", "--format", "preference"]) == 0
    told = [row["rejected"][0]["content"] for row in every() if row["kind"] == "rejected"]
    assert told == ["Risposta «3» è qui."]
    # A takedown finds the export by the articles of rejected answers, too.
    lines = [json.loads(line) for line in Path("export/sources.jsonl").read_text("utf-8").splitlines()]
    links = next(row["links"] for row in lines if row["key"] == sample(0)["key"])
    assert {source["link"] for number in (0, 3) for source in sample(number)["sources"]} <= set(links)
    assert main(["export", "--format", "preference", "--include-opted-out"]) == 0
    told = [row["rejected"][0]["content"] for row in every() if row["kind"] == "rejected"]
    assert sorted(told) == ["Risposta «1» è qui.", "Risposta «3» è qui."]


def test_splits_by_event_and_request(store: Any) -> None:
    for number in range(20):
        edit(store, number, event=f"event{number // 2}")
    # Two events far apart that answer one request.
    for number in (0, 19):
        change(store, number, question="Scrivi una notizia.", original_question="Scrivi una notizia.", instruction="")
    extra = sample(30, question="Scrivi una notizia.", instruction="", status="rejected", answer="Brutta.")
    store.samples.insert_one(extra)
    assert main(["export", "--format", "preference", "--test-fraction", "0.2"]) == 0
    assert set(rows()) == {"train", "validation", "test"}
    split_of = {row["key"]: split for split, some in rows().items() for row in some}
    number_of = {sample(number)["key"]: number for number in range(20)}
    events: dict[int, set[str]] = {}
    for key, split in split_of.items():
        events.setdefault(number_of[key] // 2, set()).add(split)
    assert all(len(splits) == 1 for splits in events.values())
    assert split_of[sample(0)["key"]] == split_of[sample(19)["key"]]


def test_the_card(store: Any) -> None:
    for number in range(20):
        edit(store, number, **({"answer": sample(number)["answer"]} if number == 2 else {}))
    assert main(["export", "--format", "preference", "--title", "Notizie | corrette", "--license", "cc-by-4.0"]) == 0
    text = Path("export/preference/README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert front["language"] == ["it"]
    assert [file["path"] for file in front["configs"][0]["data_files"]] == ["train.jsonl", "validation.jsonl"]
    assert "# Notizie \\| corrette: preferences" in text
    assert "19 pairs of answers" in text
    assert "| the edit changed white space only | 1 |" in text
    assert "`rejected`: the answer before the edit" in text
    assert set(manifest()["files"]) == {
        "preference/README.md", "preference/train.jsonl", "preference/validation.jsonl", "sources.jsonl",
    }  # fmt: skip


def test_nothing_to_prefer_writes_nothing(store: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert store.samples.count_documents({}) == 20
    assert main(["export", "--format", "preference"]) == 2
    line = capsys.readouterr().err.strip()
    assert line.endswith("among the samples that the filter names (20 not edited): edit some in `synth review`")
    assert not Path("export").exists()


def test_an_older_export_s_pairs_go(store: Any) -> None:
    edit(store, 3)
    assert main(["export", "--format", "preference"]) == 0
    before = bytes_of(Path("export"))
    assert "preference/train.jsonl" in before
    assert main(["export", "--format", "preference"]) == 0
    assert bytes_of(Path("export")) == before
    assert main(["export", "--format", "alpaca"]) == 0
    assert set(bytes_of(Path("export"))) == {"alpaca.jsonl", "manifest.json", "sources.jsonl"}


@given(st.text(), st.text())
def test_an_edit_is_what_reads_otherwise(before: str, after: str) -> None:
    row = {"status": "edited", "question": "q", "answer": after, "original_answer": before}
    problem = edit_problem(row)
    if not folded(before):
        assert problem == "original_unknown"
    else:
        assert problem == ("white_space_edit" if folded(before) == folded(after) else "")
    for _, rejected in pairs_of(row):
        assert folded(rejected) != folded(after)
