"""Killed right after any of its writes and run again, `synth translate` pays nothing twice and doubles no row."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.synth.llm.conftest import ChatStand
from tests.synth.translate.conftest import ROWS, italian, says, stand, store, translations

pytestmark = pytest.mark.long

__all__ = ["stand", "store"]
#: More writes than the run of one row has.
_MOST = 40


#: A row that has nothing to translate: that is recorded with it.
CODE = {**ROWS[1], "question": "```\nprint(1)\n```", "answer": "`1`"}


def refill(store: Any, stand: ChatStand, row: dict[str, Any]) -> None:
    for name in store.list_collection_names():
        store[name].delete_many({})
    # One row: no call of another is under way while it is written, and lost with the process.
    store.samples.insert_one(dict(row))
    stand.asked.clear()


# Two runs for each of some twenty writes.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("row", "writes"), [(ROWS[0], 8), (CODE, 3)], ids=["translated", "left as it was"])
def test_after_every_write(store: Any, stand: ChatStand, database_uri: str, row: dict[str, Any], writes: int) -> None:
    says(stand, italian)
    words = ["translate", "--to", "it", "--engine", "llm:tiny", "--concurrency", "1", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.synth.translate.killed_at_write", "1", str(_MOST), "--", *words],
        env=os.environ | {"MONGODB_URI": database_uri}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    kills = 0
    for line in process.stdout:
        if not line.startswith("STEP"):
            continue
        _, step, _, *code = line.split()
        if step == "fill":
            refill(store, stand, row)
        elif step == "killed":
            kills += int(code[0]) == -signal.SIGKILL
        else:
            assert int(code[0]) == 0
            check(store, stand, row)
        process.stdin.write("\n")
        process.stdin.flush()
    process.stdin.close()
    assert process.wait(60) == 0
    assert kills >= writes, "runs, leases, two calls, samples, and what ends a run"


def check(store: Any, stand: ChatStand, row: dict[str, Any]) -> None:
    """What a run that was killed and its second run have made together."""
    source = store.samples.find_one({"task": "import"})
    if row is CODE:
        assert [record["reason"] for record in source["untranslated"]] == ["nothing_to_translate"]
        assert (len(stand.asked), store.samples.count_documents({})) == (0, 1)
        return
    (translation,) = translations(store)
    assert translation["answer"] == italian(row["answer"])
    assert len(stand.asked) == store.llm_calls.count_documents({}) == 2
    assert "untranslated" not in source
    assert store.samples.count_documents({}) == 2
