"""Libraries kept from the terminal while they work."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silence_warnings() -> Iterator[list[str]]:
    """No bars and no log lines of libraries on the terminal; warnings are collected in the list."""
    from transformers.utils import logging as chatter

    collector = _Collector()
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level, bars = chatter.get_verbosity(), chatter.is_progress_bar_enabled()
    chatter.set_verbosity_error()
    chatter.disable_progress_bar()
    root.handlers[:] = [collector]
    try:
        yield collector.lines
    finally:
        root.handlers[:] = before
        chatter.set_verbosity(level)
        if bars:
            chatter.enable_progress_bar()


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = " ".join(record.getMessage().split())
        # mergekit writes to the root logger as well as to its own.
        if record.name.startswith(("mergekit", "root")) and line not in self.lines:
            self.lines.append(line)
