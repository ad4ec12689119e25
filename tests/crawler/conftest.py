"""What the crawler's tests share: the machine's browsers, one test at a time."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def only_browser() -> Iterator[None]:
    """Chromium's processes are counted, and killed, on the whole machine: other workers' tests wait meanwhile."""
    with (Path(tempfile.gettempdir()) / "newsmill-test-browser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
