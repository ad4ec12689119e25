"""The one place in which a test waits by the clock: until something is so, and not longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from subprocess import Popen
from typing import Any

from tests.fork_server import Forked


def wait_until(
    condition: Callable[[], object],
    seconds: float = 120.0,
    every: float = 0.02,
    process: Popen[Any] | Forked | None = None,
) -> None:
    """Return as soon as the condition holds, or the process on which it depends has ended.

    Raises:
        AssertionError: it did not hold within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition() and (process is None or process.poll() is None):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {condition}"
        time.sleep(every)
