"""Many small requests of many tasks, worked in a few large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Grouped(Generic[Item, Result]):
    """Group commit: while one batch is worked in a thread, the requests that come meanwhile gather into the next.

    A lone request waits for nobody; under load a batch is as large as what comes in the time of one.

    Args:
        work: items -> their results, in the same order; runs in a thread, one batch at a time.
        most: items in one batch.
    """

    def __init__(self, work: Callable[[list[Item]], Sequence[Result]], *, most: int = 500) -> None:
        self._work, self._most = work, most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, item: Item) -> Result:
        """The result for one item, or the exception that its batch met."""
        told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, told))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await told

    async def _run(self) -> None:
        while batch := self._waiting[: self._most]:
            del self._waiting[: self._most]
            # Who was cancelled meanwhile (or sat in a loop that has ended) wants nothing any more.
            batch = [(item, told) for item, told in batch if not told.done()]
            if batch:
                await self._one(batch)

    async def _one(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await asyncio.to_thread(self._work, [item for item, _ in batch])
        except Exception as error:
            for _, told in batch:
                if not told.done():
                    told.set_exception(error)
            return
        for (_, told), result in zip(batch, results, strict=True):
            if not told.done():
                told.set_result(result)
