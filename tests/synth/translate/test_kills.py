"""Killed right after any of its writes and run again, `synth translate` pays nothing twice and doubles no row."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest

from tests.fork_server import run_forked
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


def run(uri: str, last: int = 0) -> int:
    """The status of a run that is killed right after its write number `last`; 0: not at all."""
    words = ["translate", "--to", "it", "--engine", "llm:tiny", "--concurrency", "1", "--json"]
    line = [sys.executable, "-m", "tests.killed_at_write", str(last), "", "--", "synth", *words]
    return run_forked("synth", line, environment=os.environ | {"MONGODB_URI": uri}).returncode


# Two runs for each of some twenty writes.
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("row", "writes"), [(ROWS[0], 8), (CODE, 3)], ids=["translated", "left as it was"])
def test_after_every_write(store: Any, stand: ChatStand, database_uri: str, row: dict[str, Any], writes: int) -> None:
    says(stand, italian)
    kills = 0
    for number in range(1, _MOST + 1):
        refill(store, stand, row)
        status = run(database_uri, number)
        assert status in (0, -signal.SIGKILL)
        if status:
            kills += 1
            assert run(database_uri) == 0
        check(store, stand, row)
        if not status:
            break
    assert status == 0
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
