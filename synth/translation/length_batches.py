"""Texts of many tasks gathered into batches of like length: a batch is as slow as its longest text is long.

Whoever is free takes the text that has waited longest, and with it those that wait and are nearest to it in length.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that the first text of a batch waits for company.
_LINGER = 0.02


@dataclass(eq=False)
class _Waiting(Generic[Item, Result]):
    """A text that waits for its batch."""

    item: Item
    length: int
    group: object
    future: asyncio.Future[Result]


class LengthBatches(Generic[Item, Result]):
    """Batches for a model that works in threads.

    Args:
        work: (items, number of the worker) -> their results, in the same order.
        size: items in one batch, at most.
        workers: batches at a time.
        by_length: False takes them as they come (what benchmarks compare with).
    """

    def __init__(
        self,
        work: Callable[[list[Item], int], Sequence[Result]],
        size: int,
        workers: int = 1,
        *,
        by_length: bool = True,
    ) -> None:
        self._work, self._size, self._by_length = work, size, by_length
        self._waiting: list[_Waiting[Item, Result]] = []
        self._free = list(range(workers))
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, item: Item, length: int, group: object = None) -> Result:
        """The result for one item, or the exception that its batch met; only items of one group share a batch."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(item, length, group, future))
        if self._free:
            task = asyncio.create_task(self._run(self._free.pop()))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _run(self, worker: int) -> None:
        try:
            await asyncio.sleep(_LINGER)
            while batch := self._next():
                await self._compute(batch, worker)
        finally:
            self._free.append(worker)

    def _next(self) -> list[_Waiting[Item, Result]]:
        """The next batch, taken out of those that wait; who was cancelled meanwhile wants nothing any more."""
        self._waiting = [each for each in self._waiting if not each.future.done()]
        if not self._waiting:
            return []
        oldest = self._waiting[0]
        company = [each for each in self._waiting if each.group == oldest.group]
        if self._by_length:
            company.sort(key=lambda each: (each is not oldest, abs(each.length - oldest.length)))
        batch = company[: self._size]
        members = set(map(id, batch))
        self._waiting = [each for each in self._waiting if id(each) not in members]
        return batch

    async def _compute(self, batch: list[_Waiting[Item, Result]], worker: int) -> None:
        try:
            results = await asyncio.to_thread(self._work, [each.item for each in batch], worker)
        except Exception as error:  # noqa: BLE001 - whatever the model raises, its callers get.
            for each in batch:
                if not each.future.done():
                    each.future.set_exception(error)
            return
        for each, result in zip(batch, results, strict=True):
            if not each.future.done():
                each.future.set_result(result)
