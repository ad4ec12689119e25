"""Group commit: many small requests of many tasks, done in a few large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """While one batch is done in a thread, the requests that come meanwhile gather into the next.

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
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while batch := self._waiting[: self._most]:
            del self._waiting[: self._most]
            # Who was cancelled meanwhile (or sat in a loop that has ended) wants nothing any more.
            batch = [(item, future) for item, future in batch if not future.done()]
            if batch:
                await self._commit(batch)

    async def _commit(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await asyncio.to_thread(self._work, [item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever the work raises, its callers get.
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)
