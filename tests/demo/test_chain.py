"""The chain as a user runs it: each command killed with -9 in its middle and started again ends as if undisturbed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crawler.items import NEWSPAPERS
from crawler.mongo import connect, with_database
from demo.loopback_site.server import LoopbackSite
from tests.fork_server import run_forked

pytestmark = pytest.mark.long

STAGES = ["synth cluster", "synth summarize --llm extractive", "synth score", "synth export --out export"]


def environment(uri: str) -> dict[str, str]:
    return os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}


def run(line: str, uri: str, folder: Path, last: int = 0) -> subprocess.CompletedProcess[str]:
    """A command that is killed right after its write number `last`; 0: not at all."""
    program, *words = line.split()
    command = [sys.executable, "-m", "tests.killed_at_write", str(last), "", "--", program, *words]
    return run_forked(program, command, folder, environment(uri), timeout=200)


def finish(line: str, uri: str, folder: Path) -> int:
    """Run a command to its end; how many writes it made."""
    process = run(line, uri, folder)
    assert process.returncode == 0, f"{line}: {process.stderr[-2000:]}"
    return int(process.stderr.split()[-1])


def state(uri: str, folder: Path) -> dict[str, Any]:
    """What the chain has made, without what differs from run to run (ids, instants)."""
    database = connect(uri)
    made: dict[str, Any] = {
        "articles": {row["link"]: row["content_hash"] for row in database.articles.find()},
        "doubles": sorted(link for row in database.articles.find() for link in row.get("also_at", [])),
        "events": sorted(sorted(row["links"]) for row in database.clusters.find({"current": True})),
        "samples": {
            row["key"]: (row["answer"], row.get("similarity"), row.get("detected_language"))
            for row in database.samples.find({"superseded": {"$ne": True}})
        },
        "sample rows": database.samples.count_documents({}),
    }
    export = folder / "export/litgpt"
    made["export"] = {path.name: path.read_bytes() for path in sorted(export.glob("*.json"))} if export.exists() else {}
    database.client.close()
    return made


@pytest.fixture(scope="module")
def records(root: Path) -> list[dict[str, Any]]:
    with (root / "demo/articles.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    events = sorted({row.get("event") or row["link"] for row in rows})
    chosen = set(events[::2])
    return [row for row in rows if (row.get("event") or row["link"]) in chosen]


@pytest.fixture(scope="module")
def site(records: list[dict[str, Any]]) -> Iterator[LoopbackSite]:
    with LoopbackSite(records) as site:
        yield site


@contextlib.contextmanager
def store(server_uri: str, name: str) -> Iterator[str]:
    uri = with_database(server_uri, f"test_chain_{os.getpid()}_{name}")
    yield uri
    database = connect(uri)
    database.client.drop_database(database.name)
    database.client.close()


class Chain(NamedTuple):
    """A chain that nobody disturbed: where it is, how many writes each command made, what it made and fetched."""

    uri: str
    folder: Path
    writes: dict[str, int]
    state: dict[str, Any]
    fetched: int


@pytest.fixture(scope="module")
def calm(site: LoopbackSite, server_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("calm")
    with store(server_uri, "calm") as uri:
        before = fetched(site)
        writes = {line: finish(line, uri, folder) for line in commands(site)}
        yield Chain(uri, folder, writes, state(uri, folder), fetched(site) - before)


def commands(site: LoopbackSite) -> list[str]:
    return [crawl(site, name) for name in NEWSPAPERS] + STAGES


def crawl(site: LoopbackSite, name: str) -> str:
    since, until = site.spans[name]
    return f"scrapy crawl {name} -a since={since} -a until={until} -a origin={site.origins[name]}"


def fetched(site: LoopbackSite) -> int:
    """How often an article's page was asked for."""
    pages = {(newspaper.name, story.path) for newspaper in site.newspapers.values() for story in newspaper.stories}
    return sum(count for page, count in site.requests.items() if page in pages)


@pytest.mark.timeout(900)
def test_killed_anywhere_and_started_again_it_ends_the_same(
    site: LoopbackSite, calm: Chain, server_uri: str, tmp_path: Path
) -> None:
    with store(server_uri, "killed") as uri:
        for line in commands(site):
            kills = [run(line, uri, tmp_path, max(1, calm.writes[line] // 2)).returncode for _ in range(2)]
            assert kills[0] == -signal.SIGKILL, f"{line} ended before its writes were half of those of a calm run"
            finish(line, uri, tmp_path)
        killed = state(uri, tmp_path)
    assert calm.state["samples"], "nothing was made"
    assert calm.state["export"]
    assert killed == calm.state


@pytest.mark.timeout(600)
def test_a_second_run_fetches_and_changes_nothing(
    site: LoopbackSite, calm: Chain, records: list[dict[str, Any]]
) -> None:
    served = {row["link"] for row in records}
    assert set(calm.state["articles"]) | set(calm.state["doubles"]) == served
    assert calm.fetched >= len(served)
    before = fetched(site)
    for line in commands(site):
        finish(line, calm.uri, calm.folder)
    assert fetched(site) == before, "a known article was fetched again"
    assert state(calm.uri, calm.folder) == calm.state
