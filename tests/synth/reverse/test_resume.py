"""Killed at every write and started again: no row twice, and no call paid twice whose reply the ledger has."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from typing import Any

import pytest

from tests.fork_server import run_forked
from tests.synth.reverse.conftest import Double

pytestmark = pytest.mark.long

COLLECTIONS = "fragments,samples,llm_calls"


def run(uri: str, url: str, last: int) -> tuple[int, dict[str, int]]:
    """(status, counts) of `synth reverse` that is killed right after its write number `last`."""
    environment = os.environ | {"MONGODB_URI": uri, "LLM_BASE_URL": url, "LLM_API_KEY": "sk-secret"}
    words = ["reverse", "--language", "it", "--llm", "openai:tiny", "--limit", "3", "--json", "--batch-size", "1",
             "--concurrency", "1"]  # fmt: skip
    line = [sys.executable, "-m", "tests.killed_at_write", str(last), COLLECTIONS, "--", "synth", *words]
    process = run_forked("synth", line, environment=environment)
    return process.returncode, json.loads(process.stdout or "{}")


@pytest.mark.parametrize("step", [4, 7])
def test_killed_behind_every_nth_write_it_goes_on(
    store: Any, double: Double, stand: Any, database_uri: str, step: int
) -> None:
    kills = 0
    for _ in range(40):
        status, _ = run(database_uri, stand.url, step)
        if status != -signal.SIGKILL:
            break
        kills += 1
        stand.settle()
    assert status == 0
    assert kills > 1
    rows = list(store.fragments.find())
    assert len({row["key"] for row in rows}) == len(rows)
    assert len({row["fragment"] for row in rows}) == len(rows)
    kept = [row for row in rows if row["state"] == "kept"]
    assert store.samples.count_documents({"superseded": False}) == len(kept) == len(rows)
    asked = Counter(json.dumps(body, sort_keys=True) for body in stand.bodies)
    assert len(asked) == store.llm_calls.count_documents({}) == 4 * len(rows)
    # At a kill one call was under way at most, whose reply nobody could keep.
    assert sum(asked.values()) - len(asked) <= kills
