"""The server of the loopback site: a port of this machine for each newspaper, never one that the network can reach."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from crawler.items import NEWSPAPERS, NewsmillError
from demo.loopback_site.ansa import Ansa
from demo.loopback_site.faults import Faults
from demo.loopback_site.ilpost import IlPost
from demo.loopback_site.newspaper import NewspaperPages, Page
from demo.loopback_site.open import Open
from demo.loopback_site.records import Records, load, span
from demo.loopback_site.vnexpress import VnExpress

__all__ = ["Faults", "LoopbackSite"]

NEWSPAPER_PAGES: tuple[type[NewspaperPages], ...] = (VnExpress, Ansa, IlPost, Open)
LOOPBACK = "127.0.0.1"


class LoopbackSite:
    """Serves an article file as four newspapers while its `with` block runs.

    Args:
        records: rows, or the path of a JSON lines file (any form `article_from_record` reads).
        faults: what goes wrong on the way.
        port: 0 for any free ports, else the first of four in a row.
        javascript: bodies and long listings are drawn by scripts.

    Attributes:
        origins: newspaper -> http://127.0.0.1:PORT
        spans: newspaper -> (first, last day of publication, ISO); only newspapers with articles.
        skipped: rows left out, by reason.
        requests: how often each (newspaper, path without query) was asked for; faults count too.
    """

    def __init__(
        self, records: Records, faults: Faults | None = None, *, port: int = 0, javascript: bool = False
    ) -> None:
        self.faults = faults if faults and faults.any() else None
        self.skipped: Counter[str] = Counter()
        stories = load(records, self.skipped)
        self.newspapers = {pages.name: pages(stories[pages.name], javascript) for pages in NEWSPAPER_PAGES}
        self.spans = {name: days for name in NEWSPAPERS if (days := span(stories[name]))}
        self.requests: Counter[tuple[str, str]] = Counter()
        self.origins: dict[str, str] = {}
        self.closed = threading.Event()
        self._lock = threading.Lock()
        self._port = port
        self._servers: list[_Server] = []

    def start(self) -> LoopbackSite:
        """Bind and serve.

        Raises:
            NewsmillError: a port is taken.
        """
        for offset, (name, newspaper) in enumerate(self.newspapers.items()):
            port = self._port + offset if self._port else 0
            try:
                server = _Server((LOOPBACK, port), self, newspaper)
            except (OSError, OverflowError) as error:
                self.close()
                raise NewsmillError(
                    f"loopback site: port {port} of {LOOPBACK}: {error}; choose another --port"
                ) from error
            self._servers.append(server)
            self.origins[name] = f"http://{LOOPBACK}:{server.server_address[1]}"
            threading.Thread(
                target=server.serve_forever, args=(0.05,), name=f"loopback-site-{name}", daemon=True
            ).start()
        return self

    def close(self) -> None:
        """Stop listening and end the connections that are still open."""
        self.closed.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    def __enter__(self) -> LoopbackSite:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def note(self, newspaper: str, path: str) -> int:
        """Write a request down; returns how often this path was asked for."""
        with self._lock:
            self.requests[newspaper, path] += 1
            return self.requests[newspaper, path]


class _Server(ThreadingHTTPServer):
    """One newspaper's port. Threads are daemons: an idle keep-alive connection holds nobody up."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], site: LoopbackSite, newspaper: NewspaperPages) -> None:
        self.site = site
        self.newspaper = newspaper
        self.torn: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer would ask the resolver for this machine's name, which can take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        if request in self.torn:
            self.torn.discard(request)
            # A shutdown would say goodbye (FIN) before the reset.
            return self.close_request(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that hangs up is no error of ours; anything else is shown as the standard library does."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "loopback-site"
    sys_version = ""
    disable_nagle_algorithm = True
    # Head and body leave in one packet: two would meet the reader's delayed acknowledgement (40 ms).
    wbufsize = -1
    timeout = 60

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path) or "/"
        site, newspaper = self.server.site, self.server.newspaper
        nth = site.note(newspaper.name, path)
        fault = site.faults.kind(f"{newspaper.name} {path}", nth) if site.faults else ""
        if fault == "reset":
            return self.tear_down()
        if fault == "too_many":
            return self.refuse(429, ("Retry-After", str(site.faults.retry_after if site.faults else 1)))
        if fault == "unavailable":
            return self.refuse(503)
        if fault == "slow" and site.faults:
            site.closed.wait(site.faults.slow_seconds)
        page = newspaper.respond(path)
        if fault == "garbage" and site.faults:
            noise, zipped = site.faults.noise(path, nth, page.body)
            return self.reply(Page(noise), *([("Content-Encoding", "gzip")] if zipped else []))
        self.reply(page)

    def do_HEAD(self) -> None:
        self.do_GET()

    def reply(self, page: Page, *headers: tuple[str, str]) -> None:
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        if page.location:
            self.send_header("Location", page.location)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page.body)

    def refuse(self, status: int, *headers: tuple[str, str]) -> None:
        self.reply(Page(b"<html><body><h1>Error</h1></body></html>", status), *headers)

    def tear_down(self) -> None:
        """A TCP reset instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.server.torn.add(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted in `LoopbackSite.requests`, not printed."""
