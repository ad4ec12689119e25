"""`synth review` as a user starts it: one line with the address, Ctrl-C ends it well, mistakes are one line.

Covers synth.review.server.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from synth.__main__ import main
from synth.review.server import BackgroundErrors, address_of, listen


@contextmanager
def review(database_uri: str, folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The command on a free port, which the test ends."""
    environment = os.environ | {"MONGODB_URI": database_uri, "NEWSMILL_HOME": str(folder / "home")}
    process = subprocess.Popen(
        [sys.executable, "-m", "synth", "review", "--port", "0", *words],
        cwd=Path(__file__).resolve().parents[3], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_it_names_its_address_and_ends_with_ctrl_c(
    database: Any, database_uri: str, tmp_path: Path, way: signal.Signals
) -> None:
    with review(database_uri, tmp_path, "--language", "it") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.rpartition(" ")[2].strip()
        assert line.startswith("review: http://127.0.0.1:")
        with urllib.request.urlopen(address, timeout=60) as page:
            assert '<html lang="it">' in page.read().decode()
        process.send_signal(way)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (0, "", "review: Ctrl-C ends it\n")


def test_each_rater_has_an_address_that_outlives_the_server(database: Any, database_uri: str, tmp_path: Path) -> None:
    doors = []
    for words in (["--rater", "Anna"], ["--rater", "Linh", "--rater", "Anna"]):
        with review(database_uri, tmp_path, "--json", *words) as process:
            assert process.stdout is not None
            doors.append(json.loads(process.stdout.readline())["raters"])
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
    tokens = [{rater: door.partition("token=")[2] for rater, door in each.items()} for each in doors]
    assert tokens[0]["Anna"] == tokens[1]["Anna"] != tokens[1]["Linh"]
    file = tmp_path / "home/review.json"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_port_that_is_in_use_is_one_line(database: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["review", "--port", str(port)]) == 2
    lines = capsys.readouterr().err
    assert lines.startswith(f"review: cannot listen at 127.0.0.1:{port}: ")
    assert lines.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--host", "0.0.0.0"], "others can reach it: name who may"),
        (["--allow-host", "review.example.org"], "at review.example.org others can reach it"),
        (["--host", "192.0.2.1", "--rater", "a"], "cannot listen at 192.0.2.1"),
        (["--host", "no.such.host.invalid", "--rater", "a"], "cannot listen at"),
        (["--port", "70000"], "--port must be"),
        (["--rater", "Anna", "--rater", " anna"], "two raters of one name"),
        (["--rater", "  "], "a name has"),
        (["--rater", "a\x1b[31mb"], "a name has"),
        (["--rater", "Anna", "--new-address", "Linh"], "no --rater of that name"),
        (["--overlap", "0"], "--overlap must be"),
        (["--overlap", "3", "--rater", "a", "--rater", "b"], "--overlap must be"),
        (["--blind", "/no/such/folder"], "there is no such folder"),
        (["--filter", '{"nonsense_field": 1}'], "bad filter"),
        (["--filter", '{"$where": "1"}'], "$where"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(
    database: Any, database_uri: str, words: list[str], reason: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("MONGODB_URI", database_uri)
    assert main(["review", "--port", "0", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("review: ")
    assert reason in error
    assert error.count("\n") == 1


def test_the_address_is_one_that_a_browser_can_open() -> None:
    assert address_of("127.0.0.1", 80) == "http://127.0.0.1:80/"
    assert address_of("::1", 80) == "http://[::1]:80/"
    assert "0.0.0.0" not in address_of("0.0.0.0", 80)


def test_what_fails_beside_requests_is_one_line_and_none_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    errors = BackgroundErrors()
    failure = threading.ExceptHookArgs((ValueError, ValueError("two\nlines"), None, threading.Thread(name="words")))
    errors.tell(failure)
    errors.is_ending = True
    errors.tell(failure)
    assert capsys.readouterr().err == "review: words: ValueError: two lines\n"


def test_a_page_does_not_wait_for_the_browser_to_acknowledge_its_head() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()) as browser:
        connection, _ = listening.accept()
        with connection:
            assert browser.getpeername() == connection.getsockname()
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_free_port_is_offered_only_where_the_port_is_the_trouble() -> None:
    from crawler.items import NewsmillError

    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(NewsmillError, match="--port 0 takes a free one"),
    ):
        listen("127.0.0.1", other.getsockname()[1])
    with pytest.raises(NewsmillError) as error:
        listen("192.0.2.1", 0)
    assert "free one" not in str(error.value)
