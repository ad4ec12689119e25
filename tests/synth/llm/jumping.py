"""A loop in which minutes take no time, for tests of what waits: a wait for nothing fails at once and does not hang."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop in which no time is spent: its clock jumps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        selector: Any = self._selector  # type: ignore[attr-defined]
        look = selector.select

        def select(timeout: float | None) -> Any:
            if timeout:
                self.now += timeout
            return look(0 if timeout is not None else None)

        selector.select = select

    def time(self) -> float:
        return self.now


def run_jumping(work: Coroutine[Any, Any, T], seconds: float = 10_000.0) -> T:
    """Run what needs no server, so many seconds of its own clock at most."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(asyncio.wait_for(work, seconds))


def now() -> float:
    return asyncio.get_running_loop().time()
