"""What docs/importing.md shows runs and prints what it says; its tables name what there is."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from synth.importing.formats import formats

PAGE = Path(__file__).resolve().parents[2] / "docs/importing.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_its_commands_run(database: Any, database_uri: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euc", block], cwd=tmp_path, env=os.environ | {"MONGODB_URI": database_uri}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = done.stdout + done.stderr
        if "rows.jsonl" in block:
            shown = re.findall(r"^    (import: .*)$", TEXT, re.MULTILINE)
            assert len(shown) == 3
            assert set(shown) <= set(said.splitlines())
    assert database.samples.count_documents({"task": "import"}) == 2
    assert database.samples.count_documents({"task": "news_summary", "provenance.model": "people"}) == 2
    assert len((tmp_path / "imported/openai.jsonl").read_text("utf-8").splitlines()) == 2


def test_every_format_and_every_reason_is_there() -> None:
    assert all(f"| `{name}` |" in TEXT for name in formats())
    room = PAGE.parents[1] / "synth"
    files = [*(room / "importing").glob("*.py"), *(room / "importing/formats").glob("*.py"), room / "samples/turns.py"]
    of_articles = ("rows.py", "tables.py", "values.py", "articles.py", "unpack.py")
    reasons = {
        name
        for file in files
        if file.name not in of_articles
        for name in re.findall(r'RecordError\(\s*"(\w+)"', file.read_text("utf-8"))
    }
    assert {name for name in reasons if f"`{name}`" not in TEXT} <= {"repeated_id", "no_question", "damaged_file"}
