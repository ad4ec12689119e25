"""Outages: work on the store that waits one out, and what a hub of models says of one.

PyMongo tries a write once more, at once; a server that restarts refuses writes for a while after it takes connections.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")

#: Seconds for which a store may be away.
PATIENCE = 300.0
#: Seconds before the first further attempt, doubled before each one up to the second number.
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
#: Codes of a server that is starting, stopping or no primary, and of a majority that took too long.
_CODES = frozenset({6, 7, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
#: The code of a key that is there already.
DUPLICATE = 11000


def outlast(work: Callable[[], Result], patience: float = PATIENCE, stopping: threading.Event | None = None) -> Result:
    """What `work` returns, tried again while the store is away. It must be such that doing it twice does no harm.

    Args:
        patience: seconds after which the outage is raised.
        stopping: once it is set, nobody waits any longer.

    Raises:
        PyMongoError: the store stayed away; or at once what is no outage.
    """
    from pymongo.errors import PyMongoError

    deadline, wait, pause = time.monotonic() + patience, _FIRST_WAIT, stopping or threading.Event()
    while True:
        try:
            return work()
        except PyMongoError as error:
            if not is_outage(error) or time.monotonic() + wait > deadline or pause.wait(wait):
                raise
            wait = min(_LONGEST_WAIT, 2 * wait)


def is_outage(error: Exception) -> bool:
    """Whether another attempt may find the store as it was."""
    from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure, WTimeoutError

    if isinstance(error, ConnectionFailure | WTimeoutError):
        return True
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        codes = {row.get("code") for row in details.get("writeErrors", [])} - {DUPLICATE}
        codes |= {row.get("code") for row in details.get("writeConcernErrors", [])}
        return bool(codes) and codes <= _CODES
    return isinstance(error, OperationFailure) and error.code in _CODES


@contextmanager
def hub_messages() -> Iterator[list[str]]:
    """What the hub's client says meanwhile, instead of on stderr: its retries, and why it failed."""
    try:
        # The client adds a handler of its own when it is imported.
        import huggingface_hub  # noqa: F401
    except ImportError:
        yield []
        return
    logger = logging.getLogger("huggingface_hub")
    messages: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    before, logger.handlers = logger.handlers, [listener]
    propagates, logger.propagate = logger.propagate, False
    try:
        yield messages
    finally:
        logger.handlers, logger.propagate = before, propagates


def reason_of_hub(error: Exception, messages: list[str]) -> str:
    """Why a hub gave nothing, in one line: what its client said of a request, else what it raised."""
    texts = [text for text in messages if "thrown while requesting" in text][:1] or [str(error)]
    return " ".join(texts[0].split())[:200] or type(error).__name__
