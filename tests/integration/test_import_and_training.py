"""Imported sets end where they should: training obeys their weights, and real files of a trainer are read whole.

Integration: synth.importing, synth.export, train.data.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.export.formats.sharegpt import sharegpt_row
from train.data.conversations import read_splits


def chat(number: int) -> dict[str, Any]:
    """Two answers; the first is not to be learnt."""
    turns = [("user", f"Quanto fa {number} più uno?"), ("assistant", "Non so."), ("user", "Prova."),
             ("assistant", f"Fa {number + 1}.")]  # fmt: skip
    messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in turns]
    messages[1]["weight"], messages[3]["weight"] = 0, 1
    return {"messages": messages}


@pytest.mark.parametrize("name", ["openai", "sharegpt", "huggingface"])
def test_training_leaves_a_turn_of_weight_0_unlearnt(
    database: Any, database_uri: str, tmp_path: Path, name: str
) -> None:
    pytest.importorskip("pyarrow")
    path, out = tmp_path / "set.jsonl", tmp_path / "out"
    path.write_text("".join(json.dumps(chat(number)) + "\n" for number in range(6)))
    assert main(["import", "--uri", database_uri, "--language", "it", str(path)]) == 0
    assert main(["export", "--uri", database_uri, "--format", name, "--out", str(out)]) == 0
    rows = read_splits(out if name == "huggingface" else out / f"{name}.jsonl")["train"]
    assert rows
    for row in rows:
        assert [message.get("weight") for message in row.messages] == [None, "0", None, None]
        assert row.messages[3]["content"].startswith("Fa ")


def test_a_trainers_own_samples(database: Any, database_uri: str, shared: Path, tmp_path: Path) -> None:
    """LLaMA-Factory's: every row of each file is stored or named, calls of tools come out as they went in."""
    folder = shared / "data/llamafactory_samples"
    sizes = {
        "alpaca_en_demo.json": 999,
        "identity.json": 91,
        "glaive_toolcall_en_demo.json": 300,
        "v1_sft_demo.jsonl": 500,
    }
    for name, size in sizes.items():
        assert main(["import", "--uri", database_uri, "--language", "en", str(folder / name)]) == 0
        run = database.runs.find_one(sort=[("started_at", -1)])
        assert sum(run["samples"].values()) == size, run["samples"]
    calls = list(database.samples.find({"conversation.roles": "tool"}))
    assert len(calls) > 100
    original = json.loads((folder / "glaive_toolcall_en_demo.json").read_text(encoding="utf-8"))
    texts = Counter(json.dumps(row) for row in original)
    assert all(json.dumps(sharegpt_row(sample)) in texts for sample in calls)


def test_a_translated_alpaca_set(database: Any, database_uri: str, shared: Path) -> None:
    path = shared / "data/alpaca_vi_1000.jsonl"
    assert main(["import", "--uri", database_uri, str(path)]) == 0
    counts = Counter(row["language"] for row in database.samples.find({}, {"language": 1}))
    assert counts["vi"] >= 990
    assert set(counts) <= {"vi", None}
