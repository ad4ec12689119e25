"""Servers of this machine that a test writes itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve with this handler on a free port, without a word on the terminal; yields the address."""

    def quiet(*_: Any) -> None:
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Quiet", (handler,), {"log_message": quiet}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
