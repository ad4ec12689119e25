"""An export format is one file in the folder of formats: nothing else is touched (covers `synth.export.formats`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from synth.export.formats import DEFAULT, formats
from tests.synth.export.test_command import store as store_fixture

store = store_fixture
ROOT = Path(__file__).resolve().parents[4]
PAIRS = '''"""pairs.jsonl: {question, answer}."""

from synth.export.formats import row_formats

FORMATS = row_formats(
    "pairs", lambda sample: {"q": sample["question"], "a": sample["answer"]}, {"q": "string", "a": "string"}, 40
)
'''


def test_the_formats_in_their_order() -> None:
    names = ["alpaca", "sharegpt", "openai", "alpaca-parquet", "sharegpt-parquet", "openai-parquet", "litgpt"]
    assert list(formats()) == [*names, "huggingface", "preference", "preference-plain", "text"]
    assert set(DEFAULT) <= set(formats())


def test_a_new_format_is_one_file(store: Any, database_uri: str, tmp_path: Path) -> None:
    (tmp_path / "pairs.py").write_text(PAIRS, encoding="utf-8")
    script = f"""
import synth.export.formats
synth.export.formats.__path__.append({str(tmp_path)!r})
from synth.__main__ import main
raise SystemExit(main(["export", "--format", "pairs", "--format", "pairs-parquet", "--out", {str(tmp_path / "out")!r}]))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"MONGODB_URI": database_uri},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))
    assert manifest["formats"] == ["pairs", "pairs-parquet"]
    assert set(manifest["files"]) == {"pairs.jsonl", "pairs.parquet", "sources.jsonl"}
    row = json.loads((tmp_path / "out/pairs.jsonl").read_text("utf-8").partition("\n")[0])
    assert row.keys() == {"q", "a"}
