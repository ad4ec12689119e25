"""The LLM client with its ledger against a loopback server: speed, faults, and kill -9.

The server (helpers/chat_server.py), in a process of its own, answers after 200 ms. 64 calls are in flight, so N calls
cannot take less than N / 64 x 0.2 s; "over" is the share above that. The floor of machine and server is a client of
bare sockets that looks at no reply; the peer is a bare loop of the official client, without ledger, limits and retries
(helpers/chat_clients.py). The full client writes every reply into MongoDB (majority, journalled) before it is used.
With faults, one attempt in ten gets 429 with Retry-After, one in twenty 500, and one in a hundred no answer at all.

Killed, the client is sent kill -9 at random moments and started again. The server counts what it answered to the last
byte. A call is answered twice only where its first reply was not yet acknowledged when the kill came: on the wire, or
on its way into the store. Whatever was in the ledger after a kill and is requested again is a failure.

    python benchmarks/llm/bench_llm.py [--calls 10000] [--kills 10] [--only speed faults kills] [--stage]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

# The benchmarks belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.helpers.chat_clients import IN_FLIGHT, KINDS, PROMPT, finish, start
from benchmarks.helpers.chat_server import LATENCY, REPLY, ROOT, chat_server, stats

#: Seconds after which an attempt that gets no answer is given up, where some get none.
GIVEN_UP = 2.0
#: A client and its numbers.
Row = tuple[str, dict[str, float]]


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
    usage = store.client.admin.command("serverStatus")["extra_info"]
    return (usage.get("user_time_us", 0) + usage.get("system_time_us", 0)) / 1e6


def add_counts(numbers: dict[str, float], store: Any, address: str, mongod: float) -> dict[str, float]:
    """The numbers of a client with those of server and store; mongod: its processor time before."""
    counts = stats(address)
    return numbers | {
        "mongod": processor(store) - mongod, "requests": sum(counts["attempts"].values()), "most": counts["peak"],
        "stored": store.llm_calls.count_documents({}),
    }  # fmt: skip


def speed(folder: Path, uri: str, calls: int) -> list[Row]:
    """Every kind of client against a server without faults."""
    return [(kind, run_client(folder, uri, calls, kind)) for kind in KINDS]


def faults(folder: Path, uri: str, calls: int) -> list[Row]:
    """Our client against a server with faults."""
    return [("full, faults", run_client(folder, uri, calls, "full", faulty=True))]


def run_client(folder: Path, uri: str, calls: int, kind: str, faulty: bool = False) -> dict[str, float]:
    """The numbers of one client on a server and in a database of its own."""
    from crawler.mongo import with_database

    variables = {"LLM_TIMEOUT": str(GIVEN_UP)} if faulty else {}
    with database(uri, "bench_llm") as store, chat_server(folder, faulty) as address:
        mongod = processor(store)
        numbers = finish(start(kind, address, calls, with_database(uri, "bench_llm"), **variables))
        return add_counts(numbers, store, address, mongod)


def events(store: Any, calls: int) -> None:
    """As many current events as calls, each of two Italian articles that share no sentence."""
    from crawler.items import article_from_record
    from synth.cluster.events import event_key

    chance = random.Random(1)
    vocabulary = sorted({word for word in (PROMPT + REPLY).lower().split() if word.isalpha()})
    samples = [json.loads(line) for line in (ROOT / "demo/articles.jsonl").open(encoding="utf-8")]
    vocabulary += [word for row in samples if row["language"] == "it" for word in row["content"].split()][:5000]
    for first in range(0, calls, 500):
        clusters = []
        for number in range(first, min(calls, first + 500)):
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


def stage(folder: Path, uri: str, calls: int) -> list[Row]:
    """`synth summarize` from its start to its end, imports and samples included."""
    from crawler.mongo import with_database

    with database(uri, "bench_llm") as store, chat_server(folder) as address:
        events(store, calls)
        mongod, before = processor(store), resource.getrusage(resource.RUSAGE_CHILDREN)
        environment = os.environ | {"MONGODB_URI": with_database(uri, "bench_llm"), "LLM_BASE_URL": f"{address}/v1"}
        words = [sys.executable, "-m", "synth", "summarize", "--llm", "openai:bench", "--concurrency", str(IN_FLIGHT)]
        began = time.perf_counter()
        subprocess.run([*words, "--json"], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        numbers = add_counts({"seconds": seconds, "cpu": cpu}, store, address, mongod)
        if store.samples.count_documents({}) != calls:
            raise SystemExit(f"bench_llm: {store.samples.count_documents({}):,} samples of {calls:,}")
    return [("stage", numbers)]


def kills(folder: Path, uri: str, calls: int, times: int) -> dict[str, float]:
    """What was requested again after kill -9 at random moments."""
    from crawler.mongo import with_database

    figures: dict[str, float] = {"unacknowledged": 0, "oldest": 0.0}
    chance = random.Random(time.time())
    with database(uri, "bench_llm") as store, chat_server(folder) as address:
        stored: set[str] = set()
        #: number of a stored call -> attempts until it was stored.
        attempts: dict[str, int] = {}
        for turn in range(times):
            process = start("full", address, calls, with_database(uri, "bench_llm"))
            duration = (calls - len(stored)) / IN_FLIGHT * LATENCY
            _kill_within(process, store, len(stored), chance.uniform(0, duration / (times - turn)))
            moment = time.time()
            # What was under way is answered into nothing before the next start.
            time.sleep(2 * LATENCY)
            stored = {row["text"].partition(":")[0] for row in store.llm_calls.find({}, {"text": 1})}
            counts = stats(address)
            ages = [moment - counts["first_answers"][number] for number in set(counts["answers"]) - stored]
            figures["unacknowledged"] += len(ages)
            figures["oldest"] = max(figures["oldest"], *ages, 0.0)
            for number in stored:
                attempts.setdefault(number, counts["attempts"][number])
        finish(start("full", address, calls, with_database(uri, "bench_llm")))
        return figures | _repetitions(stats(address), attempts) | {"stored": store.llm_calls.count_documents({})}


def _repetitions(counts: dict[str, Any], attempts: dict[str, int]) -> dict[str, float]:
    """Calls requested again though stored (attempts: those until they were), calls answered twice, all requests."""
    return {
        "repeated": sum(counts["attempts"][number] > before for number, before in attempts.items()),
        "twice": sum(count > 1 for count in counts["answers"].values()),
        "requests": sum(counts["attempts"].values()),
    }


def _kill_within(process: subprocess.Popen[str], store: Any, stored: int, seconds: float) -> None:
    """Kill -9 so many seconds after the first new reply was stored; stored: replies before."""
    while store.llm_calls.count_documents({}) <= stored and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def show(rows: list[Row], calls: int) -> None:
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
    for name, numbers in rows:
        table.add_row(
            labels[name], f"{numbers['seconds']:.2f}", f"{numbers['seconds'] / ideal - 1:+.1%}",
            f"{numbers['cpu'] / calls * 1000:.2f}", f"{numbers['mongod'] / calls * 1000:.2f}",
            f"{numbers['requests']:,.0f}", f"{numbers['most']:.0f}", f"{numbers['stored']:,.0f}",
        )  # fmt: skip
    Console(width=160 if not sys.stdout.isatty() else None).print(table)


def show_kills(figures: dict[str, float], calls: int, times: int) -> None:
    print(
        f"{calls:,} calls, kill -9 {times} times: {figures['stored']:,.0f} replies in the ledger, "
        f"{figures['requests']:,.0f} requests.\n"
        f"Requested again though acknowledged: {figures['repeated']:.0f}. Answered, not yet acknowledged at a kill: "
        f"{figures['unacknowledged']:.0f} (the oldest {figures['oldest'] * 1000:.0f} ms before it); answered twice: "
        f"{figures['twice']:.0f}."
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


if __name__ == "__main__":
    main()
