"""Batches in several processes: every outcome once, errors as they are, and nothing left behind by a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synth.stages.processes import run_in_processes
from tests.waiting import wait_until

if TYPE_CHECKING:
    from synth.stages.workers import Outcome

Documents = list[dict[str, Any]]


class Unsendable(Exception):
    """An error that no other process can make again."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(one + other)


def squares(batch: Documents) -> Outcome:
    """No writes; the squares as counts, and which process it was."""
    return [], Counter({str(row["n"] ** 2): 1 for row in batch} | {f"pid {os.getpid()}": 1})


def failing(batch: Documents) -> Outcome:
    if batch[0]["n"] == 2:
        raise KeyError("no such thing")
    return squares(batch)


def unsendable(_batch: Documents) -> Outcome:
    raise Unsendable("a", "b")


def killed(_batch: Documents) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    return [], Counter()


def batches(count: int) -> Any:
    return ([{"n": number}] for number in range(count))


def test_each_batch_is_done_once_by_no_more_processes_than_were_asked_for() -> None:
    outcomes = [counts for _, counts in run_in_processes(2, squares, batches(6))]
    numbers = sorted(int(name) for counts in outcomes for name in counts if name.isdigit())
    pids = {name for counts in outcomes for name in counts if name.startswith("pid")}
    assert numbers == [n * n for n in range(6)]
    assert 1 <= len(pids) <= 2
    assert f"pid {os.getpid()}" not in pids
    assert list(run_in_processes(2, squares, batches(0))) == []


def test_an_error_comes_as_it_is_or_as_a_line() -> None:
    with pytest.raises(KeyError, match="no such thing"):
        list(run_in_processes(1, failing, batches(4)))
    with pytest.raises(RuntimeError, match="Unsendable: ab"):
        list(run_in_processes(1, unsendable, batches(1)))


def test_a_process_that_is_killed_ends_the_run() -> None:
    with pytest.raises(ChildProcessError, match="run it again"):
        list(run_in_processes(1, killed, batches(3)))


SCRIPT = """
import sys, os
from tests.synth.stages.test_processes import batches, squares
from synth.stages.processes import run_in_processes

if __name__ == "__main__":
    for _, counts in run_in_processes(1, squares, batches(2)):
        print(next(name for name in counts if name.startswith("pid")), flush=True)
        sys.stdin.readline()
"""


def test_processes_end_with_the_run_that_began_them(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(SCRIPT)
    command = [sys.executable, str(tmp_path / "run.py")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        pid = int(process.stdout.readline().split()[1])
        process.kill()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text())
