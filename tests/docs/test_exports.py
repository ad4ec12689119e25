"""docs/exports.md is true: its rows have the shapes that are written, its lines load what is written."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.export.articles.article_writer import REASONS
from synth.export.formats import formats
from tests.synth.export.articles.test_export_of_articles import article
from tests.synth.export.test_command import store as store_fixture
from tests.synth.export.test_formats import SAMPLE_FORMATS, types
from tests.synth.export.test_preferences import edit

store = store_fixture
PAGE = Path(__file__).resolve().parents[2] / "docs/exports.md"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def exported(store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    store.samples.update_one({"event": "event1"}, {"$set": {"system": "Sei un giornalista."}})
    edit(store, 2)
    assert main(["export", *(word for name in SAMPLE_FORMATS for word in ("--format", name))]) == 0
    store.articles.insert_many([article(number) for number in range(20)])
    assert main(["export", "--format", "text", "--out", "export-text"]) == 0
    return Path("export")


def test_the_rows(exported: Path) -> None:
    examples = [json.loads(text) for text in blocks("json")]
    for name, example in zip(("alpaca", "sharegpt", "openai"), examples[:3], strict=True):
        written = [json.loads(line) for line in (exported / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert types(example) in [types(row) for row in written]
    pairs = [json.loads(line) for line in (exported / "preference/train.jsonl").read_text("utf-8").splitlines()]
    assert [types(row) for row in pairs] == [types(examples[4])]
    for info in examples[3].values():
        row = json.loads((exported / info["file_name"]).read_text("utf-8").partition("\n")[0])
        assert info.get("columns", {"messages": "conversations"})["messages"] in row or "instruction" in row


def test_the_lines_that_load(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    pytest.importorskip("litgpt", reason="litgpt is not installed")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    found = blocks("python")
    assert len(found) == 8
    for text in found:
        assert len([line for line in text.splitlines() if line]) <= 4
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, str(PAGE), "exec"), {})


def test_every_format_and_every_reason_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in formats())
    source = (PAGE.parents[1] / "synth/export/selection.py").read_text(encoding="utf-8")
    reasons = set(re.findall(r'left_out\["(\w+)"\]|, "(\w+)"\)$', source, re.MULTILINE))
    for reason in {one or other for one, other in reasons} | {"superseded", "rejected", *REASONS}:
        assert f"| `{reason}` |" in page, reason
