"""The server: loopback only, requests written down, faults that repeat, the command."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.items import NewsmillError
from demo.loopback_site.faults import KINDS, Faults, parse_faults
from demo.loopback_site.newspaper import NewspaperPages
from demo.loopback_site.server import LoopbackSite
from tests.demo.loopback_site.helpers import RECORDS, fetch, links_of, record
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[3]


def test_it_listens_on_loopback_only_and_writes_requests_down(site: LoopbackSite) -> None:
    assert {urlsplit(origin).hostname for origin in site.origins.values()} == {"127.0.0.1"}
    before = site.requests["open", "/feed/"]
    fetch(site, "open", "/feed/?utm=1")
    assert site.requests["open", "/feed/"] == before + 1


def test_a_page_is_built_once_however_often_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    answer = NewspaperPages.answer
    monkeypatch.setattr(NewspaperPages, "answer", lambda pages, path: built.append(path) or answer(pages, path))
    with LoopbackSite(RECORDS) as site:
        link = links_of("ilpost")[0]
        assert len({fetch(site, "ilpost", link) for _ in range(20)}) == 1
    assert len(built) == 1


def test_faults_repeat_and_end() -> None:
    faults = Faults(seed=7, too_many=0.2, unavailable=0.2, garbage=0.2, reset=0.2, retry_after=3)
    with LoopbackSite(RECORDS, faults) as first, LoopbackSite(RECORDS, faults) as second:
        seen = [[answer for link in links_of("open")[:20] for answer in answers(one, link)] for one in (first, second)]
    assert seen[0] == seen[1]
    assert {kind for kind, _ in seen[0]} == {200, 429, 503, "reset"}
    assert any(kind == 200 and body[:2] == b"\x1f\x8b" for kind, body in seen[0]), "half a gzip stream"


def answers(site: LoopbackSite, link: str) -> list[tuple[int | str, bytes]]:
    """Every answer up to the page itself."""
    found: list[tuple[int | str, bytes]] = []
    while not found or not (found[-1][0] == 200 and found[-1][1].startswith(b"<!doctype")):
        assert len(found) < 100, "a retry must succeed one day"
        found.append(try_fetch(site, link))
    return found


def try_fetch(site: LoopbackSite, link: str) -> tuple[int | str, bytes]:
    connection = http.client.HTTPConnection(urlsplit(site.origins["open"]).netloc)
    try:
        connection.request("GET", urlsplit(link).path)
        answer = connection.getresponse()
        assert answer.status != 429 or answer.headers["Retry-After"] == "3"
        return answer.status, answer.read()
    except ConnectionResetError:
        return "reset", b""
    finally:
        connection.close()


def test_faults_come_at_their_rates_and_by_their_seed() -> None:
    faults = Faults(seed=3, too_many=0.05, unavailable=0.04, slow=0.03, reset=0.02, garbage=0.01)
    paths = [f"ansa /{number}" for number in range(10_000)]
    drawn = [faults.kind(path, 1) for path in paths]
    assert drawn == [faults.kind(path, 1) for path in paths]
    assert drawn != [replace(faults, seed=4).kind(path, 1) for path in paths]
    assert drawn != [faults.kind(path, 2) for path in paths]
    counts = Counter(drawn)
    for kind in KINDS:
        # Three standard deviations of 10,000 draws are at most 0.7 %.
        assert abs(counts[kind] / len(paths) - getattr(faults, kind)) < 0.007, kind


def test_a_slow_answer_is_late_and_right() -> None:
    with LoopbackSite(RECORDS[-3:], Faults(slow=1.0, slow_seconds=0.3)) as site:
        link = links_of("open")[-1]
        began = time.monotonic()
        assert fetch(site, "open", link)[0] == 200
        assert time.monotonic() - began >= 0.3


def test_fault_lists_are_checked() -> None:
    assert parse_faults("too_many=0.05,slow=0.1,slow_seconds=0.5", 3) == Faults(
        3, too_many=0.05, slow=0.1, slow_seconds=0.5
    )
    for text in ("nonsense=1", "reset=x", "reset=0.7,slow=0.7", "garbage=-1"):
        with pytest.raises(NewsmillError):
            parse_faults(text)


def test_the_command_announces_and_ends_on_sigterm(tmp_path: Path) -> None:
    articles, ready = tmp_path / "a.jsonl", tmp_path / "ready.json"
    articles.write_text(json.dumps(record("ansa", 0)) + "\n", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "demo.loopback_site",
        str(articles),
        "--announce",
        str(ready),
        "--faults",
        "slow=0.1",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        wait_until(ready.exists, process=process)
        told = json.loads(ready.read_text())
        assert told["span"] == {"ansa": ["2026-05-04", "2026-05-04"]}
        port = urlsplit(told["ansa"]).port
        # A reader that stays connected must not hold up the end.
        with socket.create_connection(("127.0.0.1", port)):
            process.send_signal(signal.SIGTERM)
            try:
                output, _ = process.communicate(timeout=20)
            finally:
                process.kill()
    assert process.returncode == 0
    assert f"ansa       http://127.0.0.1:{port}" in output


@pytest.mark.parametrize("arguments", [["/nowhere.jsonl"], [str(ROOT / "setup.cfg"), "--faults", "x=1"]])
def test_the_command_says_in_one_line_what_is_wrong(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "demo.loopback_site", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("loopback site: ")
    assert done.stderr.count("\n") == 1
