"""A misbehaving site: what arrives in the end, ours beside Scrapy's defaults on the same faults.

5 % of the answers are 429 (Retry-After 1 s), 5 % are 503, 2 % of the connections are reset, 1 % of the bodies are
garbage; seeded, so that both meet the same rates. The peer is a Scrapy spider with its default retries that is *given*
the addresses of all articles; ours has to find them, through lists that fail as well. An article has arrived when its
text is the one that was served.

    python benchmarks/crawl/bench_faults.py [--seeds 3]
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from crawler.items import NEWSPAPERS
from crawler.mongo import connect, with_database
from crawler.mongo.server import lease
from crawler.page import NotAnArticle, extract

ROOT = Path(__file__).resolve().parents[2]
# The loopback site belongs to the checkout, not to the installed packages.
sys.path.insert(0, str(ROOT))
from demo.loopback_site.faults import Faults  # noqa: E402
from demo.loopback_site.server import LoopbackSite  # noqa: E402

RATES = {"too_many": 0.05, "unavailable": 0.05, "reset": 0.02, "garbage": 0.01}
DEFAULTS = """
import base64, json, sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess

class Plain(scrapy.Spider):
    name = "plain"
    async def start(self):
        for url in json.load(open(sys.argv[1])):
            yield scrapy.Request(url, self.parse)
    def parse(self, response):
        print(json.dumps([response.request.url, base64.b64encode(response.body).decode()]))

process = AsyncCrawlerProcess({"LOG_ENABLED": False, "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_DELAY": 0,
                               "CONCURRENT_REQUESTS_PER_DOMAIN": 16})
process.crawl(Plain)
process.start()
"""


def served(site: LoopbackSite, name: str) -> dict[str, str]:
    """Link -> text of every article of a newspaper."""
    return {story.article.link: story.article.content for story in site.newspapers[name].stories}


def ours(site: LoopbackSite, name: str, uri: str) -> tuple[int, int, float]:
    """(articles that arrived, retries, seconds)."""
    since, until = site.spans[name]
    words = ["-a", f"since={since}", "-a", f"until={until}", "-a", f"origin={site.origins[name]}", "--json"]
    process = subprocess.run(
        [str(Path(sys.executable).parent / "scrapy"), "crawl", name, *words],
        env=os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"},
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    closing = json.loads(process.stdout.splitlines()[-1])
    database = connect(uri)
    stored = {
        row["link"]: row["content"] for row in database.articles.find({"source_site": NEWSPAPERS[name].source_site})
    }
    expected = served(site, name)
    return sum(stored.get(link) == text for link, text in expected.items()), closing["retries"], closing["seconds"]


def plain(site: LoopbackSite, name: str, folder: Path) -> int:
    expected = served(site, name)
    home = "https://" + NEWSPAPERS[name].host
    links = {link.replace(home, site.origins[name]): link for link in expected}
    (folder / "plain.py").write_text(DEFAULTS)
    (folder / "urls.json").write_text(json.dumps(list(links)))
    process = subprocess.run(
        [sys.executable, str(folder / "plain.py"), str(folder / "urls.json")],
        capture_output=True, text=True, check=True, cwd=folder,
    )  # fmt: skip
    arrived = 0
    for line in process.stdout.splitlines():
        url, body = json.loads(line)
        try:
            article = extract(base64.b64decode(body), links[url], name)
        except NotAnArticle:
            continue
        arrived += article.content == expected[links[url]]
    return arrived


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    totals: dict[str, Counter[str]] = {name: Counter() for name in NEWSPAPERS}
    seconds = dict.fromkeys(NEWSPAPERS, 0.0)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        server = os.environ.get("MONGODB_URI") or lease(folder / "mongo")
        for seed in range(options.seeds):
            for name in NEWSPAPERS:
                database = f"bench_faults_{seed}_{name}"
                uri = with_database(server, database)
                with LoopbackSite(ROOT / "demo/articles.jsonl", Faults(seed=seed, retry_after=1, **RATES)) as site:
                    arrived, retries, took = ours(site, name, uri)
                with LoopbackSite(ROOT / "demo/articles.jsonl", Faults(seed=seed, retry_after=1, **RATES)) as site:
                    totals[name].update(served=len(served(site, name)), plain=plain(site, name, folder))
                totals[name].update(ours=arrived, retries=retries)
                seconds[name] += took
                connect(uri).client.drop_database(database)
    show(totals, seconds, options.seeds)


def show(totals: dict[str, Counter[str]], seconds: dict[str, float], seeds: int) -> None:
    table = Table(title=f"Articles that arrived, {seeds} seeds: 5 % 429, 5 % 503, 2 % resets, 1 % garbage")
    for column in ("newspaper", "served", "newsmill", "Scrapy's defaults", "our retries", "our seconds a crawl"):
        table.add_column(column, justify="left" if column == "newspaper" else "right")
    for name, row in totals.items():
        table.add_row(
            name, str(row["served"]), str(row["ours"]), str(row["plain"]), str(row["retries"]),
            f"{seconds[name] / seeds:.1f}",
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
