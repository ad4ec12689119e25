"""No call is paid twice: the ledger in a real MongoDB."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from synth.llm import LLMError
from synth.llm.chat import ChatServer
from synth.llm.ledger import Ledgered, call_hash

ASKED = [{"role": "user", "content": "Riassumi."}]


def ledgered(stand: Any, database: Any, model: str = "tiny") -> Ledgered:
    return Ledgered(ChatServer(model, stand.url, attempts=1), database.llm_calls)


def test_the_second_call_costs_nothing(stand: Any, database: Any) -> None:
    first = asyncio.run(ledgered(stand, database).complete(ASKED, temperature=0))
    second = asyncio.run(ledgered(stand, database).complete(ASKED, temperature=0))
    assert (first.cached, second.cached) == (False, True)
    assert replace(first, cached=True) == second
    assert len(stand.asked) == 1
    row = database.llm_calls.find_one()
    assert row["hash"] == first.call == call_hash("openai:tiny", ASKED, {"temperature": 0})
    assert (row["llm"], row["text"], row["cost"]) == ("openai:tiny", stand.answer, 0.0125)
    assert (row["prompt_tokens"], row["completion_tokens"]) == (11, 7)
    assert row["seconds"] >= 0


def test_another_request_is_another_call(stand: Any, database: Any) -> None:
    async def ask() -> None:
        llm = ledgered(stand, database)
        await llm.complete(ASKED)
        await llm.complete(ASKED, temperature=0)
        await llm.complete([*ASKED, {"role": "assistant", "content": "Sì."}])
        await ledgered(stand, database, "other").complete(ASKED)

    asyncio.run(ask())
    assert len(stand.asked) == database.llm_calls.count_documents({}) == 4


def test_the_same_request_at_the_same_time_is_asked_once(stand: Any, database: Any) -> None:
    stand.delay = 0.2

    async def ask() -> list[bool]:
        async with ledgered(stand, database) as llm:
            return [reply.cached for reply in await asyncio.gather(*(llm.complete(ASKED) for _ in range(5)))]

    assert sorted(asyncio.run(ask())) == [False, True, True, True, True]
    assert len(stand.asked) == 1


def test_a_call_without_a_reply_leaves_no_row(stand: Any, database: Any) -> None:
    stand.script = [(503, {}, "")]
    with pytest.raises(LLMError):
        asyncio.run(ledgered(stand, database).complete(ASKED))
    assert database.llm_calls.count_documents({}) == 0
    assert asyncio.run(ledgered(stand, database).complete(ASKED)).text == stand.answer


def test_two_processes_that_ask_the_same_go_on_with_the_same_reply(stand: Any, database: Any) -> None:
    async def ask() -> list[Any]:
        stand.delay = 0.2
        stand.script = [(200, {}, {"choices": [{"message": {"content": text}}]}) for text in ("uno", "due")]
        # Two ledgers know of each other only through the store, as two processes do.
        both = (ledgered(stand, database), ledgered(stand, database))
        return await asyncio.gather(*(llm.complete(ASKED) for llm in both))

    replies = asyncio.run(ask())
    assert len({reply.text for reply in replies}) == 1
    assert database.llm_calls.count_documents({}) == 1


def test_the_order_of_keys_is_no_other_request() -> None:
    left = call_hash("m", [{"role": "user", "content": "x"}], {"a": 1, "b": 2})
    assert left == call_hash("m", [{"content": "x", "role": "user"}], {"b": 2, "a": 1})
    assert left != call_hash("m", [{"role": "user", "content": "x"}], {"a": 1, "b": 3})
