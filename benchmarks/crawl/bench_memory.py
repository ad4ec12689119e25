"""Memory of a crawl of 50,000 pages: resident set of the crawling process as the articles arrive.

The limit is a flat line: whatever grows with the pages ends long crawls. What may grow is the set of links seen, about
200 bytes a link. A row of the table: articles stored so far, seconds since the start, MB resident then.

    python benchmarks/crawl/bench_memory.py [--articles 50000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

# The helpers belong to the checkout, not to the installed packages.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.crawl.bench_crawl import NAME, ROOT, loopback_site
from crawler.mongo import connect, with_database
from crawler.mongo.server import lease


def watch(origin: str, uri: str) -> list[tuple[float, int, float]]:
    """(seconds, articles stored, MB resident) every second of a crawl."""
    words = ["-a", "since=2020-01-01", "-a", "until=2024-12-31", "-a", f"origin={origin}", "--json"]
    began = time.monotonic()
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "scrapy"), "crawl", NAME, *words],
        env=os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"},
        stdout=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    articles, samples = connect(uri).articles, []
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        time.sleep(1)
        try:
            memory = watched.memory_info().rss / 2**20
        except psutil.Error:
            break
        # A process that has ended and was not waited for yet.
        memory = memory or samples[-1][2]
        samples.append((time.monotonic() - began, articles.estimated_document_count(), memory))
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--articles", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, loopback_site(options.articles, Path(name)) as origin:
        server = os.environ.get("MONGODB_URI") or lease(Path(name) / "mongo")
        samples = watch(origin, with_database(server, "bench_memory"))
    if samples[-1][1] < options.articles:
        raise SystemExit(f"bench_memory: {samples[-1][1]:,} of {options.articles:,} articles arrived")
    table = Table(title=f"One crawl of {options.articles:,} articles")
    for column in ("articles", "seconds", "resident (MB)"):
        table.add_column(column, justify="right")
    for share in (0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0):
        row = next((row for row in samples if row[1] >= share * options.articles * 0.999), samples[-1])
        table.add_row(f"{row[1]:,}", f"{row[0]:.0f}", f"{row[2]:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
