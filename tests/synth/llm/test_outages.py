"""A store that goes away while replies come in: none is lost, none is paid twice, nothing new is sent meanwhile.

Covers synth.outages.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, WTimeoutError

from crawler.mongo.server import find_binary
from synth.llm import Limits, LLMError
from synth.llm.ledger import Ledgered, call_hash
from synth.llm.openai_client import ChatServer
from synth.outages import is_outage, outlast
from tests.waiting import wait_until


class Mongod:
    """A replica set of one that a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder = folder
        self.uri = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        self.start()
        with MongoClient(self.uri) as client:
            members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
            client.admin.command("replSetInitiate", {"_id": "outage", "members": members})
            wait_until(lambda: client.admin.command("hello")["isWritablePrimary"])

    def start(self) -> None:
        words = [str(find_binary()), "--dbpath", str(self.folder), "--port", str(self.port), "--replSet", "outage"]
        words += ["--bind_ip", "127.0.0.1", "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "64"]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def mongod(tmp_path: Path) -> Iterator[Mongod]:
    server = Mongod(tmp_path)
    yield server
    server.kill()


def question(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Riassumi {number}."}]


def test_no_reply_is_lost_or_paid_twice_when_the_server_is_killed(stand: Any, mongod: Mongod) -> None:
    stand.delay = 0.05
    with MongoClient(mongod.uri, serverSelectionTimeoutMS=500) as client:
        calls = client.outage.llm_calls

        async def run() -> int:
            async with Ledgered(ChatServer("tiny", stand.url, limits=Limits(concurrency=8)), calls) as llm:
                tasks = [asyncio.create_task(llm.complete(question(number))) for number in range(80)]
                while len(stand.asked) < 20:
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(mongod.kill)
                await asyncio.sleep(1.5)
                sent = len(stand.asked)
                await asyncio.sleep(1.5)
                # While the store is away nothing more is paid.
                assert len(stand.asked) == sent < 80
                await asyncio.to_thread(mongod.start)
                replies = await asyncio.gather(*tasks)
                assert all(reply.call for reply in replies)
            return sent

        sent = asyncio.run(run())
        assert sent < 50
        asked = Counter(body["messages"][0]["content"] for body in stand.bodies)
        assert set(asked.values()) == {1}
        assert len(asked) == calls.count_documents({}) == 80


def test_a_store_that_fails_after_the_reply_keeps_it(
    stand: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice an outage, then it is stored; what is no outage is raised at once."""
    errors: list[Exception] = [AutoReconnect("gone"), OperationFailure("no primary", 10107)]
    insert = Collection.insert_many

    def failing(collection: Any, rows: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop(0)
        return insert(collection, rows, **options)

    monkeypatch.setattr(Collection, "insert_many", failing)
    llm = Ledgered(ChatServer("tiny", stand.url), database.llm_calls)
    assert asyncio.run(llm.complete(question(1))).text == stand.answer
    assert (len(stand.asked), database.llm_calls.count_documents({})) == (1, 1)
    for error in (OperationFailure("not allowed", 13), BulkWriteError({"writeErrors": [{"code": 121, "index": 0}]})):
        errors.append(error)
        with pytest.raises(type(error)):
            asyncio.run(llm.complete(question(2)))
    assert database.llm_calls.count_documents({}) == 1


def test_a_duplicate_in_the_middle_of_a_batch_loses_nothing_behind_it(stand: Any, database: Any) -> None:
    """Somebody without leases (an older version) asked every third as well, and was first."""
    stand.delay = 0.3

    def stored_already(body: dict[str, Any]) -> None:
        if int(body["messages"][0]["content"][9:-1]) % 3 == 1:
            key = call_hash("openai:tiny", body["messages"], {})
            row = {"hash": key, "text": "theirs", "model": "tiny", "finish_reason": "stop"}
            row |= dict.fromkeys(("prompt_tokens", "completion_tokens", "cost"))
            database.llm_calls.update_one({"hash": key}, {"$setOnInsert": row}, upsert=True)

    stand.judge = stored_already

    async def run() -> list[str]:
        limits = Limits(concurrency=30)
        async with Ledgered(ChatServer("tiny", stand.url, limits=limits), database.llm_calls) as llm:
            replies = await asyncio.gather(*(llm.complete(question(number)) for number in range(30)))
        return [reply.text for reply in replies]

    texts = asyncio.run(run())
    assert database.llm_calls.count_documents({}) == 30
    assert texts == ["theirs" if number % 3 == 1 else stand.answer for number in range(30)]


def test_after_stop_nothing_is_sent(stand: Any, database: Any) -> None:
    async def run() -> None:
        async with Ledgered(ChatServer("tiny", stand.url), database.llm_calls) as llm:
            llm.stop()
            with pytest.raises(LLMError, match="the run ends") as caught:
                await llm.complete(question(1))
            assert caught.value.reason == "stopped"

    asyncio.run(run())
    assert stand.asked == []


def test_a_call_given_up_while_the_store_is_away_is_not_sent(stand: Any, database: Any) -> None:
    async def run() -> None:
        async with Ledgered(ChatServer("tiny", stand.url), database.llm_calls) as llm:
            # A reply that has waited for the store for a while.
            llm.unacknowledged[None] = asyncio.get_running_loop().time() - 10
            task = asyncio.create_task(llm.complete(question(1)))
            await asyncio.sleep(0.5)
            assert stand.asked == []
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert llm.llm.budget.spent == 0
            llm.unacknowledged.clear()

    asyncio.run(run())
    assert stand.asked == []
    assert database.llm_leases.count_documents({}) == 0


def test_outages_are_told_from_mistakes() -> None:
    assert is_outage(AutoReconnect("x"))
    assert is_outage(WTimeoutError("x"))
    assert is_outage(OperationFailure("x", 11600))
    assert not is_outage(OperationFailure("x", 13))
    assert not is_outage(ValueError("x"))
    assert is_outage(BulkWriteError({"writeErrors": [{"code": 11000}], "writeConcernErrors": [{"code": 64}]}))
    assert is_outage(BulkWriteError({"writeErrors": [{"code": 91}]}))
    assert not is_outage(BulkWriteError({"writeErrors": [{"code": 11000}]}))
    assert not is_outage(BulkWriteError({"writeErrors": [{"code": 91}, {"code": 121}]}))


def test_patience_ends() -> None:
    attempts: list[int] = []

    def fail() -> None:
        attempts.append(1)
        raise AutoReconnect("gone")

    with pytest.raises(AutoReconnect):
        outlast(fail, patience=0.5)
    assert 2 <= len(attempts) <= 5
    stopping = threading.Event()
    stopping.set()
    attempts.clear()
    with pytest.raises(AutoReconnect):
        outlast(fail, 60.0, stopping)
    assert len(attempts) == 1
    assert outlast(lambda: 7) == 7
