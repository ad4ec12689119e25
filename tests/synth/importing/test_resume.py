"""An import that was killed at any of its writes and started again ends as if undisturbed, and doubles nothing."""

from __future__ import annotations

import json
import os
import signal
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from tests.fork_server import run_forked

#: Rows, in batches of five: four writes.
ROWS = 20
#: `synth import` that is killed before or after its nth write.
_KILLED = """
import os, signal, sys
sys.path.insert(0, {root!r})
from pymongo.collection import Collection
from synth.importing import importer
from synth.__main__ import main

importer._BATCH = 5
write, count = Collection.bulk_write, 0

def bulk_write(self, *arguments, **words):
    global count
    count += 1
    if count == {number} and not {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    result = write(self, *arguments, **words)
    if count == {number}:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

Collection.bulk_write = bulk_write
main(["import", "--uri", {uri!r}, "--language", "it", {path!r}])
"""


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_every_write_it_ends_as_if_undisturbed(
    database: Any, database_uri: str, root: Path, tmp_path: Path, after: bool
) -> None:
    path = tmp_path / "set.jsonl"
    rows = [{"instruction": f"Conta fino a {number}.", "input": "", "output": f"{number}"} for number in range(ROWS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for number in range(1, 4):
        # Each run finds what the one before stored: its writes are fewer.
        words = {"root": str(root), "number": 1 if after else number, "after": after, "uri": database_uri}
        program = textwrap.dedent(_KILLED.format(path=str(path), **words))
        line = [sys.executable, "-c", program]
        done = run_forked("synth", line, environment=os.environ | {"MONGODB_URI": database_uri})
        assert done.returncode == -signal.SIGKILL
        assert database.samples.count_documents({}) == 5 * (number if after else max(0, sum(range(number))))
    before = {row["key"]: row for row in database.samples.find()}
    assert main(["import", "--uri", database_uri, "--language", "it", str(path)]) == 0
    found = {row["key"]: row for row in database.samples.find()}
    assert {row["answer"] for row in found.values()} == {str(number) for number in range(ROWS)}
    assert len(found) == ROWS
    assert {key: found[key] for key in before} == before
    assert {row["outcome"] for row in database.runs.find({"outcome": {"$ne": "done"}})} == {"killed"}
