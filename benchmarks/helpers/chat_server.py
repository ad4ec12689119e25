"""A loopback server of chat completions that costs little itself, so that the client is what is measured.

Every request is answered after LATENCY seconds. With --faulty one attempt in ten gets 429 with Retry-After, one in
twenty 500, and one in a hundred no answer at all. GET /stats: attempts and complete answers of each call, when it was
answered first, and the most requests in flight.

    python -m benchmarks.helpers.chat_server ADDRESS_FILE [--faulty]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[2]
LATENCY = 0.2
#: A reply of 1 KB, as an event of three articles gets.
REPLY = "Il consiglio ha approvato il bilancio; la sindaca ha annunciato nuovi lavori. " * 13
_NUMBER = re.compile(rb"Chiamata (\d+)\.")
_STATUSES = {429: '{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}',
             500: '{"error": {"message": "something broke"}}'}  # fmt: skip


class ChatServer(asyncio.Protocol):
    """One connection; the counts are those of all connections."""

    attempts: ClassVar[Counter[str]] = Counter()
    answers: ClassVar[Counter[str]] = Counter()
    #: number of a call -> when it was answered first (time.time).
    first_answers: ClassVar[dict[str, float]] = {}
    in_flight = peak = 0
    faulty = False
    chance = random.Random(4)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self.buffer) < end + 4 + size:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + size], self.buffer[end + 4 + size :]
            self.request(head, body)

    def request(self, head: bytes, body: bytes) -> None:
        """Count a request and plan its answer."""
        if head.startswith(b"get /stats"):
            counts = {"attempts": self.attempts, "answers": self.answers, "first_answers": self.first_answers}
            self.send(200, json.dumps({**counts, "peak": ChatServer.peak}))
            return
        match = _NUMBER.search(body)
        number = match[1].decode() if match else str(hash(body))
        self.attempts[number] += 1
        ChatServer.in_flight += 1
        ChatServer.peak = max(ChatServer.peak, ChatServer.in_flight)
        luck = self.chance.random() if self.faulty else 1.0
        asyncio.get_running_loop().call_later(LATENCY, self.reply, number, luck)

    def reply(self, number: str, luck: float) -> None:
        """Answer a call; luck: 0 to 1, the kind of fault."""
        if 0.15 <= luck < 0.16 and not self.transport.is_closing():
            # Never answered: the client lets go.
            asyncio.get_running_loop().call_later(LATENCY, self.reply, number, luck)
            return
        ChatServer.in_flight -= 1
        if luck < 0.1:
            self.send(429, _STATUSES[429], "Retry-After: 1\r\n")
        elif luck < 0.15:
            self.send(500, _STATUSES[500])
        elif not self.transport.is_closing():
            self.complete(number)

    def complete(self, number: str) -> None:
        """The reply of a call, to its last byte."""
        choice = {"message": {"role": "assistant", "content": f"{number}: {REPLY}"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1100, "completion_tokens": 260, "total_tokens": 1360}
        self.send(200, json.dumps({"model": "bench", "choices": [choice], "usage": usage}))
        self.answers[number] += 1
        self.first_answers.setdefault(number, time.time())

    def send(self, status: int, body: str, headers: str = "") -> None:
        """headers: further ones, each with its line end."""
        size = len(body.encode())
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {size}\r\n"
        self.transport.write(f"{head}\r\n{body}".encode())


async def serve(announce: Path, faulty: bool) -> None:
    """Serve until the process ends; the address is written to a file once it is served."""
    ChatServer.faulty = faulty
    server = await asyncio.get_running_loop().create_server(ChatServer, "127.0.0.1", 0)
    part = announce.with_suffix(".part")
    part.write_text(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    part.rename(announce)
    await server.serve_forever()


@contextlib.contextmanager
def chat_server(folder: Path, faulty: bool = False) -> Iterator[str]:
    """The address of a server in a process of its own, which ends with the block."""
    announce = folder / f"server-{time.monotonic_ns()}"
    command = [sys.executable, "-m", "benchmarks.helpers.chat_server", str(announce), *(["--faulty"] if faulty else [])]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        while not announce.exists():
            if process.poll() is not None:
                raise SystemExit("the chat server did not start")
            time.sleep(0.02)
        yield announce.read_text()
    finally:
        process.terminate()
        process.wait()


def stats(address: str) -> dict[str, Any]:
    """{attempts, answers, first_answers: by number of the call; peak: most requests in flight}."""
    with urllib.request.urlopen(f"{address}/stats") as reply:
        counts: dict[str, Any] = json.load(reply)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("announce", type=Path, help="the file that will hold the address")
    parser.add_argument("--faulty", action="store_true", help="429, 500 and calls without an answer")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.announce, options.faulty))


if __name__ == "__main__":
    main()
