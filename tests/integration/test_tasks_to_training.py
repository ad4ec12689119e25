"""Samples of every task, from `synth export` to the tokens that the recipes for them learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.export.formats import formats
from tests.synth.export.test_command import sample
from tests.synth.export.test_command import store as store_fixture
from tests.train.data.chat_fixtures import tokens
from train.data.conversations import read_splits
from train.data.encode import IGNORE, encode_all
from train.recipes import FOLDER, load
from train.styles import style_named

store = store_fixture
HISTORY = [{"role": "user", "content": "Chào bạn."}, {"role": "assistant", "content": "Chào bạn, tôi nghe."}]
#: What the samples of each task have that a summary has not.
TASKS: dict[str, dict[str, Any]] = {
    "translation": {
        "language": "vi", "source_language": "en", "doubts": [], "sources": [], "instruction": "Dịch vụ này là gì?",
        "question": "Dịch vụ này là gì?\n\nXe buýt đêm.", "answer": "Đó là xe chạy ban đêm.",
    },
    "reverse_instruction": {
        "language": "vi", "instruction": "Viết tin về mùa lúa.", "question": "Viết tin về mùa lúa.",
        "answer": "  Vụ lúa năm nay được mùa.\nGiá vẫn thấp.",
    },
    "import": {
        "language": "vi", "sources": [], "history": HISTORY, "system": "Bạn trả lời ngắn.", "instruction": "",
        "question": "Hai cộng hai?", "answer": "Bốn.",
    },
}  # fmt: skip


@pytest.fixture
def every_task(store: Any) -> Any:
    store.samples.delete_many({})
    rows = []
    for at, (task, fields) in enumerate(TASKS.items()):
        for copy in range(6):
            number = 10 * at + copy
            own = {"task": task, "answer": f"{fields['answer']} {number}."}
            rows.append(sample(number, **{**fields, **own}))
    store.samples.insert_many(rows)
    return store


def test_each_task_is_in_every_format(every_task: Any) -> None:
    names = [name for name, row in formats().items() if not row.parquet and not row.articles]
    assert main(["export", *(word for name in names for word in ("--format", name))]) == 0
    manifest = json.loads(Path("export/manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"]["rows"] == 18
    # Rows with earlier turns have no place in a format of one turn; they are counted there, and in all others.
    # Nobody has edited any, so none is a pair of an answer and a better one.
    assert manifest["left_out_of"] == {
        **{name: {"several_turns": 6} for name in ("alpaca", "litgpt")},
        **{name: {"not_edited": 18} for name in ("preference", "preference-plain")},
    }
    rows = {
        name: [json.loads(line) for line in Path(f"export/{name}.jsonl").read_text("utf-8").splitlines()]
        for name in ("alpaca", "sharegpt", "openai")
    }
    assert (len(rows["alpaca"]), len(rows["sharegpt"]), len(rows["openai"])) == (12, 18, 18)
    translated = next(row for row in rows["alpaca"] if row["input"])
    assert (translated["instruction"], translated["input"]) == ("Dịch vụ này là gì?", "Xe buýt đêm.")
    longest = max((row["messages"] for row in rows["openai"]), key=len)
    assert [turn["role"] for turn in longest] == ["system", "user", "assistant", "user", "assistant"]


@pytest.mark.parametrize("recipe", ["llama-3-8b/multilingual", "bloom-7b1/alpaca_vi", "smollm2-360m/muri_vi"])
def test_the_recipe_learns_each_task(recipe: str, every_task: Any) -> None:
    pytest.importorskip("pyarrow")
    assert main(["export", "--format", "huggingface"]) == 0
    splits = read_splits(Path("export"))
    chats = [*splits["train"], *splits["val"]]
    assert len(chats) == 18
    assert not splits.skipped
    style = style_named(load(FOLDER / f"{recipe}.yaml").get("data", "init_args", "prompt_style"))
    encoded = list(encode_all(chats, style, tokens()))
    assert len(encoded) == 18
    assert all(set(row.labels) - {IGNORE} for row in encoded)
