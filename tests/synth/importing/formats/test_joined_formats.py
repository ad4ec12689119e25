"""Rows that belong together, of one file or several: questions and their answers, trees of messages.

Covers synth.importing.formats.mt_bench, synth.importing.formats.oasst.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from crawler.items import RecordError
from synth.importing.conversation import Conversation
from synth.importing.formats import formats
from synth.importing.recognition import format_of
from synth.importing.samples import Origin, sample_of

QUESTIONS = [
    {"question_id": 1, "category": "maths", "turns": ["Two and two?", "And three?"]},
    {"question_id": 2, "category": "roleplay", "turns": ["Be a gull.", "Be a crab."]},
    {"question_id": 3, "turns": ["Half of nine?", "Why?"], "reference": ["4.5", ""]},
]
ANSWERS = [
    {"question_id": 1, "model_id": "m-1", "choices": [{"index": 0, "turns": ["Four.", "Seven."]}]},
    {"question_id": 9, "model_id": "m-1", "choices": [{"index": 0, "turns": ["?", "?"]}]},
]


def message(name: str, parent: str | None, text: str, **more: Any) -> dict[str, Any]:
    role = "prompter" if name.startswith("p") else "assistant"
    return {"message_id": name, "parent_id": parent, "text": text, "role": role, "lang": "it", "deleted": False} | more


TREE = [
    message("p1", None, "Che ora è?"), message("a1", "p1", "Le nove.", rank=1),
    message("a2", "p1", "Le dieci.", rank=0),
    message("p2", "a2", "E a Londra?"), message("a3", "p2", "Le nove.", rank=None), message("p3", "a2", "Sicuro?"),
    message("a4", "p3", "Sì."), message("p4", "a4", "Ah."), message("p5", None, "Nessuno risponde?"),
    message("a5", "p5", "Cancellato.", deleted=True),
]  # fmt: skip


def read(rows: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """(samples, (place, reason) of what is none)."""
    rows = list(rows)
    reader = formats()[format_of(rows[0], {})].reader()
    samples, refusals = [], []
    items: list[tuple[str, Conversation | RecordError]] = []
    for number, row in enumerate(rows, 1):
        items += [(str(number), each) for each in reader.parse(row, str(number))]
    for place, item in [*items, *reader.finish()]:
        if isinstance(item, RecordError):
            refusals.append((place, item.reason))
        else:
            samples.append(sample_of(item, place, Origin("r", "f", "x", language="it")))
    return samples, refusals


@pytest.mark.parametrize("rows", [[*QUESTIONS, *ANSWERS], [*ANSWERS, *QUESTIONS]])
def test_questions_meet_their_answers_in_whatever_order(rows: list[dict[str, Any]]) -> None:
    samples, refusals = read(rows)
    assert [(row["question"], row["answer"]) for row in samples] == [("And three?", "Seven."), ("Half of nine?", "4.5")]
    assert [turn["content"] for turn in samples[0]["history"]] == ["Two and two?", "Four."]
    assert samples[0]["provenance"]["model"] == "m-1"
    assert samples[0]["provenance"]["columns"] == {"question_id": 1, "category": "maths"}
    assert sorted(reason for _, reason in refusals) == ["no_answer", "no_question"]


def test_several_answers_are_several_samples() -> None:
    other = {"question_id": 1, "model_id": "m-2", "choices": [{"turns": ["4", "7"]}, {"turns": ["IV", "VII"]}]}
    samples, _ = read([*QUESTIONS[:1], ANSWERS[0], other])
    assert sorted(row["answer"] for row in samples) == ["7", "Seven.", "VII"]


def test_a_tree_is_a_sample_for_each_way_through_the_best_answers() -> None:
    samples, refusals = read(reversed(TREE))
    assert sorted((row["question"], row["answer"]) for row in samples) == [
        ("E a Londra?", "Le nove."),
        ("Sicuro?", "Sì."),
    ]
    assert {turn["content"] for row in samples for turn in row["history"]} == {"Che ora è?", "Le dieci."}
    assert [reason for _, reason in refusals] == ["no_answer"]


def test_a_file_of_whole_trees_says_the_same() -> None:
    def nested(node: dict[str, Any]) -> dict[str, Any]:
        return node | {"replies": [nested(reply) for reply in TREE if reply["parent_id"] == node["message_id"]]}

    trees = [{"message_tree_id": "t", "prompt": nested(root)} for root in TREE if root["parent_id"] is None]
    assert sorted(row["key"] for row in read(trees)[0]) == sorted(row["key"] for row in read(TREE)[0])


def test_mt_bench_whole(shared: Path) -> None:
    folder = shared / "data/pairs/mt_bench"
    rows = [json.loads(line) for file in sorted(folder.glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    samples, refusals = read(rows)
    answered = {row["question_id"] for row in rows if "choices" in row}
    by_model = [row for row in samples if row["provenance"].get("model") == "gpt-4"]
    assert {row["provenance"]["columns"]["question_id"] for row in by_model} == answered
    assert all(len(row["history"]) == 2 for row in by_model)
    assert (len(by_model), len(samples) + len(refusals)) == (30, 80)
    assert {reason for _, reason in refusals} == {"no_answer"}
