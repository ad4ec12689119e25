"""Work that waits: one document at a time, many under way, no barrier between batches.

    batches -> prepare (a thread) -> a bounded queue -> `width` workers -> a bounded queue -> grouped writes (a thread)

Whoever is slowest holds the others back; nothing piles up. A failure stops the reading, lets the calls under way end
(they are paid) and writes what was answered; Ctrl-C gives the calls under way up, and writes what was answered.
"""

from __future__ import annotations

import asyncio
import functools
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from synth.llm.completion import Unconnected
from synth.outages import outlast

if TYPE_CHECKING:
    from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

    from crawler.mongo import Run

    Write = UpdateOne | InsertOne[dict[str, Any]] | ReplaceOne[dict[str, Any]] | DeleteOne
    #: What became of a document or a batch: writes, and what happened, counted by name.
    Outcome = tuple[list[Write], Counter[str]]
    #: Writes a group: the writes, what happened, and to how many documents.
    WriteBatch = Callable[[list[Write], Counter[str], int], None]
    Results = asyncio.Queue[Outcome | None]
    Task = asyncio.Task[None]

#: Seconds that calls under way may still take after another failed for good.
GRACE = 30.0
#: Seconds that a result waits for company before it is written.
_LINGER = 0.5
#: Threads for the store: more than the default of a small machine, because each spends its time waiting for a journal.
_THREADS = 64


class WorkerPool(Unconnected, ABC):
    """What a stage does to a document while it does the same to others; open as long as documents are under way.

    Attributes:
        width: documents under way at a time.
        run: the row of `runs` it works in; set before the first document.
    """

    width: int = 8
    run: Run | None = None

    @abstractmethod
    def prepare(self, batch: list[dict[str, Any]]) -> Sequence[Any]:
        """What `process` shall be given, one item for each document; called in a thread."""

    @abstractmethod
    async def process(self, item: Any) -> Outcome:
        """Writes and outcomes of one document. An exception ends the whole run."""

    def stop(self) -> None:
        """The run ends: begin nothing new for the documents under way."""
        return None


def run_worker_pool(
    pool: WorkerPool, batches: Iterator[list[dict[str, Any]]], write_batch: WriteBatch, size: int
) -> None:
    """Work through all batches, writing at most `size` results at a time; see the module's first lines."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(min(_THREADS, pool.width + 8)))
        runner.run(_run(pool, batches, write_batch, size))


async def _run(pool: WorkerPool, batches: Iterator[list[dict[str, Any]]], write_batch: WriteBatch, size: int) -> None:
    items: asyncio.Queue[Any] = asyncio.Queue(pool.width)
    results: Results = asyncio.Queue(2 * size)
    async with pool:
        writer = asyncio.create_task(_write(results, write_batch, size))
        workers = [asyncio.create_task(_work(pool, items, results)) for _ in range(pool.width)]
        reader = asyncio.create_task(_read(pool, batches, items))
        try:
            if failure := await _failure([reader, *workers], writer):
                pool.stop()
                await _wind_up(reader, workers, items, 0.0 if writer.done() else GRACE)
        finally:
            # Interrupted, nobody waits for answers that are still to come.
            await _wind_up(reader, workers, items, 0.0)
            if not writer.done():
                await results.put(None)
            await writer
        if failure:
            raise failure


async def _read(pool: WorkerPool, batches: Iterator[list[dict[str, Any]]], items: asyncio.Queue[Any]) -> None:
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        for item in await asyncio.to_thread(outlast, functools.partial(pool.prepare, batch)):
            # In a tuple: None is the end.
            await items.put((item,))
    for _ in range(pool.width):
        await items.put(None)


async def _work(pool: WorkerPool, items: asyncio.Queue[Any], results: Results) -> None:
    while (item := await items.get()) is not None:
        await results.put(await pool.process(item[0]))


async def _write(results: Results, write_batch: WriteBatch, size: int) -> None:
    over = False
    while not over:
        group, over = await _group(results, size)
        writes = [write for batch, _ in group for write in batch]
        outcomes: Counter[str] = Counter()
        for _, counts in group:
            outcomes.update(counts)
        if group:
            await asyncio.to_thread(write_batch, writes, outcomes, len(group))


async def _group(results: Results, size: int) -> tuple[list[Outcome], bool]:
    """Results that are written together, and whether they are the last."""
    group: list[Outcome] = []
    until: float | None = None
    while len(group) < size:
        try:
            async with asyncio.timeout_at(until):
                result = await results.get()
        except TimeoutError:
            break
        if result is None:
            return group, True
        group.append(result)
        until = until or asyncio.get_running_loop().time() + _LINGER
    return group, False


async def _failure(tasks: Sequence[Task], writer: Task) -> BaseException | None:
    """What failed first; None when all tasks are done."""
    waiting = set(tasks)
    while waiting:
        finished, _ = await asyncio.wait({*waiting, writer}, return_when=asyncio.FIRST_COMPLETED)
        waiting -= finished
        for task in finished:
            if error := task.exception():
                return error
    return None


async def _wind_up(reader: Task, workers: Sequence[Task], items: asyncio.Queue[Any], grace: float) -> None:
    """Take no more documents; let those under way end within `grace` seconds, then give them up."""
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    while not items.empty():
        items.get_nowait()
    for _ in workers:
        items.put_nowait(None)
    if grace and not all(worker.done() for worker in workers):
        await asyncio.wait(workers, timeout=grace)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
