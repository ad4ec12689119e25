"""A real server on the loopback that speaks chat completions, and does what a test tells it to do first."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

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

    def reply(self, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "model": f"{body['model']}-0901",
            "choices": [{"message": {"role": "assistant", "content": self.answer}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "cost": 0.0125},
        }

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for body, _, _ in self.asked]


def _handler(stand: ChatStand) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stand.asked.append((body, dict(self.headers.items()), time.monotonic()))
            status, headers, told = stand.script.pop(0) if stand.script else (200, {}, stand.reply(body))
            time.sleep(stand.delay)
            data = (told if isinstance(told, str) else json.dumps(told)).encode()
            self.send_response(status if self.path == "/v1/chat/completions" else 404)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@pytest.fixture
def stand() -> Iterator[ChatStand]:
    told = ChatStand()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()
