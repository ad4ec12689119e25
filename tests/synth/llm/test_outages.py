"""A store that goes away while replies come in: none is lost, none is paid twice, nothing new is sent meanwhile.

And a client that is killed.

Covers synth.outages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, BulkWriteError, OperationFailure, WTimeoutError

from crawler.mongo.server import find_binary
from synth.llm import Limits
from synth.llm.ledger import Ledgered
from synth.llm.openai_client import ChatServer
from synth.outages import hub_messages, is_outage, outlast, reason_of_hub
from tests.fork_server import start_forked
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


# ---- kill -9

CLIENT = """
import asyncio, sys
from crawler.mongo import connect
from synth.llm import Limits, load_llm

async def main():
    async with load_llm("openai:tiny", connect().llm_calls, limits=Limits(concurrency=16)) as llm:
        await asyncio.gather(*(llm.complete([{"role": "user", "content": f"Riassumi {n}."}]) for n in range(300)))

asyncio.run(main())
"""


def test_killed_at_any_moment_no_acknowledged_call_is_asked_again(
    stand: Any, database: Any, database_uri: str, root: Path
) -> None:
    stand.delay = 0.05
    stand.reply = lambda body: {"choices": [{"message": {"content": body["messages"][0]["content"]}}]}
    environment = os.environ | {"MONGODB_URI": database_uri, "LLM_BASE_URL": stand.url, "LLM_API_KEY": "sk"}
    kept: dict[str, int] = {}

    def counted() -> Counter[str]:
        return Counter(body["messages"][0]["content"] for body in stand.bodies)

    for kill in (True, True, True, False):
        before = database.llm_calls.count_documents({})
        process = start_forked("synth", [sys.executable, "-c", CLIENT], root, environment)
        if kill:
            wait_until(
                lambda before=before: database.llm_calls.count_documents({}) > before, every=0.005, process=process
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(random.uniform(0, 0.25))
            process.send_signal(signal.SIGKILL)
        process.wait(60)
        # What was with the server is answered into nothing before the next start.
        stand.settle()
        now = counted()
        for row in database.llm_calls.find():
            kept.setdefault(row["text"], now[row["text"]])
    end = counted()
    assert len(end) == len(kept) == database.llm_calls.count_documents({}) == 300
    assert {text: end[text] for text in kept} == kept


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


def test_what_the_hub_says_is_kept_and_not_printed(capfd: pytest.CaptureFixture[str]) -> None:
    import huggingface_hub  # noqa: F401

    logger = logging.getLogger("huggingface_hub.utils._http")
    handlers = list(logging.getLogger("huggingface_hub").handlers)
    with hub_messages() as messages:
        logger.warning("'no route' thrown while requesting HEAD https://example.org/a")
        logger.warning("Retrying in 1s [Retry 1/5].")
    assert len(messages) == 2
    assert reason_of_hub(OSError("closed"), messages).startswith("'no route' thrown")
    assert reason_of_hub(OSError("it is\nclosed"), []) == "it is closed"
    assert capfd.readouterr().err == ""
    assert logging.getLogger("huggingface_hub").handlers == handlers
