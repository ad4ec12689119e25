"""The server is killed between a form and its save: started again, the same form is stored, and once."""

from __future__ import annotations

import re
import socket
import urllib.parse
import urllib.request
from html import unescape
from pathlib import Path
from typing import Any

from tests.synth.ratings.review_store import fill_samples
from tests.synth.review.test_command import review


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def fields(html: str) -> dict[str, str]:
    main = html[html.index('id="row"') :]
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main)
    return {name: unescape(value) for name, value in hidden[:6]}


def send(address: str, form: dict[str, str]) -> str:
    """The page after the form was sent."""
    with urllib.request.urlopen(address, urllib.parse.urlencode(form).encode(), timeout=60) as answer:
        return str(answer.read().decode())


def test_a_form_outlives_its_server(database: Any, database_uri: str, tmp_path: Path) -> None:
    fill_samples(database, 2)
    port = str(free_port())
    with review(database_uri, tmp_path, "--port", port) as process:
        assert process.stdout is not None
        address = process.stdout.readline().rpartition(" ")[2].strip() + "queue"
        with urllib.request.urlopen(address, timeout=60) as answer:
            form = fields(answer.read().decode()) | {"decision": "edit", "answer": "Scritto prima."}
        process.kill()
        process.wait(timeout=60)
    with review(database_uri, tmp_path, "--port", port) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(2):
            assert "1 of 2 done" in send(address, form)
    assert [row["answer"] for row in database.samples.find({"status": "edited"})] == ["Scritto prima."]
    assert database.marks.count_documents({}) == 1
