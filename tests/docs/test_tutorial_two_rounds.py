"""docs/tutorial-two-rounds.md is true: its commands run one after the other, and leave what it says.

The server that translates is a double on the loopback: it puts Vietnamese syllables in the place of English words, and
goes wrong on purpose where a text has certain words.
"""

from __future__ import annotations

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

pytest.importorskip("peft", reason="peft is not installed")

stand = stand_fixture
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/tutorial-two-rounds.md"
SYLLABLES = (
    "những người được không trong một của nhà nước thành phố năm việc đường trường học sinh viên báo chí biển trời mưa "
    "nắng hoa quả chợ sáng chiều tối đẹp lớn nhỏ mới cũ đi về ăn uống đọc viết nghe nói nhìn thấy làm ruộng đồng"
).split()
_WORD = re.compile(r"(?<![⟦\w])[A-Za-z]+(?![\w⟧])")


def vietnamese(text: str) -> str:
    """A syllable for each word, with the first letter's case; everything else as it is."""

    def syllable(match: re.Match[str]) -> str:
        word = SYLLABLES[sum(map(ord, match[0].lower())) % len(SYLLABLES)]
        return word.capitalize() if match[0][0].isupper() else word

    return _WORD.sub(syllable, text)


def translation(text: str) -> str:
    """Right but for two rows: one loses its number, one is answered in English."""
    if "April has" in text:
        return vietnamese(text.replace("30", "31"))
    return text if "renewable" in text else vietnamese(text)


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def answer(body: dict[str, Any]) -> dict[str, Any]:
    message = {"role": "assistant", "content": translation(quoted(body["messages"][-1]["content"]))}
    choice = {"message": message, "finish_reason": "stop"}
    return {"model": "m", "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9}}


@pytest.fixture
def walked(server_uri: str, stand: ChatStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """(the store, the folder) after all commands of the page."""
    from crawler.mongo import connect, with_database

    for name in ("demo", "train"):
        (tmp_path / name).symlink_to(ROOT / name)
    uri = with_database(server_uri, f"test_{uuid.uuid4().hex[:12]}")
    stand.reply = answer  # type: ignore[method-assign]
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
    assert len(rows) >= 18, "rows about words are made anew or left out"
    doubts = {row["question"]: row["doubts"] for row in rows}
    assert sum(map(bool, doubts.values())) >= 1
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
    losses = [model["measures"]["loss"]["value"] for model in results["models"]]
    assert len(losses) == 3
    assert len(set(losses)) == 3, "each round changed the model"
    texts = {
        name: json.loads((folder / f"export-vi/litgpt/{name}.json").read_text(encoding="utf-8"))
        for name in ("train", "test")
    }
    assert not {row["output"] for row in texts["train"]} & {row["output"] for row in texts["test"]}
