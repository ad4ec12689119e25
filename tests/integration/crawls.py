"""`scrapy crawl` as a user runs it, and a server of fixed answers: for the tests of whole crawls."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from demo.loopback_site.server import LoopbackSite
from tests.crawler.loopback import serving
from tests.fork_server import run_scrapy

Crawl = Callable[..., dict[str, Any]]
#: status, headers, body
Answer = tuple[int, dict[str, str], bytes]
#: a site without robots.txt
ROBOTS: Answer = (404, {}, b"")


def environment(uri: str) -> dict[str, str]:
    return os.environ | {"MONGODB_URI": uri, "SCRAPY_SETTINGS_MODULE": "crawler.settings"}


def crawling(database_uri: str, folder: Path) -> Crawl:
    """A function that crawls a newspaper of a stand, or at an address, and returns the closing counts with `stderr`."""

    def run(
        name: str, stand: LoopbackSite | str, expect: int = 0, settings: str = "", **arguments: Any
    ) -> dict[str, Any]:
        origin = stand if isinstance(stand, str) else stand.origins[name]
        words = [f"-a{key}={value}" for key, value in {**arguments, "origin": origin}.items()]
        more = [word for setting in settings.split() for word in ("-s", setting)]
        done = run_scrapy(["crawl", name, "--json", *words, *more], folder, environment(database_uri))
        assert done.returncode == expect, done.stderr[-2000:]
        assert "Traceback" not in done.stderr
        closing: dict[str, Any] = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
        return closing | {"stderr": done.stderr}

    return run


@contextmanager
def site(answers: dict[str, Answer], times: list[float] | None = None) -> Iterator[tuple[str, list[str]]]:
    """A server of fixed answers; everything else is 404. Yields its address and the paths it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if times is not None:
                times.append(time.monotonic())
            status, headers, body = answers.get(self.path, (404, {}, b"<html>none</html>"))
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as origin:
        yield origin, asked


def pages_of_open(root: Path, count: int) -> dict[str, Answer]:
    """Pages of so many articles of Open, by their paths."""
    with LoopbackSite(root / "demo/articles.jsonl") as stand:
        paper = stand.newspapers["open"]
        return {story.path: (200, {}, paper.respond(story.path).body) for story in paper.stories[:count]}


def listing(paths: Iterable[str]) -> Answer:
    """A list of Open that names these articles."""
    links = "".join(f'<article><h2><a href="{path}">x</a></h2></article>' for path in paths)
    return (200, {}, f"<html><main>{links}</main></html>".encode())
