"""docs/training-data.md: what it names exists, its recipe lines and its example run."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from train.data import BATCHING, Chat, Pairs
from train.data.encode import OVER_LENGTH
from train.styles import style_names


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/training-data.md").read_text(encoding="utf-8")


def first_cells(page: str, heading: str) -> set[str]:
    """Names in the first column of the table under that head."""
    table = page.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return {name for line in table.splitlines()[2:] for name in re.findall(r"`([^`]+)`", line.split(" | ")[0])}


def test_tables_name_what_there_is(page: str) -> None:
    names = {name for name in style_names() if not re.match("(chatml|llama3)-", name)}
    assert first_cells(page, "`prompt_style`") == names
    assert first_cells(page, "`over_length`") == set(OVER_LENGTH)
    assert first_cells(page, "`batching`") == set(BATCHING)


def test_every_setting_is_told(page: str) -> None:
    named = set(re.findall(r"`([a-z_]+)[`:]", page))
    settings = {field.name for kind in (Chat, Pairs) for field in dataclasses.fields(kind) if field.init}
    assert settings - named == {"num_workers", "ignore_index"}, "told in the recipes, where they belong"


def test_the_example_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.train.data.chat_fixtures import processor

    monkeypatch.chdir(tmp_path)
    checkpoint = tmp_path / "checkpoints/HuggingFaceTB/SmolLM2-360M"
    checkpoint.mkdir(parents=True)
    processor().save(str(checkpoint / "tokenizer.json"))
    (tmp_path / "export/litgpt").mkdir(parents=True)
    row = {"instruction": "Riassumi.", "input": "Testo.", "output": "Breve."}
    (tmp_path / "export/litgpt/train.json").write_text(json.dumps([row]))
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[-1], {})
    assert capsys.readouterr().out == "Breve.<|im_end|>\n"
