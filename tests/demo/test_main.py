"""The last line of the demo opens its store."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from demo.chain import ROOT, review_line, store


def test_the_last_line_opens_the_demos_store(
    database: Any, server_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MONGODB_URI", server_uri)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path))
    database.samples.insert_one({"key": "a", "question": "?", "answer": "!", "sources": []})
    with store(database.name) as uri:
        program, *words = shlex.split(review_line(uri))
    assert Path(program).name == "synth"
    process = subprocess.Popen(
        [sys.executable, "-m", "synth", *words, "--port", "0", "--json", "--language", "en"],
        cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        with urllib.request.urlopen(json.loads(process.stdout.readline())["address"], timeout=60) as page:
            assert "There is 1 sample to read." in page.read().decode()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.communicate()


def test_on_the_embedded_server_the_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    line = review_line("mongodb://%2Fx%2Fmongod.sock/newsmill_demo_a?directConnection=true")
    assert line.startswith("NEWSMILL_DB=newsmill_demo_a ")
    assert line.endswith("synth review")


def test_a_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://user:secret@host/x")
    assert "secret" not in review_line("mongodb://user:secret@host/newsmill_demo_a")
