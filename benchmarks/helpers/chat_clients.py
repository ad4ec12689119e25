"""Clients of the loopback chat server, each in a process of its own: ours, the official one, and bare sockets.

    python -m benchmarks.helpers.chat_clients full|bare|bare-aiohttp|sockets ADDRESS --calls N

The numbers of a run come out as one line of JSON: calls, cached (from the ledger), seconds, and cpu, which is the
seconds of processor time of the client. `full` writes each reply into the store of MONGODB_URI before it is used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("sockets", "bare", "bare-aiohttp", "full")
IN_FLIGHT = 64
#: A prompt of 4 KB, as an event of three articles has it.
PROMPT = "Il consiglio comunale ha approvato il bilancio con ventidue voti a favore e nove contrari. " * 44


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Chiamata {number}. Riassumi in un unico testo.\n\n{PROMPT}"}]


async def together(ask: Callable[[int], Awaitable[object]], calls: int, width: int) -> Counter[str]:
    """All calls by so many tasks at once: {calls, microseconds}."""
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await ask(number)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(width)))
    return Counter(calls=calls, microseconds=round((time.perf_counter() - began) * 1e6))


def check_reply(number: int, text: str) -> None:
    """Raises SystemExit if the reply is that of another call."""
    if not text.startswith(f"{number}: "):
        raise SystemExit(f"bench_llm: call {number} got the reply of another call")


async def full(address: str, calls: int) -> Counter[str]:
    """Through `load_llm` and the ledger; as many tasks as the stage has, which is more than calls in flight."""
    from crawler.mongo import connect
    from synth.llm import Limits, load_llm

    os.environ["LLM_BASE_URL"] = f"{address}/v1"
    counts: Counter[str] = Counter()
    async with load_llm("openai:bench", connect().llm_calls, limits=Limits(concurrency=IN_FLIGHT)) as llm:

        async def ask(number: int) -> None:
            reply = await llm.complete(messages(number))
            check_reply(number, reply.text)
            counts["cached" if reply.cached else "calls"] += 1

        times = await together(ask, calls, 3 * IN_FLIGHT)
    return counts + Counter(microseconds=times["microseconds"])


async def bare(address: str, calls: int, quick: bool) -> Counter[str]:
    """The official client in a loop, by its default transport or by aiohttp's."""
    import openai

    http = openai.DefaultAioHttpClient() if quick else openai.DefaultAsyncHttpxClient()
    async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, http_client=http) as client:

        async def ask(number: int) -> None:
            prompt: Any = messages(number)
            reply = await client.chat.completions.create(model="bench", messages=prompt)
            check_reply(number, reply.choices[0].message.content or "")

        return await together(ask, calls, IN_FLIGHT)


class Socket(asyncio.Protocol):
    """Waits for the end of one reply after the other, and looks at none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.buffer, self.whole = b"", asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, _, body = self.buffer.partition(b"\r\n\r\n")
        if body and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            self.buffer = b""
            self.whole.set_result(None)


async def sockets(address: str, calls: int) -> Counter[str]:
    """The floor of machine and server."""
    host, _, port = address.removeprefix("http://").partition(":")
    loop, free = asyncio.get_running_loop(), []
    for _ in range(IN_FLIGHT):
        free.append((await loop.create_connection(Socket, host, int(port)))[1])

    async def ask(number: int) -> None:
        connection, body = free.pop(), json.dumps({"model": "bench", "messages": messages(number)}).encode()
        connection.whole = loop.create_future()
        head = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body)
        connection.transport.write(head + body)
        await connection.whole
        free.append(connection)

    return await together(ask, calls, IN_FLIGHT)


def start(kind: str, address: str, calls: int, uri: str, **variables: str) -> subprocess.Popen[str]:
    """Start a client of a kind; variables: further ones of its environment."""
    environment = os.environ | {"MONGODB_URI": uri, "PYTHONPATH": str(ROOT)} | variables
    command = [sys.executable, "-m", "benchmarks.helpers.chat_clients", kind, address, "--calls", str(calls)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def finish(process: subprocess.Popen[str]) -> dict[str, float]:
    """The numbers of a client, once it has ended."""
    output, _ = process.communicate()
    if process.returncode:
        raise SystemExit("bench_llm: the client failed")
    numbers: dict[str, float] = json.loads(output)
    return numbers


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("address")
    parser.add_argument("--calls", type=int, default=100)
    options = parser.parse_args()
    whole = {"full": full, "sockets": sockets}.get(options.kind)
    work = whole(options.address, options.calls) if whole else None
    before = resource.getrusage(resource.RUSAGE_SELF)
    counts = asyncio.run(work or bare(options.address, options.calls, options.kind == "bare-aiohttp"))
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({**counts, "seconds": counts["microseconds"] / 1e6, "cpu": cpu}))


if __name__ == "__main__":
    main()
