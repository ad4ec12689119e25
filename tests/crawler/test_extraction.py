"""Pages read in another process come back as if read here, and a worker that dies loses none."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from crawler import extraction
from crawler.extraction import Extractor, read
from crawler.page import NotAnArticle, extract
from demo.newsstand.server import Newsstand


def extractor(workers: int) -> Extractor:
    settings = SimpleNamespace(getint=lambda name: workers)
    crawler: Any = SimpleNamespace(settings=settings)
    return Extractor(crawler)


@pytest.fixture(scope="module")
def pages(root: Path) -> list[tuple[bytes, str]]:
    with Newsstand(root / "demo/articles.jsonl") as stand:
        paper = stand.papers["open"]
        return [(paper.respond(story.path).body, story.article.link) for story in paper.stories[:6]]


def test_an_outcome_can_be_sent(pages: list[tuple[bytes, str]]) -> None:
    assert read(*pages[0], "open") == (extract(*pages[0], "open"), "", "")
    article, reason, _ = read(b"", pages[0][1], "open")
    assert (article, bool(reason)) == (None, True)


def test_a_worker_reads_as_we_do(pages: list[tuple[bytes, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_FIRST", 2)

    async def all_of_them() -> None:
        reader = extractor(1)
        try:
            for body, link in pages:
                assert await reader.extract(body, link, "open") == extract(body, link, "open")
            assert reader._pool is not None
            with pytest.raises(NotAnArticle) as caught:
                await reader.extract(b"<html></html>", pages[0][1], "open")
            with pytest.raises(NotAnArticle) as here:
                extract(b"<html></html>", pages[0][1], "open")
            assert (caught.value.reason, caught.value.detail) == (here.value.reason, here.value.detail)
        finally:
            reader.close()

    asyncio.run(all_of_them())


def test_a_killed_worker_loses_no_page(pages: list[tuple[bytes, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction, "_FIRST", 0)

    async def killed() -> None:
        reader = extractor(1)
        try:
            await reader.extract(*pages[0], "open")
            assert reader._pool is not None
            for pid in list(reader._pool._processes):
                os.kill(pid, signal.SIGKILL)
            for body, link in pages:
                assert (await reader.extract(body, link, "open")).link == link
            assert reader.workers == 0
        finally:
            reader.close()

    asyncio.run(killed())


def test_workers_end_with_a_killed_crawl(tmp_path: Path, root: Path) -> None:
    script = tmp_path / "crawl.py"
    script.write_text(
        "import asyncio, sys, time\n"
        "from types import SimpleNamespace\n"
        "from crawler import extraction\n"
        "extraction._FIRST = 0\n"
        "async def main():\n"
        "    reader = extraction.Extractor(SimpleNamespace(settings=SimpleNamespace(getint=lambda name: 1)))\n"
        "    try:\n"
        "        await reader.extract(b'<html></html>', 'https://www.open.online/2026/05/01/x/', 'open')\n"
        "    except Exception:\n"
        "        pass\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"ready"
    workers = psutil.Process(process.pid).children(recursive=True)
    assert workers
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while any(worker.is_running() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [worker for worker in workers if worker.is_running()]
