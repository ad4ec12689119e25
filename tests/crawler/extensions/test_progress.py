"""What a person sees of a crawl on a terminal: the line while it runs, and the end of a stopped one.

Covers extensions/progress.py and extensions/run_log.py.
"""

from __future__ import annotations

import os
import pty
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crawler.extensions.progress import state_of
from demo.loopback_site.faults import Faults
from demo.loopback_site.server import LoopbackSite
from tests.fork_server import start_scrapy
from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    ("values", "stopping", "said"),
    [
        ({}, False, "0 lists read"),
        ({"lists/read": 7}, False, "7 lists read  back to 2026-05-04"),
        ({"lists/read": 7, "fetched": 1_500, "stored": 1_200, "updated": 30, "unchanged": 4}, False,
         "1,234 articles  back to 2026-05-04  150.0/s"),
        ({"fetched": 5}, True, "stopping; Ctrl-C again: at once"),
    ],
)  # fmt: skip
def test_the_line_says_how_far_it_is(values: dict[str, int], stopping: bool, said: str) -> None:
    stats = {f"newsmill/{name}": value for name, value in values.items()}
    assert state_of(stats, 10.0, date(2026, 5, 4) if values else None, stopping) == said
    assert state_of(stats | {"retry/count": 2}, 10.0, None, False).endswith("  2 retries")


class Terminal:
    """A crawl with a terminal of 80 columns; `said` is what it has written so far."""

    def __init__(self, words: list[str], uri: str, folder: Path) -> None:
        self.said = ""
        self._main, side = pty.openpty()
        env = os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings", "COLUMNS": "80",
                            "TERM": "xterm", "NEWSMILL_MONGO_TIMEOUT_MS": "60000"}  # fmt: skip
        with os.fdopen(side, "wb", 0) as out:
            self.process = start_scrapy(words, folder, env, out)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # A terminal whose last writer has gone is an error on Linux.
        with suppress(OSError):
            while data := os.read(self._main, 1 << 16):
                self.said += data.decode("utf-8", "replace")

    def wait_for(self, words: str) -> None:
        wait_until(lambda: words in self.said or self.process.poll() is not None)
        assert words in self.said

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        status = self.process.wait(60)
        self._reader.join(10)
        return status

    def lines(self) -> list[str]:
        """What was written, without the signs that move the cursor and colour."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", self.said).splitlines()


@contextmanager
def on_terminal(uri: str, folder: Path, *words: str) -> Iterator[Terminal]:
    terminal = Terminal(["crawl", *words], uri, folder)
    try:
        yield terminal
    finally:
        terminal.process.kill()
        terminal.process.wait()


@pytest.fixture(scope="module")
def slow(root: Path) -> Iterator[LoopbackSite]:
    with LoopbackSite(root / "demo/articles.jsonl", Faults(slow=1.0, slow_seconds=0.7)) as stand:
        yield stand


def words_for(stand: LoopbackSite) -> list[str]:
    return ["open", "-asince=2026-05-04", "-auntil=2026-05-12", f"-aorigin={stand.origins['open']}",
            "-sCONCURRENT_REQUESTS=1"]  # fmt: skip


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_with_the_closing_words(
    slow: LoopbackSite, database: Any, database_uri: str, tmp_path: Path, times: int
) -> None:
    with on_terminal(database_uri, tmp_path, *words_for(slow)) as terminal:
        terminal.wait_for("1 list read")
        for _ in range(times):
            terminal.interrupt()
            terminal.wait_for("stopping; Ctrl-C again: at once")
        assert terminal.end() == 1
    assert "open: interrupted; run it again to go on" in terminal.lines()
    assert re.match(r"open: \d+ new articles; ", terminal.lines()[-1])
    # The cursor is back.
    assert terminal.said.rindex("\x1b[?25h") > terminal.said.rindex("\x1b[?25l")
    assert [row["outcome"] for row in database.runs.find()] == ["interrupted"]


def test_ctrl_c_before_it_begins_is_one_line(tmp_path: Path) -> None:
    # Nobody answers there: the crawl waits for its store.
    uri = "mongodb://127.0.0.1:1/x"
    with on_terminal(uri, tmp_path, "open", "-sLOG_LEVEL=DEBUG") as terminal:
        # PyMongo's, as the store is opened.
        terminal.wait_for("Server selection started")
        terminal.interrupt()
        assert terminal.end() == 1, terminal.said
    # PyMongo's threads may write after the command.
    lines = [line for line in terminal.lines() if not line.startswith("DEBUG: ")]
    assert lines[-1] == "open: interrupted before it began; run it again"
    assert "Traceback" not in terminal.said


def test_what_is_logged_stands_above_the_line(root: Path, database_uri: str, tmp_path: Path) -> None:
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        words = ["open", "-alimit=3", f"-aorigin={stand.origins['open']}", "-sPROGRESS=1", "-LINFO"]
        with on_terminal(database_uri, tmp_path, *words) as terminal:
            assert terminal.end() == 0
    assert "INFO: Closing spider (limit)" in terminal.said
    # The line ends with the time; it is taken away before anything is written in its place.
    assert re.search(r"\d:\d\d:\d\d", terminal.said)
    assert not re.search(r"\d:\d\d:\d\d(?:\x1b\[\d*m)*INFO:", terminal.said)
