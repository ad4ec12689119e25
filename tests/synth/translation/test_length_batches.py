"""Batches hold texts of like length, nobody waits for ever, and a failure is its batch's alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from synth.translation.length_batches import LengthBatches


def run(lengths: Sequence[int], size: int, *, workers: int = 1, by_length: bool = True) -> list[list[int]]:
    batches: list[list[int]] = []

    def work(items: list[int], _: int) -> list[int]:
        batches.append(items)
        return [-item for item in items]

    async def main() -> list[int]:
        gather = LengthBatches(work, size, workers, by_length=by_length)
        return await asyncio.gather(*(gather(length, length) for length in lengths))

    assert asyncio.run(main()) == [-length for length in lengths]
    return batches


def test_the_oldest_takes_those_of_its_length_with_it() -> None:
    assert run([5, 90, 6, 91, 4, 92], 3) == [[5, 6, 4], [90, 91, 92]]
    assert run([5, 90, 6, 91, 4, 92], 3, by_length=False) == [[5, 90, 6], [91, 4, 92]]


def test_every_text_is_in_one_batch_whatever_the_workers() -> None:
    batches = run(list(range(40)), 7, workers=3)
    assert sorted(item for batch in batches for item in batch) == list(range(40))
    assert max(map(len, batches)) == 7


def test_groups_share_no_batch_and_failures_no_others() -> None:
    def work(items: list[str], _: int) -> list[str]:
        if "bad" in items:
            raise ValueError("bad batch")
        return items

    async def main() -> list[object]:
        gather: LengthBatches[str, str] = LengthBatches(work, 8)
        calls = [gather("one", 3, "it"), gather("bad", 3, "vi"), gather("two", 3, "it")]
        return list(await asyncio.gather(*calls, return_exceptions=True))

    first, failure, last = asyncio.run(main())
    assert (first, last) == ("one", "two")
    assert isinstance(failure, ValueError)


def test_who_gave_up_is_in_no_batch() -> None:
    batches: list[list[int]] = []

    def work(items: list[int], _: int) -> list[int]:
        batches.append(items)
        return items

    async def main() -> None:
        gather: LengthBatches[int, int] = LengthBatches(work, 8)
        gone, there = (asyncio.create_task(gather(item, item)) for item in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        assert await there == 2
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(main())
    assert batches == [[2]]
