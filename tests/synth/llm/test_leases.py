"""Leases: one owner at a time, by the server's clock; who was killed holds nothing back for long.

Covers synth.llm.leases, and synth.llm.ledger that takes and gives them back.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from synth.llm.leases import Leases
from synth.llm.ledger import Ledgered, call_hash
from synth.llm.openai_client import ChatServer
from tests.synth.llm.test_ledger import ASKED, ledgered, run
from tests.waiting import wait_until


def test_one_owner_at_a_time(database: Any) -> None:
    first, second = Leases(database.llm_leases), Leases(database.llm_leases)
    assert first.claim(["a", "b"]) == {"a", "b"}
    assert second.claim(["b", "c"]) == {"c"}
    assert first.claim(["a", "c"]) == {"a"}
    second.release(["b", "c"])
    assert first.claim(["b", "c"]) == {"b", "c"}
    first.release(["a", "b", "c"])
    assert second.claim(["a"]) == {"a"}
    assert second.claim([]) == set()
    assert (first.held, second.held) == (set(), {"a"})


def test_a_lease_runs_out_unless_it_is_renewed(database: Any) -> None:
    first, second = Leases(database.llm_leases, seconds=0.5), Leases(database.llm_leases)
    first.claim(["a", "b"])
    before = database.llm_leases.find_one({"_id": "a"})["until"]
    first.release(["b"])
    first.renew()
    assert database.llm_leases.find_one({"_id": "a"})["until"] > before
    wait_until(lambda: second.claim(["a"]) == {"a"}, seconds=20)
    # Who has lost a lease gives nobody else's back.
    first.release(["a"])
    assert database.llm_leases.find_one({"_id": "a"})["owner"] == second.owner


def test_of_many_who_claim_at_once_one_has_it(database: Any) -> None:
    owners = [Leases(database.llm_leases) for _ in range(8)]
    keys = [str(number) for number in range(20)]
    with ThreadPoolExecutor(8) as threads:
        claims = list(threads.map(lambda owner: owner.claim(keys), owners))
    assert Counter(key for claim in claims for key in claim) == Counter(keys)


def test_a_process_that_is_gone_holds_nothing(database: Any) -> None:
    leases = Leases(database.llm_leases)
    machine = leases.owner.partition("|")[0]
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    owners = {
        "gone": f"{machine}|{process.pid}|1|x", "elsewhere": f"other/1|{process.pid}|1|x",
        # The number was given to another process since.
        "another": f"{machine}|{os.getpid()}|1|x", "alive": leases.owner + "x",
    }  # fmt: skip
    for key, owner in owners.items():
        Leases(database.llm_leases).claim([key])
        database.llm_leases.update_one({"_id": key}, {"$set": {"owner": owner}})
    assert leases.claim(list(owners)) == {"gone", "another"}


@pytest.mark.parametrize("status", [200, 503])
def test_leases_are_given_back_with_the_reply_or_without(stand: Any, database: Any, status: int) -> None:
    stand.script = [(status, {}, stand.reply({"model": "tiny"}) if status == 200 else "")]

    async def ask() -> None:
        from synth.llm.openai_client import Retries

        async with Ledgered(ChatServer("tiny", stand.url, retries=Retries(1)), database.llm_calls) as llm:
            await asyncio.gather(llm.complete([{"role": "user", "content": "x"}]), return_exceptions=True)

    asyncio.run(ask())
    # asyncio.run has waited for its threads, and they for the store: what is leased now stays so for a minute.
    assert database.llm_leases.count_documents({}) == 0


# ---- the ledger's


def test_who_waits_for_another_process_s_reply_may_leave(stand: Any, database: Any) -> None:
    other = Leases(database.llm_leases)
    other.claim([call_hash("openai:tiny", ASKED, {})])

    async def ask() -> None:
        async with ledgered(stand, database) as llm:
            task = asyncio.create_task(llm.complete(ASKED))
            await asyncio.sleep(0.2)
        assert (await asyncio.gather(task, return_exceptions=True))[0].__class__ is asyncio.CancelledError

    asyncio.run(asyncio.wait_for(ask(), 60))
    assert stand.asked == []


def test_a_lease_is_renewed_while_its_reply_is_under_way(
    stand: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth.llm.ledger.RENEWAL", 0.05)
    renewals: list[int] = []
    monkeypatch.setattr(Leases, "renew", lambda self: renewals.append(len(self.held)))
    stand.delay = 0.5
    run(ledgered(stand, database).complete(ASKED))
    assert renewals[:2] == [1, 1]


def test_a_reply_stored_between_the_look_and_the_claim_is_taken(
    stand: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = call_hash("openai:tiny", ASKED, {})
    claim = Leases.claim

    def late(leases: Leases, keys: list[str]) -> set[str]:
        row = {"hash": key, "text": "theirs", "model": "tiny", "finish_reason": "stop"}
        database.llm_calls.insert_one(row | dict.fromkeys(("prompt_tokens", "completion_tokens", "cost")))
        return claim(leases, keys)

    monkeypatch.setattr(Leases, "claim", late)
    reply = run(ledgered(stand, database).complete(ASKED))
    assert (reply.text, reply.cached, stand.asked) == ("theirs", True, [])
    assert database.llm_leases.count_documents({}) == 0


def test_a_lease_that_is_lost_sight_of_is_let_go(stand: Any, database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a store that is away nor one that refuses ends a call whose reply is stored."""
    monkeypatch.setattr("synth.llm.ledger.RENEWAL", 0.02)
    tries: list[str] = []

    def away(self: Leases, *_: Any) -> None:
        tries.append("renew" if not _ else "release")
        raise AutoReconnect("gone")

    monkeypatch.setattr(Leases, "renew", away)
    monkeypatch.setattr(Leases, "release", away)
    stand.delay = 0.3
    assert run(ledgered(stand, database).complete(ASKED)).text == stand.answer
    assert tries.count("renew") > 1
    assert tries.count("release") == 1
