"""The loopback chat server and its clients count what they do. Covers chat_server and chat_clients."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.helpers.chat_clients import check_reply, finish, messages, start, together
from benchmarks.helpers.chat_server import ChatServer, chat_server, stats


class Wire:
    """Stands for a transport: keeps what is written."""

    def __init__(self) -> None:
        self.output = b""

    def write(self, data: bytes) -> None:
        self.output += data

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize(("luck", "status"), [(0.05, 429), (0.12, 500), (0.5, 200)])
def test_luck_decides_the_fault(luck: float, status: int) -> None:
    server, wire = ChatServer(), Wire()
    server.transport = wire
    server.reply("7", luck)
    head, _, body = wire.output.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert (b"Retry-After" in head) == (status == 429)
    assert ("choices" in json.loads(body)) == (status == 200)


@pytest.mark.parametrize("kind", ["sockets", "bare"])
def test_the_server_counts_each_call_once(tmp_path: Path, kind: str) -> None:
    with chat_server(tmp_path) as address:
        numbers = finish(start(kind, address, 70, ""))
        counts = stats(address)
    assert numbers["calls"] == 70
    assert numbers["seconds"] >= 0.4, "64 at once need two turns"
    assert counts["attempts"] == counts["answers"] == {str(number): 1 for number in range(70)}
    assert counts["peak"] == 64


def test_no_call_is_left_out_and_none_is_doubled() -> None:
    numbers: list[int] = []

    async def ask(number: int) -> None:
        await asyncio.sleep(0)
        numbers.append(number)

    counts: dict[str, Any] = asyncio.run(together(ask, 10, 3))
    assert sorted(numbers) == list(range(10))
    assert counts["calls"] == 10


def test_the_reply_of_another_call_ends_the_run() -> None:
    check_reply(4, "4: Il consiglio")
    with pytest.raises(SystemExit, match="another call"):
        check_reply(4, "14: Il consiglio")
    assert "Chiamata 4." in messages(4)[0]["content"]
