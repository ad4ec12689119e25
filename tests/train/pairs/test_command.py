"""`train pairs`: the reference is chosen, the model's own text rejected, and splits stay apart.

Covers train.data.conversations.

Covers train.pairs.selection.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.train.conftest import ITALIAN, VIETNAMESE, rows
from train.data.conversations import read_pairs, read_splits
from train.pairs.selection import overlap

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set").mkdir()
    for name, part in (("train", rows(0, 5)), ("val", rows(100, 1))):
        (tmp_path / f"set/{name}.json").write_text(json.dumps(part), encoding="utf-8")
    splits = read_splits(tmp_path / "set")
    ids = [row.id for row in splits["train"]]
    texts = {ids[0]: VIETNAMESE, ids[1]: splits["train"][1].messages[-1]["content"].upper(), ids[2]: "Sì.",
             splits["val"][0].id: VIETNAMESE}  # fmt: skip
    lines = [{"id": key, "text": text, "model": "own"} for key, text in texts.items()]
    # Known by its request alone: the set was exported with other ids.
    lines.append({"id": "elsewhere", "question": splits["train"][3].messages[0]["content"], "text": VIETNAMESE})
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return tmp_path


def test_pairs_of_an_export(folder: Path, train: Run) -> None:
    code, told, _ = train(
        "pairs", "--set", folder / "set", "--texts", folder / "own.jsonl", "--out", folder / "pairs", "--json"
    )
    assert code == 0
    outcome = json.loads(told)
    assert outcome["pairs"] == {"train": 2, "val": 1}
    assert outcome["left_out"] == {
        "as good as the reference itself": 1,
        "the model wrote next to nothing": 1,
        "no text of the model": 1,
    }
    found = read_pairs(folder / "pairs")
    assert found["train"][0].chosen.startswith("Notizia 0: Il consiglio")
    assert found["train"][0].rejected == VIETNAMESE.strip()
    assert [pair.messages[0]["content"] for pair in found["val"]] == [
        row.messages[0]["content"] for row in read_splits(folder / "set")["val"]
    ]


def test_several_texts_of_one_request(folder: Path, train: Run) -> None:
    more = folder / "more.jsonl"
    first = json.loads((folder / "own.jsonl").read_text().splitlines()[0])
    more.write_text(json.dumps(first | {"text": ITALIAN.replace("dodici", "tredici") + VIETNAMESE}) + "\n")
    words = [
        "pairs",
        "--set",
        folder / "set",
        "--texts",
        folder / "own.jsonl",
        more,
        "--out",
        folder / "pairs",
        "--json",
    ]
    assert json.loads(train(*words)[1])["left_out"]["more than --each"] == 1
    assert json.loads(train(*words, "--each", 2)[1])["pairs"]["train"] == 3


def test_texts_of_another_set(folder: Path, train: Run) -> None:
    other = folder / "other.jsonl"
    other.write_text(json.dumps({"id": "x", "text": "parole parole parole"}) + "\n")
    code, _, error = train("pairs", "--set", folder / "set", "--texts", other, "--out", folder / "pairs")
    assert code == 2
    assert "were the texts written from this set?" in error
    assert not (folder / "pairs").exists()
    code, _, error = train("pairs", "--set", folder / "set", "--texts", folder / "set/val.json", "--out", folder / "p")
    assert code == 2
    assert "is no text of `train generate`" in error


@given(st.text(), st.text())
def test_overlap_is_a_share(first: str, second: str) -> None:
    assert 0 <= overlap(first, second) <= 1
    assert overlap(first, second) == overlap(second, first)
    assert overlap(first, first) == (1 if first.split() else 0)
