"""The LLM client with its ledger against a loopback server: speed, faults, and kill -9.

The server, in a process of its own, answers after 200 ms. 64 calls are in flight, so N calls cannot take less than
N / 64 x 0.2 s. The floor of machine and server is a client of bare sockets that looks at no reply; the peer is a bare
loop of the official client, without ledger, limits and retries. The full client writes every reply into MongoDB
(majority, journalled) before it is used. With faults, one attempt in ten is told 429 with Retry-After, one in twenty
500, and one in a hundred gets no answer at all.

Killed, the client is sent kill -9 at random moments and started again. The server counts what it answered to the last
byte. A call is answered twice only where its first reply was not yet acknowledged when the kill came: on the wire, or
on its way into the store. Whatever was in the ledger after a kill and is asked again is a failure.

    python benchmarks/llm/bench_llm.py [--calls 10000] [--kills 10] [--only speed faults kills] [--stage]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
LATENCY, IN_FLIGHT = 0.2, 64
#: Seconds after which an attempt that gets no answer is given up, where some get none.
GIVEN_UP = 2.0
#: A prompt of 4 KB and a reply of 1 KB, as an event of three articles has them.
PROMPT = "Il consiglio comunale ha approvato il bilancio con ventidue voti a favore e nove contrari. " * 44
REPLY = "Il consiglio ha approvato il bilancio; la sindaca ha annunciato nuovi lavori. " * 13
_NUMBER = re.compile(rb"Chiamata (\d+)\.")


def messages(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Chiamata {number}. Riassumi in un unico testo.\n\n{PROMPT}"}]


# ---- the server


class Server(asyncio.Protocol):
    """Chat completions, as cheaply as a server can: the client is measured."""

    asked: ClassVar[Counter[str]] = Counter()
    answered: ClassVar[Counter[str]] = Counter()
    #: number -> when it was answered first (time.time).
    when: ClassVar[dict[str, float]] = {}
    flying = most = 0
    faulty = False
    chance = random.Random(4)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.read = b""

    def data_received(self, data: bytes) -> None:
        self.read += data
        while (end := self.read.find(b"\r\n\r\n")) >= 0:
            head = self.read[:end].lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self.read) < end + 4 + size:
                return
            body, self.read = self.read[end + 4 : end + 4 + size], self.read[end + 4 + size :]
            self.request(head, body)

    def request(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"get /stats"):
            told = {"asked": self.asked, "answered": self.answered, "when": self.when, "most": Server.most}
            self.send(200, json.dumps(told))
            return
        found = _NUMBER.search(body)
        number = found[1].decode() if found else str(hash(body))
        self.asked[number] += 1
        Server.flying += 1
        Server.most = max(Server.most, Server.flying)
        drawn = self.chance.random() if self.faulty else 1.0
        asyncio.get_running_loop().call_later(LATENCY, self.reply, number, drawn)

    def reply(self, number: str, drawn: float) -> None:
        if 0.15 <= drawn < 0.16 and not self.transport.is_closing():
            # Never answered: the client lets go.
            asyncio.get_running_loop().call_later(LATENCY, self.reply, number, drawn)
            return
        Server.flying -= 1
        if drawn < 0.1:
            self.send(429, '{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}', "Retry-After: 1\r\n")
        elif drawn < 0.15:
            self.send(500, '{"error": {"message": "something broke"}}')
        elif not self.transport.is_closing():
            choice = {"message": {"role": "assistant", "content": f"{number}: {REPLY}"}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 1100, "completion_tokens": 260, "total_tokens": 1360}
            self.send(200, json.dumps({"model": "bench", "choices": [choice], "usage": usage}))
            self.answered[number] += 1
            self.when.setdefault(number, time.time())

    def send(self, status: int, body: str, more: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body.encode())}\r\n"
        )
        self.transport.write(f"{head}\r\n{body}".encode())


async def serve(announce: Path, faulty: bool) -> None:
    Server.faulty = faulty
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    announce.with_suffix(".part").write_text(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    announce.with_suffix(".part").rename(announce)
    await server.serve_forever()


@contextlib.contextmanager
def server(folder: Path, faulty: bool = False) -> Iterator[str]:
    """The server's address."""
    announce = folder / f"server-{time.monotonic_ns()}"
    words = [sys.executable, __file__, "serve", str(announce), *(["--faulty"] if faulty else [])]
    process = subprocess.Popen(words)
    try:
        while not announce.exists():
            time.sleep(0.02)
        yield announce.read_text()
    finally:
        process.terminate()
        process.wait()


def stats(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{address}/stats") as reply:
        told: dict[str, Any] = json.load(reply)
    return told


# ---- the clients


async def together(ask: Callable[[int], Awaitable[object]], calls: int, width: int) -> None:
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await ask(number)

    await asyncio.gather(*(worker() for _ in range(width)))


async def full(address: str, calls: int) -> Counter[str]:
    """Through `load_llm` and the ledger; as many tasks as the stage has, which is more than calls in flight."""
    from crawler.mongo import connect
    from synth.llm import Limits, load_llm

    os.environ["LLM_BASE_URL"] = f"{address}/v1"
    seen: Counter[str] = Counter()
    async with load_llm("openai:bench", connect().llm_calls, limits=Limits(concurrency=IN_FLIGHT)) as llm:

        async def ask(number: int) -> None:
            reply = await llm.complete(messages(number))
            if not reply.text.startswith(f"{number}: "):
                raise SystemExit(f"bench_llm: call {number} was given another's reply")
            seen["cached" if reply.cached else "calls"] += 1

        began = time.perf_counter()
        await together(ask, calls, 3 * IN_FLIGHT)
        seen["microseconds"] = round((time.perf_counter() - began) * 1e6)
    return seen


async def bare(address: str, calls: int, quick: bool) -> Counter[str]:
    """The official client in a loop, by its default transport or by aiohttp's."""
    import openai

    http = openai.DefaultAioHttpClient() if quick else openai.DefaultAsyncHttpxClient()
    async with openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, http_client=http) as client:

        async def ask(number: int) -> None:
            asked: Any = messages(number)
            reply = await client.chat.completions.create(model="bench", messages=asked)
            if not (reply.choices[0].message.content or "").startswith(f"{number}: "):
                raise SystemExit(f"bench_llm: call {number} was given another's reply")

        began = time.perf_counter()
        await together(ask, calls, IN_FLIGHT)
        return Counter(calls=calls, microseconds=round((time.perf_counter() - began) * 1e6))


class Socket(asyncio.Protocol):
    """Waits for the end of one reply after the other, and looks at none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.read, self.whole = b"", asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, _, body = self.read.partition(b"\r\n\r\n")
        if body and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]):
            self.read = b""
            self.whole.set_result(None)


async def sockets(address: str, calls: int) -> Counter[str]:
    host, _, port = address.removeprefix("http://").partition(":")
    loop, free = asyncio.get_running_loop(), []
    for _ in range(IN_FLIGHT):
        free.append((await loop.create_connection(Socket, host, int(port)))[1])

    async def ask(number: int) -> None:
        one, body = free.pop(), json.dumps({"model": "bench", "messages": messages(number)}).encode()
        one.whole = loop.create_future()
        one.transport.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        await one.whole
        free.append(one)

    began = time.perf_counter()
    await together(ask, calls, IN_FLIGHT)
    return Counter(calls=calls, microseconds=round((time.perf_counter() - began) * 1e6))


def client(words: argparse.Namespace) -> None:
    kinds = {"full": full, "sockets": sockets}
    work = kinds[words.kind](words.address, words.calls) if words.kind in kinds else None
    before = resource.getrusage(resource.RUSAGE_SELF)
    told = asyncio.run(work or bare(words.address, words.calls, words.kind == "bare-aiohttp"))
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({**told, "seconds": told["microseconds"] / 1e6, "cpu": used}))


def start(kind: str, address: str, calls: int, uri: str, **more: str) -> subprocess.Popen[str]:
    environment = os.environ | {"MONGODB_URI": uri, "PYTHONPATH": str(ROOT)} | more
    words = [sys.executable, __file__, "client", kind, address, "--calls", str(calls)]
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def finish(process: subprocess.Popen[str]) -> dict[str, float]:
    told, _ = process.communicate()
    if process.returncode:
        raise SystemExit("bench_llm: the client failed")
    found: dict[str, float] = json.loads(told)
    return found


# ---- the measurements


@contextlib.contextmanager
def database(uri: str, name: str) -> Iterator[Any]:
    from crawler.mongo import connect, with_database

    store = connect(with_database(uri, name))
    store.client.drop_database(name)
    store = connect(with_database(uri, name))
    try:
        yield store
    finally:
        store.client.drop_database(name)
        store.client.close()


def processor(store: Any) -> float:
    """Seconds of processor time that mongod has used."""
    told = store.client.admin.command("serverStatus")["extra_info"]
    return (told.get("user_time_us", 0) + told.get("system_time_us", 0)) / 1e6


def speed(folder: Path, uri: str, calls: int) -> list[tuple[str, dict[str, float]]]:
    from crawler.mongo import with_database

    rows = []
    for kind in ("sockets", "bare", "bare-aiohttp", "full"):
        with database(uri, "bench_llm") as store, server(folder) as address:
            mongod = processor(store)
            told = finish(start(kind, address, calls, with_database(uri, "bench_llm")))
            told["mongod"] = processor(store) - mongod
            told["requests"], told["most"] = sum(stats(address)["asked"].values()), stats(address)["most"]
            told["stored"] = store.llm_calls.count_documents({})
            rows.append((kind, told))
    return rows


def faults(folder: Path, uri: str, calls: int) -> list[tuple[str, dict[str, float]]]:
    from crawler.mongo import with_database

    with database(uri, "bench_llm") as store, server(folder, faulty=True) as address:
        mongod = processor(store)
        told = finish(start("full", address, calls, with_database(uri, "bench_llm"), LLM_TIMEOUT=str(GIVEN_UP)))
        told["mongod"] = processor(store) - mongod
        told["requests"], told["most"] = sum(stats(address)["asked"].values()), stats(address)["most"]
        told["stored"] = store.llm_calls.count_documents({})
    return [("full, faults", told)]


def events(store: Any, calls: int) -> None:
    """As many current events as calls, each of two Italian articles that share no sentence."""
    from crawler.items import article_from_record
    from synth.cluster.events import event_key

    chance = random.Random(1)
    vocabulary = sorted({word for word in (PROMPT + REPLY).lower().split() if word.isalpha()})
    samples = [json.loads(line) for line in (ROOT / "demo/articles.jsonl").open(encoding="utf-8")]
    vocabulary += [word for row in samples if row["language"] == "it" for word in row["content"].split()][:5000]
    for start in range(0, calls, 500):
        clusters = []
        for number in range(start, min(calls, start + 500)):
            pair = [_article(number, half, vocabulary, chance) for half in range(2)]
            rows = [article_from_record(row).document() for row in pair]
            ids = store.articles.insert_many(rows).inserted_ids
            links = [row["link"] for row in rows]
            clusters.append(
                {"run": "bench", "number": number, "event": event_key(links), "articles": ids, "links": links,
                 "size": 2, "language": "it", "current": True}
            )  # fmt: skip
        store.clusters.insert_many(clusters)


def _article(number: int, half: int, vocabulary: list[str], chance: random.Random) -> dict[str, Any]:
    text = " ".join(chance.choice(vocabulary) for _ in range(290))
    return {
        "source_site": "Open", "language": "it", "title": f"Il fatto numero {number}, parte {half}", "authors": [],
        "link": f"https://www.open.online/2026/05/04/fatto-{number}-{half}/", "date": "2026-05-04T08:00:00+02:00",
        "content": f"Chiamata {number}. {text}.", "tags": [],
    }  # fmt: skip


def stage(folder: Path, uri: str, calls: int) -> list[tuple[str, dict[str, float]]]:
    """`synth summarize` from its start to its end, imports and samples included."""
    from crawler.mongo import with_database

    with database(uri, "bench_llm") as store, server(folder) as address:
        events(store, calls)
        mongod, before = processor(store), resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = os.environ | {"MONGODB_URI": with_database(uri, "bench_llm"), "LLM_BASE_URL": f"{address}/v1"}
        words = [sys.executable, "-m", "synth", "summarize", "--llm", "openai:bench", "--concurrency", str(IN_FLIGHT)]
        began = time.perf_counter()
        subprocess.run([*words, "--json"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = {
            "seconds": seconds, "mongod": processor(store) - mongod, "stored": store.llm_calls.count_documents({}),
            "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
            "requests": sum(stats(address)["asked"].values()), "most": stats(address)["most"],
        }  # fmt: skip
        if store.samples.count_documents({}) != calls:
            raise SystemExit(f"bench_llm: {store.samples.count_documents({}):,} samples of {calls:,}")
    return [("stage", told)]


def kills(folder: Path, uri: str, calls: int, times: int) -> dict[str, float]:
    """What was asked again after kill -9 at random moments."""
    from crawler.mongo import with_database

    told: dict[str, float] = {"unacknowledged": 0, "oldest": 0.0}
    chance = random.Random(time.time())
    with database(uri, "bench_llm") as store, server(folder) as address:
        kept: set[str] = set()
        asked_when_kept: dict[str, int] = {}
        for turn in range(times + 1):
            process = start("full", address, calls, with_database(uri, "bench_llm"))
            if turn == times:
                finish(process)
                break
            left = (calls - len(kept)) / IN_FLIGHT * LATENCY
            _kill_within(process, store, len(kept), chance.uniform(0, left / (times - turn)))
            killed = time.time()
            # What was under way is answered into nothing before the next start.
            time.sleep(2 * LATENCY)
            kept = {row["text"].partition(":")[0] for row in store.llm_calls.find({}, {"text": 1})}
            now = stats(address)
            lost = [killed - now["when"][number] for number in set(now["answered"]) - kept]
            told["unacknowledged"] += len(lost)
            told["oldest"] = max(told["oldest"], *lost, 0.0)
            for number in kept:
                asked_when_kept.setdefault(number, now["asked"][number])
        end = stats(address)
        told["repeated"] = sum(end["asked"][number] > count for number, count in asked_when_kept.items())
        told["twice"] = sum(count > 1 for count in end["answered"].values())
        told["requests"], told["stored"] = sum(end["asked"].values()), store.llm_calls.count_documents({})
    return told


def _kill_within(process: subprocess.Popen[str], store: Any, kept: int, seconds: float) -> None:
    """Kill -9 so many seconds after the first new reply was stored."""
    while store.llm_calls.count_documents({}) <= kept and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def show(rows: list[tuple[str, dict[str, float]]], calls: int) -> None:
    ideal = calls / IN_FLIGHT * LATENCY
    table = Table(title=f"{calls:,} calls, {IN_FLIGHT} in flight, {LATENCY * 1000:.0f} ms: {ideal:.2f} s at best")
    columns = (
        "",
        "seconds",
        "over",
        "client CPU ms/call",
        "mongod CPU ms/call",
        "requests",
        "in flight",
        "in the ledger",
    )
    for column in columns:
        table.add_column(column, justify="left" if not column else "right")
    labels = {
        "sockets": "bare sockets, nothing read",
        "bare": "official client, bare loop", "bare-aiohttp": "the same by aiohttp", "full": "newsmill: limits, ledger",
        "full, faults": "newsmill, 10 % 429, 5 % 500, 1 % hang", "stage": "synth summarize, whole command",
    }  # fmt: skip
    for name, told in rows:
        table.add_row(
            labels[name], f"{told['seconds']:.2f}", f"{told['seconds'] / ideal - 1:+.1%}",
            f"{told['cpu'] / calls * 1000:.2f}", f"{told['mongod'] / calls * 1000:.2f}",
            f"{told['requests']:,.0f}", f"{told['most']:.0f}", f"{told['stored']:,.0f}",
        )  # fmt: skip
    Console(width=160 if not sys.stdout.isatty() else None).print(table)


def show_kills(told: dict[str, float], calls: int, times: int) -> None:
    print(
        f"{calls:,} calls, kill -9 {times} times: {told['stored']:,.0f} replies in the ledger, "
        f"{told['requests']:,.0f} requests.\n"
        f"Asked again though acknowledged: {told['repeated']:.0f}. Answered, not yet acknowledged at a kill: "
        f"{told['unacknowledged']:.0f} (the oldest {told['oldest'] * 1000:.0f} ms before it); answered twice: "
        f"{told['twice']:.0f}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--stage", action="store_true", help="`synth summarize` as well, the whole command")
    parser.add_argument("--only", nargs="+", choices=("speed", "faults", "kills"), default=("speed", "faults", "kills"))
    options = parser.parse_args()
    from crawler.mongo.server import lease

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uri = os.environ.get("MONGODB_URI") or lease(folder / "mongo")
        rows = speed(folder, uri, options.calls) if "speed" in options.only else []
        rows += faults(folder, uri, options.calls) if "faults" in options.only else []
        rows += stage(folder, uri, options.calls) if options.stage else []
        if rows:
            show(rows, options.calls)
        if "kills" in options.only:
            show_kills(kills(folder, uri, options.calls, options.kills), options.calls, options.kills)


def inner() -> None:
    """What this script runs in processes of their own."""
    parser = argparse.ArgumentParser()
    parts = parser.add_subparsers(dest="part")
    serving = parts.add_parser("serve")
    serving.add_argument("announce", type=Path)
    serving.add_argument("--faulty", action="store_true")
    calling = parts.add_parser("client")
    calling.add_argument("kind")
    calling.add_argument("address")
    calling.add_argument("--calls", type=int)
    words = parser.parse_args()
    if words.part == "client":
        client(words)
    else:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(words.announce, words.faulty))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    inner() if sys.argv[1:2] in (["serve"], ["client"]) else main()
