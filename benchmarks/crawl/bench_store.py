"""The embedded server: seconds to a writable primary, seconds for a second process to join, idle memory.

The limit beside it: the bare mongod of the same binary, standalone, until it answers a ping.
Run: python benchmarks/crawl/bench_store.py [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from pymongo import MongoClient
from rich.console import Console
from rich.table import Table

from crawler.mongo.server import find_binary

JOIN = """import time; t = time.perf_counter(); from crawler.mongo.server import lease; lease()
print(time.perf_counter() - t)"""


def join(home: str) -> float:
    environment = {key: value for key, value in os.environ.items() if key != "MONGODB_URI"}
    environment |= {"NEWSMILL_HOME": home, "NEWSMILL_IDLE_TIMEOUT": "30"}
    process = subprocess.run([sys.executable, "-c", JOIN], env=environment, capture_output=True, text=True, check=True)
    return float(process.stdout)


def ours(home: str) -> tuple[float, float, float]:
    """(boot s, join s, resident MB) of a fresh store."""
    boot, joined = join(home), join(home)
    address = json.loads((Path(home) / "mongo/address").read_text())
    memory = psutil.Process(address["pid"]).memory_info().rss / 1e6
    supervisor = psutil.Process(address["supervisor"])
    supervisor.terminate()
    psutil.wait_procs([supervisor], timeout=30)
    return boot, joined, memory


def bare(folder: str) -> tuple[float, float]:
    """(seconds until a ping is answered, resident MB) of a standalone mongod."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    began = time.perf_counter()
    server = subprocess.Popen(
        [find_binary(), "--dbpath", folder, "--port", str(port), "--bind_ip", "127.0.0.1"], stdout=subprocess.DEVNULL
    )
    with MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=30_000) as client:
        client.admin.command("ping")
        seconds = time.perf_counter() - began
    memory = psutil.Process(server.pid).memory_info().rss / 1e6
    server.terminate()
    server.wait()
    return seconds, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    rows: list[tuple[float, float, float, float, float]] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as folder:
            rows.append((*ours(home), *bare(folder)))
    columns = [statistics.median(column) for column in zip(*rows, strict=True)]
    table = Table(title=f"Embedded store, median of {runs}")
    for name in ("", "boot (s)", "join (s)", "memory (MB)"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row("newsmill (replica set of one)", f"{columns[0]:.2f}", f"{columns[1]:.3f}", f"{columns[2]:.0f}")
    table.add_row("bare mongod (standalone), the limit", f"{columns[3]:.2f}", "-", f"{columns[4]:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
