"""Limits at a real server: places, requests and tokens a minute, US dollars (and these by themselves).

Covers synth.llm.rate_limits.

Every run has a bound in seconds: nothing here hangs in order to fail.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from synth.llm import Limits, LLMError
from synth.llm.model_cards import ModelCard
from synth.llm.openai_client import ChatServer, Retries
from synth.llm.rate_limits import AdaptiveConcurrency, Budget, RateWindow, most_prompt_tokens
from tests.synth.llm.jumping import run_jumping

T = TypeVar("T")


def run_bounded(work: Coroutine[Any, Any, T], seconds: float = 60.0) -> T:
    """Run what talks to a server, so many seconds at most."""
    return asyncio.run(asyncio.wait_for(work, seconds))


def asked(number: int = 0) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Riassumi {number}. Perché là c'è più tất cả 😀"}]


def test_one_gate_serves_several_loops_in_turn() -> None:
    gate = AdaptiveConcurrency(1)

    async def run() -> None:
        async def one() -> None:
            async with gate:
                await asyncio.sleep(0)

        await asyncio.gather(*(one() for _ in range(5)))

    run_jumping(run())
    run_jumping(run())
    assert gate.in_use == 0


def test_fewer_calls_at_a_time_while_a_server_is_overloaded_and_more_afterwards(stand: Any) -> None:
    """The server can do four at a time, until it can do all."""
    able = [4]
    stand.delay = 0.02

    def judge(_: Any) -> tuple[int, dict[str, str], Any] | None:
        return (429, {"Retry-After": "0"}, {"error": {"message": "slow"}}) if stand.flying > able[0] else None

    stand.judge = judge
    llm = ChatServer("tiny", stand.url, limits=Limits(concurrency=32), retries=Retries(50))

    async def run() -> None:
        async with llm:
            places = []
            for _ in range(4):
                await asyncio.gather(*(llm.complete(asked(number)) for number in range(40)))
                places.append(llm.concurrency.places)
            assert min(places) <= 10
            able[0] = 1000
            for _ in range(40):
                await asyncio.gather(*(llm.complete(asked(number)) for number in range(40)))
                if llm.concurrency.places == 32:
                    break
            assert llm.concurrency.places == 32

    run_bounded(run())
    assert llm.counts["answered"] >= 200


@pytest.mark.parametrize("concurrency", [1, 5])
def test_no_more_calls_at_a_time_than_places(stand: Any, concurrency: int) -> None:
    stand.delay = 0.02
    full = threading.Event()

    def hold(_: dict[str, Any]) -> None:
        """The first ones are answered when all places are taken, however long that takes on a busy machine."""
        if stand.most >= concurrency:
            full.set()
        full.wait(20)

    stand.judge = hold

    async def run() -> None:
        async with ChatServer("tiny", stand.url, limits=Limits(concurrency=concurrency)) as llm:
            await asyncio.gather(*(llm.complete(asked(number)) for number in range(20)))

    run_bounded(run())
    assert (len(stand.asked), stand.most) == (20, concurrency)


def test_requests_a_minute_at_a_server_failed_ones_included(stand: Any) -> None:
    async def run() -> None:
        async with ChatServer("tiny", stand.url, limits=Limits(concurrency=8)) as llm:
            # Connections first: they take their time.
            await asyncio.gather(*(llm.complete(asked(number)) for number in range(8)))
            stand.asked.clear()
            stand.script = [(503, {"Retry-After": "0"}, "")] * 4
            llm.rate = RateWindow(5, None, seconds=1.0)
            await asyncio.gather(*(llm.complete(asked(number)) for number in range(11)))

    run_bounded(run())
    instants = sorted(instant for _, _, instant in stand.asked)
    assert len(instants) == 15
    # Requests take their time to arrive, too; without the limit all come within that.
    assert all(later - earlier > 0.6 for earlier, later in zip(instants, instants[5:], strict=False))


def test_tokens_a_minute_are_corrected_by_usage(stand: Any) -> None:
    """The replies say 18 tokens where hundreds were expected: more calls fit than were thought to."""

    async def run() -> int:
        llm = ChatServer("tiny", stand.url, limits=Limits(concurrency=1, tokens_per_minute=1000))
        async with llm:
            for number in range(10):
                await llm.complete(asked(number), max_tokens=500)
        return llm.rate.used

    # All ten within one minute's window; by what was thought of them they would fill five.
    assert run_bounded(run()) == 180


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0, 10), st.integers(1, 20),
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), min_size=1, max_size=40), st.randoms(use_true_random=False),
)  # fmt: skip
def test_a_budget_is_never_exceeded(
    limit: float, width: int, calls: list[tuple[float, float]], chance: random.Random
) -> None:
    """Any calls of any cost up to what they may cost, any number at a time."""
    outcomes: list[str] = []

    async def run() -> Budget:
        budget, places = Budget(limit), asyncio.Semaphore(width)

        async def one(most: float, share: float) -> None:
            async with places:
                try:
                    await budget.reserve(most)
                except LLMError as error:
                    outcomes.append(error.reason)
                    return
                for _ in range(chance.randrange(3)):
                    await asyncio.sleep(0)
                budget.settle(most, most * share)
                assert budget.spent <= limit + 1e-9
                outcomes.append("paid")

        await asyncio.gather(*(one(*call) for call in calls))
        return budget

    budget = run_jumping(run())
    assert len(outcomes) == len(calls)
    assert set(outcomes) <= {"paid", "max_cost"}
    if sum(most for most, _ in calls) <= limit * (1 - 1e-9):
        assert "max_cost" not in outcomes
    assert budget.calls_in_flight == 0


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture],
    # Nothing is made smaller: where a call waits for ever, each attempt would take its whole bound.
    phases=[Phase.explicit, Phase.generate], report_multiple_bugs=False,
)  # fmt: skip
@given(st.floats(0.01, 50), st.floats(0.01, 50), st.integers(1, 300), st.integers(1, 12), st.floats(0, 0.05))
def test_a_run_never_costs_more_than_it_may(
    stand: Any, price: float, reply_price: float, longest: int, concurrency: int, limit: float
) -> None:
    """What a server that keeps to max_tokens bills, faults and all, at random prices and sizes."""
    billed: list[float] = []
    lock, chance = threading.Lock(), random.Random(longest)

    def judge(body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        if chance.random() < 0.2:
            return 500, {"Retry-After": "0"}, "{}"
        read, written = len(body["messages"][0]["content"].encode()), chance.randint(0, body["max_tokens"])
        with lock:
            billed.append((read * price + written * reply_price) / 1e6)
        usage = {"prompt_tokens": read, "completion_tokens": written}
        return 200, {}, {"choices": [{"message": {"content": "a"}}], "usage": usage}

    stand.judge = judge
    card = ModelCard("tiny", input_price=price, output_price=reply_price)
    llm = ChatServer("tiny", stand.url, limits=Limits(concurrency, max_cost=limit), card=card, retries=Retries(50))

    async def run() -> list[Any]:
        async with llm:
            calls = (llm.complete(asked(number), max_tokens=longest) for number in range(30))
            return await asyncio.gather(*calls, return_exceptions=True)

    replies = run_bounded(run())
    assert sum(billed) <= limit + 1e-12
    assert llm.budget.spent == pytest.approx(sum(billed))
    refused = [reply for reply in replies if isinstance(reply, LLMError)]
    assert {error.reason for error in refused} <= {"max_cost"}
    if refused:
        worst = (most_prompt_tokens(asked(99), {"max_tokens": longest}) * price + longest * reply_price) / 1e6
        # It stopped because the next call might not have fitted, not earlier.
        assert sum(billed) > limit - worst - 1e-12


def test_the_message_says_what_was_spent_and_how_to_go_on(stand: Any) -> None:
    card = ModelCard("tiny", input_price=1000.0, output_price=1000.0)
    stand.reply = lambda body: {
        "choices": [{"message": {"content": "a"}}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 50},
    }

    async def run() -> LLMError:
        async with ChatServer("tiny", stand.url, limits=Limits(max_cost=0.5), card=card) as llm:
            for _ in range(4):
                assert (await llm.complete(asked(), max_tokens=50)).cost == pytest.approx(0.1)
            with pytest.raises(LLMError) as caught:
                await llm.complete(asked(), max_tokens=50)
            return caught.value

    error = run_bounded(run())
    assert (error.reason, error.fatal) == ("max_cost", True)
    assert "--max-cost 0.5 US$ would be exceeded: 0.4000 spent in this run" in str(error)
    assert "to go on, run the same command again with a new --max-cost" in str(error)
    assert len(stand.asked) == 4


def test_a_call_that_may_have_been_paid_counts_as_paid(stand: Any) -> None:
    """Nobody knows what became of a request without an answer."""
    card = ModelCard("tiny", input_price=1000.0, output_price=1000.0)
    stand.script = [(200, {"X-Delay": "1"}, "{}"), (504, {}, ""), (429, {}, ""), (0, {}, b"")]

    async def run() -> None:
        limits = Limits(max_cost=10.0)
        llm = ChatServer("tiny", stand.url, limits=limits, card=card, timeout=0.3, retries=Retries(4, 0.01))
        most = (most_prompt_tokens(asked(), {"max_tokens": 50}) + 50) / 1000
        async with llm:
            with pytest.raises(LLMError, match="the connection broke"):
                await llm.complete(asked(), max_tokens=50)
        assert llm.budget.spent == pytest.approx(3 * most)

    run_bounded(run())


def test_without_a_bound_no_cost_can_be_bounded(stand: Any) -> None:
    llm = ChatServer("tiny", stand.url, limits=Limits(max_cost=1.0), card=ModelCard("tiny", None, None, 1.0, 1.0))
    with pytest.raises(LLMError, match="max_output is not known") as caught:
        run_bounded(llm.complete(asked()))
    assert caught.value.reason == "no_price"
    assert run_bounded(llm.complete(asked(), max_tokens=10)).text == stand.answer


def test_a_cost_that_the_server_tells_comes_before_the_table(stand: Any) -> None:
    card = ModelCard("tiny", None, 100, 1.0, 1.0)
    assert run_bounded(ChatServer("tiny", stand.url, card=card).complete(asked())).cost == 0.0125
    stand.reply = lambda body: {
        "choices": [{"message": {"content": "a"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    assert run_bounded(ChatServer("tiny", stand.url, card=card).complete(asked())).cost == pytest.approx(7e-6)
