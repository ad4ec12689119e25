"""The queue of `synth review` over many samples: how long pages take, and how long a row takes by keys in a browser.

A store of 100,000 samples, a third of them translations, a third summaries with two sources of some 2,500 letters, a
third plain. Pages are asked for over HTTP on the loopback, one after another, each row saved before the next is asked
for; the limit is 100 ms at the 95th percentile. Rows by keys are those of Chromium, from the key to the next page
ready; what a person reads and thinks is not in it. A file that needs no store shows what the machine's load adds.

Run: python benchmarks/review/bench_review_queue.py [--samples 100000] [--rows 200] (needs Chromium)
"""

from __future__ import annotations

import argparse
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from crawler.mongo import connect, with_database
from synth.ratings.queue import open_queue
from synth.ratings.sample_changes import revision_of
from synth.review.app import create_app, prepare
from synth.review.rendering import CSRF_FIELD
from synth.review.settings import Settings

LIMIT = 100.0
BATCH = 5000
ITALIAN = (
    "governo legge Milano Roma partita squadra incendio sindaco elezioni euro miliardi decreto ministro ospedale "
    "scuola strada treno ponte lunedì secondo quando dopo anche contro"
).split()
VIETNAMESE = (
    "chính phủ thành phố Hà Nội công an học sinh bệnh viện giá vàng bóng đá trận đấu người dân tỷ đồng xe máy tăng"
).split()


def text(chance: random.Random, words: list[str], count: int) -> str:
    """Sentences of twelve words, a number in each."""
    sentences = [" ".join([*chance.choices(words, k=12), str(chance.randrange(1, 3000))]) for _ in range(count // 12)]
    return " ".join(f"{sentence.capitalize()}." for sentence in sentences)


def samples(chance: random.Random, count: int) -> Iterator[dict[str, Any]]:
    """By turns an original, its translation with doubts, and a summary with two sources."""
    for number in range(count):
        kind = number % 3
        row = {
            "key": f"{number:064x}", "task": ("import", "translation", "news_summary")[kind], "superseded": False,
            "language": "vi" if kind == 1 else "it", "status": "accepted" if kind == 0 else "new", "doubts": [],
            "question": text(chance, ITALIAN, 24), "answer": text(chance, VIETNAMESE if kind == 1 else ITALIAN, 96),
            "min_similarity": chance.random(), "toxicity": 0.01, "provenance": {},
        }  # fmt: skip
        if kind == 1:
            names = ("number_changed", "length", "untranslated", "sentence_lost")
            row |= {"doubts": sorted(chance.sample(names, chance.randrange(4))), "source_language": "it"}
            row["provenance"] = {"translated_from": f"{number - 1:064x}"}
        if kind == 2:
            contents = [text(chance, ITALIAN, 360) for _ in range(2)]
            row["sources"] = [{"title": "Titolo", "link": f"https://a.example/{i}", "content": content}
                              for i, content in enumerate(contents)]  # fmt: skip
            row |= {"unsupported": ["40"] if chance.random() < 0.3 else [], "unsupported_kinds": ["number"]}
        yield row


def fill(database: Any, count: int) -> None:
    rows = []
    for row in samples(random.Random(0), count):
        rows.append(row)
        if len(rows) == BATCH:
            database.samples.insert_many(rows, ordered=False)
            rows = []
    if rows:
        database.samples.insert_many(rows, ordered=False)


@contextmanager
def server(database: Any) -> Iterator[tuple[str, Any]]:
    """(address, application) of a server in a thread."""
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listening:
        app = create_app(database, Settings(port=listening.getsockname()[1]))
        prepare(app)
        # As synth review does: a page is sent without waiting for an acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", app
        running.should_exit = True
        thread.join(30)


def pages(address: str, app: Any, database: Any, count: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by page."""
    import httpx

    access = app.state.access
    token = access.form_token(access.owner)
    times: dict[str, list[float]] = {}

    def ask(name: str, method: str, path: str, **fields: str) -> None:
        start = time.perf_counter()
        answer = client.request(method, path, data={CSRF_FIELD: token, **fields} if fields else None)
        times.setdefault(name, []).append(1000 * (time.perf_counter() - start))
        if answer.status_code not in (200, 303):
            raise SystemExit(f"{path}: status {answer.status_code}")

    with httpx.Client(base_url=address, timeout=60) as client:
        for number in range(count):
            ask("a file, for comparison", "GET", "/static/icon.svg")
            ask("the next row", "GET", "/queue")
            row = database.queue_rows.find_one({"leases.rater": access.owner})
            sample = database.samples.find_one({"key": row["item"]})
            decision = ("accept", "edit", "reject", "skip")[number % 4]
            answer = sample["answer"] + (" Sì." if decision == "edit" else "")
            ask(f"save: {decision}", "POST", "/queue", item=row["item"], token=uuid.uuid4().hex, answer=answer,
                revision=revision_of(sample), decision=decision)  # fmt: skip
            if number % 5 == 0:
                ask("history", "GET", "/history")
                mark = database.marks.find_one({"rater": access.owner}, sort=[("at", -1), ("number", -1)])
                ask("undo", "POST", "/queue/undo", mark=str(mark["_id"]), undo_token=uuid.uuid4().hex)
    return times


def by_keys(address: str, rows: int) -> list[float]:
    """Milliseconds from a key to the next row on the screen, accepting, rejecting, and editing every tenth."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        return []
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address + "queue")
        for number in range(rows):
            start = time.perf_counter()
            if number % 10 == 3:
                page.keyboard.press("e")
                page.keyboard.type("Sì. ")
            with page.expect_navigation():
                page.keyboard.press("Control+Enter" if number % 10 == 3 else "r" if number % 10 == 7 else "a")
            times.append(1000 * (time.perf_counter() - start))
        browser.close()
    return times


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=200)
    options = parser.parse_args()
    from crawler.mongo.server import lease

    with tempfile.TemporaryDirectory() as folder:
        database = connect(with_database(lease(Path(folder)), "bench_review_queue"))
        fill(database, options.samples)
        start = time.perf_counter()
        open_queue(database)
        filled = time.perf_counter() - start
        with server(database) as (address, app):
            times = pages(address, app, database, options.rows)
            keys = by_keys(address, options.rows)
        database.client.drop_database(database.name)
    table = Table(title=f"{options.samples:,} samples; the queue of them was filled in {filled:.1f} s")
    for heading in ("page", "requests", "median ms", "95th percentile ms", "limit ms"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    for name, values in [*sorted(times.items()), *([("a row by keys, Chromium", keys)] if keys else [])]:
        limit = "-" if values is keys else f"{LIMIT:.0f}"
        cells = (f"{percentile(values, share):.0f}" for share in (0.5, 0.95))
        table.add_row(name, str(len(values)), *cells, limit)
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
