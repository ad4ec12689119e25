"""Crawl throughput on a loopback site: the full pipeline into MongoDB beside a bare Scrapy spider.

The limit is a spider that only downloads the same pages, lists included, with the same concurrency: no discovery, no
robots.txt, no extraction, no store. A first crawl, into a WARC, gives it the addresses. Both run in processes of their
own against a loopback site in a third. The table has pages a second (median of the turns), that as a share of the bare
spider's, and the most resident memory.

    python benchmarks/crawl/bench_crawl.py [--articles 2000] [--repeat 3]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
NAME = "open"
BARE = """
import json, resource, sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Bare(scrapy.Spider):
    name = "bare"
    async def start(self):
        for url in json.load(open(sys.argv[1])):
            yield scrapy.Request(url, self.parse)
    def parse(self, response):
        pass

process = AsyncCrawlerProcess({"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "COOKIES_ENABLED": False,
    "DOWNLOAD_DELAY": 0, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "CONCURRENT_REQUESTS": 32})
crawler = process.create_crawler(Bare)
process.crawl(crawler)
process.start()
stats = crawler.stats.get_stats()
seconds = stats["elapsed_time_seconds"]
print(json.dumps({"pages": stats["response_received_count"], "seconds": seconds,
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def rows(count: int) -> list[dict[str, Any]]:
    """Articles of one newspaper: the samples again and again, each with an address, a day and words of its own."""
    samples = [json.loads(line) for line in (ROOT / "demo/articles.jsonl").open(encoding="utf-8")]
    samples = [row for row in samples if row["source_site"] == "Open"]
    articles = []
    first = datetime.fromisoformat("2020-01-01T06:00:00+01:00")
    for number in range(count):
        row = dict(samples[number % len(samples)])
        # 100 articles a day, as a newspaper of this size prints.
        when = first + timedelta(days=number // 100, minutes=7 * (number % 100))
        row["link"] = f"https://www.open.online/{when:%Y/%m/%d}/articolo-{number}/"
        row["title"] = f"{row['title']} ({number})"
        row["content"] += f"\n\nNota {number}: questo testo esiste una volta sola, con il numero {number * 7919}."
        row["date"] = when.isoformat()
        row.pop("date_modified", None)
        articles.append(row)
    return articles


@contextlib.contextmanager
def loopback_site(count: int, folder: Path) -> Iterator[str]:
    source, ready = folder / "articles.jsonl", folder / "ready.json"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows(count)), encoding="utf-8")
    server = subprocess.Popen(
        [sys.executable, "-m", "demo.loopback_site", str(source), "--announce", str(ready)],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not ready.exists():
            time.sleep(0.1)
        yield json.loads(ready.read_text())[NAME]
    finally:
        server.terminate()
        server.wait()


def requested_addresses(folder: Path) -> list[str]:
    """Every address in the WARC files of a folder, in the order of asking."""
    from warcio.archiveiterator import ArchiveIterator

    addresses = []
    for path in sorted(folder.glob("*.warc.gz")):
        with path.open("rb") as file:
            addresses += [
                record.rec_headers.get_header("WARC-Target-URI")
                for record in ArchiveIterator(file)
                if record.rec_type == "response"
            ]
    return addresses


def bare(origin: str, addresses: list[str], folder: Path) -> dict[str, float]:
    urls = [address.replace("https://www.open.online", origin) for address in addresses]
    (folder / "urls.json").write_text(json.dumps(urls))
    (folder / "bare.py").write_text(BARE)
    process = subprocess.run(
        [sys.executable, str(folder / "bare.py"), str(folder / "urls.json")],
        capture_output=True, text=True, check=True, cwd=folder,
    )  # fmt: skip
    figures: dict[str, float] = json.loads(process.stdout.splitlines()[-1])
    return figures


def full(origin: str, count: int, database: str, *settings: str) -> dict[str, float]:
    from crawler.mongo import connect

    environment = os.environ | {"MONGODB_URI": database, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
    words = ["-a", "since=2020-01-01", "-a", "until=2024-12-31", "-a", f"origin={origin}", "--json", *settings]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    process = subprocess.run(
        [str(Path(sys.executable).parent / "scrapy"), "crawl", NAME, *words],
        env=environment, capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    closing = json.loads(process.stdout.splitlines()[-1])
    stored = connect(database).articles.count_documents({})
    if stored != count:
        raise SystemExit(f"bench_crawl: {stored} of {count} articles arrived")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"pages": closing["requests"], "seconds": closing["seconds"], "memory": max(before, peak) / 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    from crawler.mongo import connect, with_database
    from crawler.mongo.server import lease

    runs: dict[str, list[dict[str, float]]] = {"bare": [], "full": []}
    with tempfile.TemporaryDirectory() as name, loopback_site(options.articles, Path(name)) as origin:
        folder = Path(name)
        uri = os.environ.get("MONGODB_URI") or lease(folder / "mongo")
        # This one draws every page, too: the site keeps them.
        full(origin, options.articles, with_database(uri, "bench_crawl_first"), "-s", f"WARC={folder / 'warc'}")
        connect(uri).client.drop_database("bench_crawl_first")
        addresses = requested_addresses(folder / "warc")
        for turn in range(options.repeat):
            runs["bare"].append(bare(origin, addresses, folder))
            own = with_database(uri, f"bench_crawl_{turn}")
            runs["full"].append(full(origin, options.articles, own))
            connect(own).client.drop_database(f"bench_crawl_{turn}")
    show(runs, options)


def show(runs: dict[str, list[dict[str, float]]], options: argparse.Namespace) -> None:
    rate = {name: statistics.median(row["pages"] / row["seconds"] for row in crawls) for name, crawls in runs.items()}
    title = f"{options.articles:,} articles and their lists from loopback, median of {options.repeat}"
    table = Table(title=title)
    for column in ("", "pages/s", "of bare", "peak memory (MB)"):
        table.add_column(column, justify="left" if not column else "right")
    for name, label in (
        ("full", "newsmill: robots, discovery, extraction, MongoDB"),
        ("bare", "bare Scrapy, the limit"),
    ):
        memory = max(row["memory"] for row in runs[name])
        table.add_row(label, f"{rate[name]:.0f}", f"{rate[name] / rate['bare']:.0%}", f"{memory:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
