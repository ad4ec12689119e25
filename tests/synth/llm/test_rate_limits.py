"""Limits: calls at a time, requests and tokens a minute, US dollars; by themselves.

Everything runs on a loop whose clock jumps to the next timer: a minute takes no time, and a wait for nothing fails at
once. At a server: test_limits_at_a_server.py.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.llm import Limits, LLMError
from synth.llm.model_cards import ModelCard
from synth.llm.rate_limits import (
    MINUTE,
    AdaptiveConcurrency,
    Budget,
    CallEstimate,
    RateWindow,
    most_prompt_tokens,
    most_reply_tokens,
    prompt_tokens,
)
from synth.llm.token_counters import CHAT, MESSAGE
from tests.synth.llm.jumping import now, run_jumping


@pytest.mark.parametrize(
    ("limits", "match"),
    [
        ({"concurrency": 0}, "--concurrency 0"),
        ({"requests_per_minute": -1}, "--requests-per-minute -1"),
        ({"tokens_per_minute": 0}, "--tokens-per-minute 0"),
        ({"max_cost": -0.1}, "--max-cost -0.1"),
        ({"max_cost": float("nan")}, "--max-cost nan"),
        ({"max_cost": float("inf")}, "--max-cost inf"),
    ],
)
def test_senseless_limits(limits: dict[str, Any], match: str) -> None:
    with pytest.raises(LLMError, match=match):
        Limits(**limits)


def test_the_least_that_makes_sense() -> None:
    limits = Limits(concurrency=1, requests_per_minute=1, tokens_per_minute=1, max_cost=0.0)
    assert (limits.concurrency, limits.max_cost) == (1, 0.0)
    assert CallEstimate() == CallEstimate(tokens=0, cost=0.0)


# ---- places


def reports(gate: AdaptiveConcurrency, rounds: int, bad: float) -> list[int]:
    """Places after each round in which this share told to slow down."""
    found = []
    for _ in range(rounds):
        size = int(gate.places)
        for number in range(size):
            gate.report(overloaded=number < bad * size)
        found.append(int(gate.places))
    return found


def test_an_overload_halves_and_quiet_brings_back_slowly() -> None:
    gate = AdaptiveConcurrency(64)
    assert reports(gate, 7, 1.0) == [32, 16, 8, 4, 2, 1, 1]
    back = reports(gate, 60, 0.0)
    assert back[:3] == [2, 3, 4]
    assert all(0 <= later - earlier <= 4 for earlier, later in itertools.pairwise(back))
    assert back.index(64) > 30
    assert back[-1] == 64


def test_stray_faults_cost_no_places_and_many_cost_some() -> None:
    assert set(reports(AdaptiveConcurrency(64), 50, 0.15)) == {64}
    assert reports(AdaptiveConcurrency(60), 1, 1 / 3) == [50]


def test_places_are_given_in_turn_and_given_back_when_given_up() -> None:
    async def run() -> None:
        gate, order = AdaptiveConcurrency(2), []

        async def one(number: int) -> None:
            async with gate:
                order.append(number)
                await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(one(number)) for number in range(8)]
        await asyncio.sleep(0.005)
        tasks[3].cancel()
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order == [0, 1, 2, 4, 5, 6, 7]
        assert gate.in_use == 0

    run_jumping(run())


def test_one_in_five_is_stray_and_more_is_not() -> None:
    assert reports(AdaptiveConcurrency(10), 1, 0.2) == [10]
    assert reports(AdaptiveConcurrency(10), 1, 0.3) == [8]
    # Faults of one round are not counted in the next.
    gate = AdaptiveConcurrency(10)
    assert [*reports(gate, 1, 0.1), *reports(gate, 1, 0.2)] == [10, 10]


def test_a_round_is_as_long_as_there_are_places() -> None:
    gate = AdaptiveConcurrency(4)
    for _ in range(3):
        gate.report(overloaded=True)
    assert gate.places == 4
    gate.report(overloaded=True)
    assert gate.places == 2
    assert reports(gate, 2, 0.0) == [3, 4]


def test_a_place_granted_in_the_moment_it_is_given_up_goes_to_the_next() -> None:
    async def run() -> None:
        gate, entered = AdaptiveConcurrency(1), list[int]()

        async def one(number: int) -> None:
            async with gate:
                entered.append(number)

        await gate.__aenter__()
        first, second = (asyncio.create_task(one(number)) for number in (1, 2))
        await asyncio.sleep(0)
        await gate.__aexit__()
        first.cancel()
        await second
        assert entered == [2]
        assert gate.in_use == 0

    run_jumping(run())


def test_new_places_are_taken_by_who_waits_and_nobody_overtakes() -> None:
    async def run() -> None:
        gate, order = AdaptiveConcurrency(4), list[int]()
        reports(gate, 2, 1.0)
        assert gate.places == 1

        async def one(number: int) -> None:
            async with gate:
                order.append(number)
                await asyncio.sleep(10)

        tasks = [asyncio.create_task(one(number)) for number in range(3)]
        await asyncio.sleep(1)
        assert (order, gate.in_use) == ([0], 1)
        gate.report(overloaded=False)
        # There is a place for one more, and he who waits has it before who comes now.
        tasks.append(asyncio.create_task(one(9)))
        await asyncio.sleep(1)
        assert (order, gate.in_use) == ([0, 1], 2)
        await asyncio.gather(*tasks)
        assert (order, gate.in_use) == ([0, 1, 2, 9], 0)

    run_jumping(run())


# ---- a minute


async def entries_of(window: RateWindow, sizes: list[int]) -> list[float]:
    """Seconds after which each request is let in."""
    began = now()

    async def one(size: int) -> float:
        await window.admit(size)
        return now() - began

    return [round(each, 6) for each in await asyncio.gather(*(one(size) for size in sizes))]


@pytest.mark.parametrize(
    ("requests", "tokens", "sizes", "expected"),
    [
        (2, None, [500, 500, 500, 500, 500], [0, 0, 61, 61, 122]),
        (None, 100, [60, 40, 1, 99], [0, 0, 61, 61]),
        (3, 100, [50, 50, 10, 10, 10, 10], [0, 0, 61, 61, 61, 122]),
        # One larger than the limit goes alone; what is small waits behind it.
        (None, 100, [10, 500, 1, 1], [0, 61, 122, 122]),
        (None, None, [500, 500, 500], [0, 0, 0]),
    ],
)
def test_who_comes_first_goes_first_after_sixty_one_seconds(
    requests: int | None, tokens: int | None, sizes: list[int], expected: list[float]
) -> None:
    async def run() -> list[float]:
        return await entries_of(RateWindow(requests, tokens, clock=now), sizes)

    assert run_jumping(run()) == expected


def test_the_window_slides_with_each_request() -> None:
    async def run() -> list[float]:
        window = RateWindow(2, None, seconds=60, clock=now)
        await window.admit(1)
        await asyncio.sleep(40)
        await window.admit(1)
        return await entries_of(window, [1, 1, 1])

    assert run_jumping(run()) == [20, 60, 80]


def test_a_late_correction_does_not_shift_the_window() -> None:
    async def run() -> None:
        window = RateWindow(None, 100, seconds=60, clock=now)
        first = await window.admit(90)
        await asyncio.sleep(61)
        second = await window.admit(50)
        # The first has left the window meanwhile: what it really took is nobody's business any more.
        window.correct(first, 400)
        assert window.used == 50
        window.correct(second, 20)
        assert window.used == 20

    run_jumping(run())


def test_where_nothing_is_limited_nothing_is_counted() -> None:
    async def run() -> None:
        window = RateWindow(None, None, clock=now)
        reservation = await window.admit(70)
        window.correct(reservation, 90)
        assert (window.used, reservation.tokens, reservation.at) == (0, 70, None)

    run_jumping(run())


def test_a_request_let_in_and_given_up_in_one_moment_takes_no_tokens() -> None:
    async def run() -> None:
        window = RateWindow(None, 100, seconds=60, clock=now)
        first = await window.admit(100)
        second = asyncio.create_task(window.admit(80))
        third = asyncio.create_task(window.admit(30))
        await asyncio.sleep(0)
        window.correct(first, 0)
        second.cancel()
        await asyncio.wait([second])
        assert second.cancelled()
        await asyncio.wait_for(third, 1)
        assert window.used == 30

    run_jumping(run())


@settings(max_examples=12, deadline=None)
@given(st.integers(1, 6), st.integers(10, 60), st.lists(st.integers(1, 40), min_size=1, max_size=25))
def test_no_window_holds_more_than_the_limits(requests: int, tokens: int, wanted: list[int]) -> None:
    async def run() -> None:
        window = RateWindow(requests, tokens, clock=now)
        entries = []

        async def one(size: int) -> None:
            entry = await window.admit(size)
            # Once it has left the window it forgets when.
            entries.append((entry.at or 0.0, size))

        await asyncio.gather(*(one(size) for size in wanted))
        assert [size for _, size in entries] == wanted
        for at, _ in entries:
            inside = [size for other, size in entries if at <= other < at + MINUTE]
            assert len(inside) <= requests
            assert sum(inside) <= tokens or len(inside) == 1

    run_jumping(run())


def test_what_a_call_really_took_makes_room_or_takes_it() -> None:
    async def run() -> None:
        window = RateWindow(None, 100, seconds=5, clock=now)
        first = await window.admit(90)
        second = asyncio.create_task(window.admit(50))
        await asyncio.sleep(0.01)
        assert not second.done()
        window.correct(first, 40)
        await asyncio.wait_for(second, 1)
        third = asyncio.create_task(window.admit(10))
        window.correct(first, 60)
        await asyncio.sleep(0.01)
        assert not third.done()
        third.cancel()
        await asyncio.gather(third, return_exceptions=True)
        window.correct(first, 0)
        await asyncio.wait_for(window.admit(50), 1)

    run_jumping(run())


def test_who_gives_up_waiting_blocks_nobody() -> None:
    async def run() -> None:
        window = RateWindow(1, None, seconds=0.2, clock=now)
        await window.admit(0)
        tasks = [asyncio.create_task(window.admit(0)) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
        began = now()
        await tasks[2]
        assert now() - began == pytest.approx(0.2)

    run_jumping(run())


# ---- US dollars


def test_who_finds_too_little_left_waits_for_the_real_cost() -> None:
    async def run() -> Budget:
        budget = Budget(1.0)
        await budget.reserve(0.75)
        second = asyncio.create_task(budget.reserve(0.5))
        third = asyncio.create_task(budget.reserve(0.25))
        await asyncio.sleep(1)
        assert third.done()
        assert not second.done()
        budget.settle(0.75, 0.25)
        await asyncio.wait_for(second, 1)
        assert budget.calls_in_flight == 2
        # 0.25 are spent and 0.75 set aside: nothing is left until one of them ends.
        fourth = asyncio.create_task(budget.reserve(0.25))
        budget.settle(0.25, 0.25)
        await asyncio.sleep(1)
        assert not fourth.done()
        budget.settle(0.5, 0.25)
        await asyncio.wait_for(fourth, 1)
        budget.settle(0.25, 0.25)
        return budget

    budget = run_jumping(run())
    assert (budget.spent, budget.calls_in_flight) == (1.0, 0)


def test_what_just_fits_is_sent_and_then_the_limit_is_told() -> None:
    async def run() -> None:
        budget = Budget(1.0)
        await budget.reserve(1.0)
        budget.settle(1.0, 0.75)
        await budget.reserve(0.25)
        budget.settle(0.25, 0.25)
        with pytest.raises(LLMError, match=r"--max-cost 1 US\$ would be exceeded: 1.0000 spent in this run, the next"):
            await budget.reserve(0.01)

    run_jumping(run())


def test_a_run_without_a_limit_counts_what_it_spends() -> None:
    async def run() -> Budget:
        budget = Budget(None)
        for _ in range(3):
            await budget.reserve(100.0)
        budget.settle(100.0, 2.5)
        budget.settle(100.0, 1.5)
        return budget

    budget = run_jumping(run())
    assert (budget.spent, budget.calls_in_flight) == (4.0, 1)


# ---- sizes


def test_sizes_of_a_prompt() -> None:
    messages = [{"role": "system", "content": "àà"}, {"role": "user", "content": "abc"}, {"role": "assistant"}]
    assert prompt_tokens(messages, len) == 5 + 3 * MESSAGE + CHAT
    assert most_prompt_tokens(messages, {}) == 7 + 3 * 16 + 64
    assert most_prompt_tokens(messages, {"stop": "à"}) == 7 + 3 * 16 + 64 + len('{"stop": "à"}'.encode())
    parts: Any = [{"role": "user", "content": [{"type": "text", "text": "à"}]}]
    assert most_prompt_tokens(parts, {}) == len('[{"type": "text", "text": "à"}]'.encode()) + 16 + 64


@pytest.mark.parametrize("value", [None, 0, -1, "many"])
def test_a_bound_that_is_none_bounds_nothing(value: Any) -> None:
    assert most_reply_tokens({"max_tokens": value, "n": None}, ModelCard("m", context=1000)) == 1000


@given(st.lists(st.text(max_size=50), max_size=4))
def test_the_bound_of_a_prompt_is_no_less_than_its_bytes(texts: list[str]) -> None:
    messages = [{"role": "user", "content": text} for text in texts]
    assert most_prompt_tokens(messages, {}) >= sum(len(text.encode("utf-8", "replace")) for text in texts) + 64
    assert 0 < prompt_tokens(messages) <= most_prompt_tokens(messages, {}) + 8


def test_the_bound_of_a_reply() -> None:
    card = ModelCard("m", context=1000, max_output=400)
    assert most_reply_tokens({}, card) == 400
    assert most_reply_tokens({"max_tokens": 50}, card) == 50
    assert most_reply_tokens({"max_tokens": 1, "max_completion_tokens": 7}, ModelCard("m")) == 1
    assert most_reply_tokens({"max_completion_tokens": 5000}, card) == 400
    assert most_reply_tokens({"max_tokens": 50, "n": 3}, card) == 150
    assert most_reply_tokens({}, ModelCard("m", context=1000)) == 1000
    assert most_reply_tokens({}, ModelCard("m")) is None
