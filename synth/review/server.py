"""The server: where it listens, under which addresses it is reached, what it is answering, and how it ends."""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import EACCES, EADDRINUSE
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

#: Of the server: connections at once, and seconds that what is being answered has when it ends.
_CONNECTIONS, _GRACE = 1000, 3
#: An address of nobody (RFC 5737): by which of ours it would be reached is asked, and nothing is sent.
_SOMEWHERE = ("192.0.2.1", 9)
#: Seconds without a request after which nobody waits: a page is followed by its files and by the next one.
QUIET = 0.02
#: Seconds for which work waits at most, so that it comes to its end while somebody asks without a pause.
LONGEST = 0.25


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections; port 0: one that is free.

    Raises:
        NewsmillError: nothing can listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "; --port 0 takes a free one" if getattr(error, "errno", None) in (EADDRINUSE, EACCES) else ""
        raise NewsmillError(f"cannot listen at {host}:{port}: {reason}{remedy}") from error
    # Connections inherit it. asyncio sets it only on sockets that name their protocol; without it each page waits 40 ms
    # for the browser to acknowledge its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(host: str, port: int) -> str:
    """The address that a browser is given for a server that listens there."""
    if host in ("", "0.0.0.0", "::"):
        host = _own_address()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _own_address() -> str:
    """This machine's address in its network, else its name."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(_SOMEWHERE)
        return str(probe.getsockname()[0])
    return socket.gethostname()


def entrances(address: str, tokens: Mapping[str, str]) -> dict[str, str]:
    """Rater -> the address by which only this rater enters."""
    return {rater: f"{address}enter?token={quote(token)}" for rater, token in tokens.items()}


def serve(app: Starlette, listening: socket.socket, announce: Callable[[], None]) -> None:
    """Answer until Ctrl-C or SIGTERM; `announce` is called when either ends it in order."""
    import uvicorn

    # Addresses have tokens in them: no log of requests. Errors of pages are told by synth.review.errors.
    config = uvicorn.Config(
        app, log_level="critical", access_log=False, server_header=False, limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE, ws="none", lifespan="off",
    )  # fmt: skip
    if threading.current_thread() is threading.main_thread():
        # uvicorn ends in order and then raises the signal once more, for the handler that was there before.
        signal.signal(signal.SIGTERM, _interrupt)
    background = BackgroundErrors()
    threading.excepthook = background.tell
    try:
        with suppress(KeyboardInterrupt):
            announce()
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        background.is_ending = True


class Traffic:
    """How many requests are being answered, and since when none is."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests = 0
        self._ended_at = -QUIET

    @contextmanager
    def request(self) -> Iterator[None]:
        """While one request is answered."""
        with self._changed:
            self._requests += 1
        try:
            yield
        finally:
            with self._changed:
                self._requests -= 1
                self._ended_at = time.monotonic()
                self._changed.notify_all()

    def wait_for_quiet(self, longest: float = LONGEST) -> bool:
        """Wait until no request has been answered for QUIET seconds; False where that took longer than `longest`."""
        deadline = time.monotonic() + longest
        with self._changed:
            while (quiet_at := self._quiet_at()) > (now := time.monotonic()):
                if now >= deadline:
                    return False
                self._changed.wait(min(quiet_at, deadline) - now)
        return True

    def _quiet_at(self) -> float:
        """The earliest moment at which nobody waits."""
        return float("inf") if self._requests else self._ended_at + QUIET


class CountRequests:
    """ASGI middleware: each request is counted while it is answered."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app, self.traffic = app, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; the scope of a server's whole life is none."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with self.traffic.request():
            await self.app(scope, receive, send)


class BackgroundErrors:
    """Errors of what pages do beside requests: a line each, and none of what fails because the server ends."""

    def __init__(self) -> None:
        self.is_ending = False

    def tell(self, failure: threading.ExceptHookArgs) -> None:
        """Print one line; the hook of `threading`."""
        if not self.is_ending and not issubclass(failure.exc_type, KeyboardInterrupt | SystemExit):
            name = failure.thread.name if failure.thread else "a thread"
            reason = " ".join(str(failure.exc_value).split())[:300]
            print(f"review: {name}: {failure.exc_type.__name__}: {reason}", file=sys.stderr)


def _interrupt(*_: Any) -> NoReturn:
    raise KeyboardInterrupt
