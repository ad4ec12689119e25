"""Documents under way at the same time: a window without barriers, writes in groups, clean ends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import UpdateOne

from synth.stages.stage import Stage, run_stage
from synth.stages.workers import WorkerPool, run_worker_pool


class Sleeping(WorkerPool):
    """Takes each document's own time; keeps how many were under way."""

    def __init__(self, width: int = 4, seconds: Any = lambda item: 0.0, fail_at: int | None = None) -> None:
        self.width, self.seconds, self.fail_at = width, seconds, fail_at
        self.under_way = self.most = self.prepared = 0
        self.finished: list[int] = []
        self.stopped = self.open = False

    def prepare(self, batch: list[dict[str, Any]]) -> list[int]:
        assert threading.current_thread() is not threading.main_thread()
        self.prepared += len(batch)
        return [row["n"] for row in batch]

    async def process(self, item: int) -> tuple[list[Any], Counter[str]]:
        assert self.open
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.seconds(item))
            if item == self.fail_at:
                raise ValueError(f"no {item}")
        finally:
            self.under_way -= 1
        self.finished.append(item)
        return [item], Counter(done=1, even=item % 2 == 0)

    def stop(self) -> None:
        self.stopped = True

    async def __aenter__(self) -> Sleeping:
        self.open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open = False


class Writer:
    """Keeps what was written."""

    def __init__(self, seconds: float = 0.0, fail: bool = False) -> None:
        self.seconds, self.fail = seconds, fail
        self.groups: list[list[Any]] = []
        self.counts: Counter[str] = Counter()

    def __call__(self, writes: list[Any], counts: Counter[str], documents: int) -> None:
        # A slow disk is what some tests are about.
        threading.Event().wait(self.seconds)
        if self.fail:
            raise OSError("disk full")
        assert documents == len(writes)
        self.groups.append(writes)
        self.counts.update(counts)

    @property
    def written(self) -> list[Any]:
        return sorted(write for group in self.groups for write in group)


def batches(count: int, size: int = 10) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, count, size):
        yield [{"n": n} for n in range(start, min(start + size, count))]


def test_everything_is_done_once_and_written_in_groups() -> None:
    pool, writer = Sleeping(), Writer()
    run_worker_pool(pool, batches(95), writer, 20)
    assert writer.written == list(range(95))
    assert writer.counts == Counter(done=95, even=48)
    assert max(map(len, writer.groups)) <= 20
    assert not pool.open


def test_nothing_pending_is_nothing() -> None:
    writer = Writer()
    run_worker_pool(Sleeping(), batches(0), writer, 20)
    assert writer.groups == []


def test_one_slow_document_holds_nobody_back() -> None:
    """The first document waits for later batches: with a barrier between batches it would wait for ever."""
    writer = Writer()

    class Patient(Sleeping):
        async def process(self, item: int) -> tuple[list[Any], Counter[str]]:
            while item == 0 and len(self.finished) < 40:
                await asyncio.sleep(0.001)
            return await super().process(item)

    run_worker_pool(pool := Patient(4), batches(80), writer, 10)
    assert pool.finished.index(0) >= 40
    assert writer.written == list(range(80))


def test_who_writes_slowly_holds_the_others_back() -> None:
    pool, writer = Sleeping(2), Writer(0.05)
    seen: list[int] = []

    def told() -> Iterator[list[dict[str, Any]]]:
        for batch in batches(300):
            seen.append(pool.prepared - sum(map(len, writer.groups)))
            yield batch

    run_worker_pool(pool, told(), writer, 10)
    # Batches read ahead, two queues and one group: never all of it.
    assert max(seen) <= 60
    assert writer.written == list(range(300))


def test_after_a_failure_what_is_under_way_ends_and_is_written() -> None:
    pool, writer = Sleeping(4, lambda n: 0.1 if n == 7 else 0.3, fail_at=7), Writer()
    with pytest.raises(ValueError, match="no 7"):
        run_worker_pool(pool, batches(1000), writer, 5)
    assert pool.stopped
    assert writer.written == sorted(pool.finished)
    assert {4, 5, 6} <= set(pool.finished)
    assert len(pool.finished) < 12
    assert pool.under_way == 0


def test_a_failure_of_the_store_ends_the_run() -> None:
    pool = Sleeping(4, lambda n: 0.01)
    with pytest.raises(OSError, match="disk full"):
        run_worker_pool(pool, batches(1000), Writer(fail=True), 5)
    assert len(pool.finished) < 60


def test_a_failure_to_read_ends_the_run() -> None:
    def broken() -> Iterator[list[dict[str, Any]]]:
        yield [{"n": 1}]
        raise OSError("no cursor")

    writer = Writer()
    with pytest.raises(OSError, match="no cursor"):
        run_worker_pool(Sleeping(), broken(), writer, 5)
    assert writer.written == [1]


class Doubling(Sleeping):
    async def process(self, item: int) -> tuple[list[Any], Counter[str]]:
        await super().process(item)
        assert self.run is not None
        return [UpdateOne({"n": item}, {"$set": {"double": 2 * item, "run": self.run.id}})], Counter(doubled=1)


def test_a_stage_may_be_a_worker_pool(database: Any) -> None:
    database.samples.insert_many([{"key": str(n), "n": n} for n in range(35)])
    pending = {"double": {"$exists": False}}
    stage = Stage("double", "samples", pending, Doubling(8), batch_size=10)
    assert run_stage(database, stage) == Counter(doubled=35)
    row = database.runs.find_one()
    assert (row["outcome"], row["counts"], row["documents"]) == ("done", {"doubled": 35}, 35)
    assert all(one["double"] == 2 * one["n"] and one["run"] == row["_id"] for one in database.samples.find())
    assert run_stage(database, Stage("double", "samples", pending, Doubling(8))) == Counter()


def test_a_stage_that_fails_keeps_what_was_answered(database: Any) -> None:
    database.samples.insert_many([{"key": str(n), "n": n} for n in range(35)])
    stage = Stage("double", "samples", {"double": {"$exists": False}}, Doubling(2, fail_at=20), batch_size=4)
    with pytest.raises(ValueError, match="no 20"):
        run_stage(database, stage)
    row = database.runs.find_one()
    assert row["outcome"] == "failed"
    assert row["counts"]["doubled"] == database.samples.count_documents({"double": {"$exists": True}}) >= 20


_INTERRUPTED = """
import asyncio, sys
from collections import Counter
sys.path.insert(0, {root!r})
from synth.stages.workers import WorkerPool, run_worker_pool

class Slow(WorkerPool):
    width = 2
    def prepare(self, batch):
        return batch
    async def process(self, item):
        if item == 7:
            # 6 waits, too: all before them are done.
            print("blocked", file=sys.stderr, flush=True)
        await asyncio.sleep(60 if item >= 6 else 0.01)
        return [item], Counter()
    async def __aexit__(self, *_):
        print("closed", flush=True)

def write_batch(writes, counts, documents):
    print(*writes, flush=True)

print("ready", flush=True)
run_worker_pool(Slow(), iter([[0, 1, 2], [3, 4, 5], [6, 7, 8]]), write_batch, 100)
"""


def test_interrupted_it_writes_what_was_answered(root: Path) -> None:
    program = textwrap.dedent(_INTERRUPTED.format(root=str(root)))
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell starts what runs in its background deaf to Ctrl-C, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "ready\n"
    assert process.stderr.readline() == "blocked\n"
    process.send_signal(signal.SIGINT)
    told, errors = process.communicate(timeout=20)
    assert sorted(told.split()) == ["0", "1", "2", "3", "4", "5", "closed"]
    assert "KeyboardInterrupt" in errors
