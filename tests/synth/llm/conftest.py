"""A real server on the loopback that speaks chat completions, and does what a test tells it to do first.

Besides (status, headers, body) an entry of its script may be (0, {}, bytes): these bytes and then a broken connection.
A header X-Delay is no header but the seconds to wait before the reply.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from crawler.items import article_from_record
from synth.cluster.events import event_key
from tests.waiting import wait_until

ANSWER = (
    "Il consiglio ha approvato il bilancio con ventidue voti a favore e nove contrari, e la sindaca ha annunciato che "
    "i lavori della scuola cominceranno a settembre."
)


@dataclass
class ChatStand:
    """Answers with `script` first, one entry a request: (status, headers, body or text); then with `answer`."""

    answer: str = ANSWER
    script: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    #: seconds before each answer.
    delay: float = 0.0
    #: what was asked: (body, headers, instant).
    asked: list[tuple[dict[str, Any], dict[str, str], float]] = field(default_factory=list)
    url: str = ""
    #: requests at this moment, and at most.
    flying: int = 0
    most: int = 0
    #: decides about a request before the script does; None: it does not.
    judge: Callable[[dict[str, Any]], tuple[int, dict[str, str], Any] | None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    #: set at the end of the test: nobody waits for a slow answer any longer.
    closed: threading.Event = field(default_factory=threading.Event)
    server: _Server | None = None

    def next(self, body: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        if self.judge and (told := self.judge(body)):
            return told
        return self.script.pop(0) if self.script else (200, {}, self.reply(body))

    def enter(self, change: int) -> None:
        with self.lock:
            self.flying += change
            self.most = max(self.most, self.flying)

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": f"{body['model']}-0901",
            "choices": [{"message": {"role": "assistant", "content": self.answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "cost": 0.0125},
        }

    def settle(self) -> None:
        """Wait until every request of clients that are gone has been read and answered into nothing."""
        server = self.server
        assert server is not None
        wait_until(lambda: not server.has_visitors())

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for body, _, _ in self.asked]


def _handler(stand: ChatStand) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            headers = {name.title(): value for name, value in self.headers.items()}
            stand.asked.append((body, headers, time.monotonic()))
            stand.enter(1)
            status, headers, told = stand.next(body)
            stand.closed.wait(float(headers.pop("X-Delay", stand.delay)))
            stand.enter(-1)
            if not status:
                self.break_off(told)
                return
            data = (told if isinstance(told, str) else json.dumps(told)).encode()
            self.send_response(status if self.path == "/v1/chat/completions" else 404)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def break_off(self, data: bytes) -> None:
            self.wfile.write(data)
            self.wfile.flush()
            # Without lingering the connection is reset, not closed.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    return Handler


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    # Who is killed leaves requests behind that wait.
    block_on_close = False
    #: connections that were accepted and are not closed yet.
    connections = 0
    _counting = threading.Lock()

    def has_visitors(self) -> bool:
        """Whether a connection is open or waits to be accepted."""
        return bool(select.select([self.socket], [], [], 0)[0]) or self.connections > 0

    def _count(self, change: int) -> None:
        with self._counting:
            self.connections += change

    def get_request(self) -> tuple[Any, Any]:
        self._count(1)
        try:
            return super().get_request()
        except OSError:
            self._count(-1)
            raise

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self._count(-1)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are gone are what some tests are about."""


@pytest.fixture
def stand() -> Iterator[ChatStand]:
    told = ChatStand()
    server = told.server = _Server(("127.0.0.1", 0), _handler(told))
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield told
    told.closed.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(database: Any, sample_records: list[dict[str, Any]]) -> Any:
    """The Italian sample articles with their gold events."""
    events: dict[str, list[Any]] = {}
    for record in sample_records:
        if record.get("event") and record["language"] == "it":
            article = article_from_record(record).document()
            article["_id"] = database.articles.insert_one(article).inserted_id
            events.setdefault(record["event"], []).append(article)
    for number, rows in enumerate(rows for rows in events.values() if len(rows) > 1):
        links = [row["link"] for row in rows]
        database.clusters.insert_one(
            {"run": "r", "number": number, "event": event_key(links), "articles": [row["_id"] for row in rows],
             "links": links, "size": len(rows), "language": "it", "current": True}
        )  # fmt: skip
    return database


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that a client wants to wait between attempts, in their order; it waits for none of them."""
    seconds: list[float] = []
    sleep = asyncio.sleep

    async def pause(wanted: float) -> None:
        seconds.append(wanted)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", pause)
    return seconds
