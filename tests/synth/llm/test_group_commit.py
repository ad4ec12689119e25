"""Group commit: what comes while a batch is worked goes into the next."""

from __future__ import annotations

import asyncio
import threading

import pytest

from synth.llm.group_commit import GroupCommit


class Doubler:
    """Work that takes a while and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        # Long enough for others to come meanwhile.
        threading.Event().wait(0.02)
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


def test_everybody_gets_the_own_result_in_few_batches() -> None:
    work = Doubler()

    async def run() -> list[int]:
        double: GroupCommit[int, int] = GroupCommit(work, most=40)
        return await asyncio.gather(*(double(item) for item in range(100, 200)))

    assert asyncio.run(run()) == [2 * item for item in range(100, 200)]
    assert [len(batch) for batch in work.batches] == [40, 40, 20]


def test_a_lone_request_waits_for_nobody() -> None:
    work = Doubler()

    async def run() -> int:
        return await GroupCommit(work)(21)

    assert asyncio.run(run()) == 42
    assert work.batches == [[21]]


def test_a_batch_that_fails_fails_for_its_own_only() -> None:
    work = Doubler()

    async def run() -> list[object]:
        double: GroupCommit[int, int] = GroupCommit(work, most=2)
        return await asyncio.gather(*(double(item) for item in (1, 13, 2, 3)), return_exceptions=True)

    told = asyncio.run(run())
    assert [type(one) for one in told] == [ValueError, ValueError, int, int]


def test_who_gives_up_is_left_out_and_holds_nobody_up() -> None:
    work = Doubler()

    async def run() -> int:
        double: GroupCommit[int, int] = GroupCommit(work)
        first = asyncio.create_task(double(1))
        await asyncio.sleep(0.005)
        second, third = asyncio.create_task(double(2)), asyncio.create_task(double(3))
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        return await third

    assert asyncio.run(run()) == 6
    assert work.batches == [[1], [3]]


def test_one_object_serves_several_loops_in_turn() -> None:
    double: GroupCommit[int, int] = GroupCommit(Doubler())

    async def give_up() -> None:
        async with asyncio.timeout(0.005):
            await double(1)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())

    async def run() -> int:
        return await double(4)

    assert asyncio.run(run()) == 8
