"""What the tests of WARC files share: crawls with and without a network, and files as other tools write them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from pymongo.uri_parser import parse_uri
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from demo.loopback_site.server import LoopbackSite
from tests.fork_server import run_scrapy

#: Imported by Python as it starts: no connection but to the store, each attempt at another one written down.
NO_NETWORK = """
import os, socket
allowed = int(os.environ["STORE_PORT"])
def guard(name):
    real = getattr(socket.socket, name)
    def connect(self, address):
        if isinstance(address, tuple) and address[1] != allowed:
            with open(os.environ["ATTEMPTS"], "a") as file:
                file.write(f"{address}\\n")
            raise OSError(f"no network: {address}")
        return real(self, address)
    setattr(socket.socket, name, connect)
guard("connect")
guard("connect_ex")
"""

Crawl = Callable[..., dict[str, Any]]


def crawling(database_uri: str, tmp_path: Path) -> Crawl:
    """`scrapy crawl NAME --json`: its closing words, as a function of the newspaper and its arguments."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(NO_NETWORK)
    store = str(parse_uri(database_uri)["nodelist"][0][1] or 0)

    def run(
        name: str, expect: int = 0, settings: str = "", offline: bool = False, size: int = 0, **arguments: Any
    ) -> dict[str, Any]:
        words = [f"-a{key}={value}" for key, value in arguments.items()]
        words += [word for setting in settings.split() for word in ("-s", setting)]
        env = os.environ | {"MONGODB_URI": database_uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}
        if offline:
            path = os.pathsep.join(filter(None, (str(tmp_path / "guard"), os.environ.get("PYTHONPATH", ""))))
            guards = {"PYTHONPATH": path, "STORE_PORT": store}
            env |= guards | {"ATTEMPTS": str(tmp_path / "attempts")}
        done = run_scrapy(["crawl", name, "--json", *words], tmp_path, env, size)
        assert done.returncode == expect, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "attempts").exists(), (tmp_path / "attempts").read_text()
        closing: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        return closing | {"stderr": done.stderr}

    return run


def snapshot(database: Any) -> dict[str, Any]:
    """What is stored, without what every writing changes."""
    hidden = {"_id": 0, "permission.checked_at": 0}
    return {row["link"]: row for row in database.articles.find({}, hidden)}


class Foreign:
    """A WARC as another tool might write it."""

    def __init__(self, packed: bool = True, version: str = "1.0") -> None:
        self.buffer = BytesIO()
        self.writer = WARCWriter(self.buffer, gzip=packed, warc_version=version)

    def add(self, url: str, body: bytes, kind: str = "response", status: str = "200 OK",
            date: str = "2026-05-20T10:00:00Z", **headers: str) -> None:  # fmt: skip
        given = {"Content_Type": "text/html; charset=UTF-8", **headers}
        record = self.writer.create_warc_record(
            url, kind, payload=BytesIO(body), length=len(body), http_headers=http_of(status, given),
            warc_headers_dict={"WARC-Date": date},
        )  # fmt: skip
        self.writer.write_record(record)

    def again(self, url: str, date: str, told: dict[str, str], status: str = "200 OK", **headers: str) -> None:
        """A revisit; `told` is how it names the answer that it does not repeat."""
        about = {"WARC-Date": date, **{f"WARC-{name}": value for name, value in told.items()}}
        http = http_of(status, headers) if headers or status != "200 OK" else None
        self.writer.write_record(
            self.writer.create_warc_record(url, "revisit", http_headers=http, warc_headers_dict=about)
        )


def http_of(status: str, headers: dict[str, str]) -> StatusAndHeaders:
    lines = [(name.replace("_", "-"), value) for name, value in headers.items() if value]
    return StatusAndHeaders(status, lines, protocol="HTTP/1.1")


def chunked(body: bytes) -> bytes:
    parts = [body[begin : begin + 1000] for begin in range(0, len(body), 1000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def digest_of(body: bytes) -> str:
    """A payload's digest, as most tools write it."""
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def written(pages: dict[str, bytes], count: int, packed: bool = True) -> tuple[bytes, list[int]]:
    """A file of pages, and where each record begins."""
    foreign, begins = Foreign(packed), []
    for link in sorted(pages)[:count]:
        begins.append(foreign.buffer.tell())
        foreign.add(link, pages[link])
    return foreign.buffer.getvalue(), begins


def pages_of(stand: LoopbackSite) -> dict[str, bytes]:
    """Canonical link -> page, of Open."""
    newspaper = stand.newspapers["open"]
    return {story.article.link: newspaper.respond(story.path).body for story in newspaper.stories}
