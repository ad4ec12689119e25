"""docs/tutorial-two-rounds.md is true: its commands run one after the other, and leave what it says.

The server that translates is a double on the loopback, which knows the demo's rows in Vietnamese and is wrong on
purpose in two of them.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import re
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.synth.llm.conftest import ChatStand
from tests.synth.llm.conftest import stand as stand_fixture
from tests.synth.translation.conftest import quoted

pytestmark = pytest.mark.long

pytest.importorskip("peft", reason="peft is not installed")

stand = stand_fixture
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/tutorial-two-rounds.md"


def vietnamese() -> dict[str, str]:
    """What the double knows to say: every text of the demo's rows. It says 31 for April's 30 days, and leaves an answer
    in English.
    """
    rows = json.loads((ROOT / "demo/alpaca_en.json").read_text(encoding="utf-8"))
    translated = json.loads((ROOT / "tests/docs/alpaca_vi.json").read_text(encoding="utf-8"))
    fields = ("instruction", "input", "output")
    return {
        row[name]: text
        for row, texts in zip(rows, translated, strict=True)
        for name, text in zip(fields, texts, strict=True)
    }


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def answer(known: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
    text = quoted(body["messages"][-1]["content"])
    message = {
        "role": "assistant",
        "content": known.get(text) or "\n\n".join(known[part] for part in text.split("\n\n")),
    }
    choice = {"message": message, "finish_reason": "stop"}
    return {"model": "m", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}}


@pytest.fixture
def walked(server_uri: str, stand: ChatStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """(the store, the folder) after all commands of the page."""
    from crawler.mongo import connect, with_database

    for name in ("demo", "train"):
        (tmp_path / name).symlink_to(ROOT / name)
    uri = with_database(server_uri, f"test_{uuid.uuid4().hex[:12]}")
    stand.reply = functools.partial(answer, vietnamese())  # type: ignore[method-assign]
    for name, value in {
        "MONGODB_URI": uri, "NEWSMILL_HOME": str(tmp_path / ".newsmill"), "LLM_BASE_URL": stand.url,
        "LLM_API_KEY": "sk-x", "OMP_WAIT_POLICY": "PASSIVE",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    database = connect(uri)
    try:
        for line in commands():
            words = shlex.split(line)
            assert importlib.import_module(f"{words[0]}.__main__").main(words[1:]) == 0, line
        yield database, tmp_path
    finally:
        os.chdir(ROOT)
        database.client.drop_database(database.name)
        database.client.close()


def test_the_way_from_raw_rows_to_two_rounds(walked: Any, stand: ChatStand) -> None:
    database, folder = walked
    rows = list(database.samples.find({"task": "translation"}))
    assert len(rows) >= 20, "what is too short to tell its language is left out"
    doubts = {row["answer"]: row["doubts"] for row in rows}
    assert "number_changed" in doubts["Tháng tư có 31 ngày."]
    assert "untranslated" in doubts["Wind is a renewable source of energy."]
    exported = [
        row
        for name in ("train", "val")
        for row in json.loads((folder / f"export-alpaca-vi/litgpt/{name}.json").read_text(encoding="utf-8"))
    ]
    assert len(exported) == sum(not row["doubts"] for row in rows)
    assert "31" not in " ".join(row["output"] for row in exported), "the row that lost its number stayed out"
    card = (folder / "export-alpaca-vi/huggingface/README.md").read_text(encoding="utf-8")
    assert f"| en | vi | rows | openai:gpt-4o-mini | {len(exported)} |" in card
    for name in ("round-one", "round-two"):
        assert (folder / f"out/{name}/final").is_dir()
    results = json.loads((folder / "out/evaluation/results.json").read_text(encoding="utf-8"))
    measures = {model["name"]: model["measures"] for model in results["models"]}
    losses = [measures[name]["loss"]["value"] for name in ("before", "one", "two")]
    assert len(set(losses)) == 3, "each round changed the model"
    texts = {
        name: json.loads((folder / f"export-vi/litgpt/{name}.json").read_text(encoding="utf-8"))
        for name in ("train", "test")
    }
    assert not {row["output"] for row in texts["train"]} & {row["output"] for row in texts["test"]}
