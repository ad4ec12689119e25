"""One line for each way in which a server does not start, does not answer, or refuses.

Covers crawler.mongo.failures and what crawler.mongo.connect says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import mongo
from crawler.items import NewsmillError
from crawler.mongo import failures, server
from crawler.mongo.supervisor import listens
from tests.crawler.mongo.stores import CLIENT, address_of, await_end, environment_of
from tests.synth.export.test_command import sample
from tests.waiting import wait_until

QUERY = [sys.executable, "-m", "synth", "query", "--count"]


def start(environment: dict[str, str], **more: Any) -> str:
    """What a command says that cannot have its server; one line."""
    code = (
        "from crawler.mongo import connect\nfrom crawler.items import NewsmillError\n"
        "try:\n    connect()\nexcept NewsmillError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, **more)
    assert done.stdout.count("\n") == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout


def a_mongod(folder: Path, script: str) -> dict[str, str]:
    """An environment whose mongod is a shell script."""
    folder.mkdir(exist_ok=True)
    program = folder / "mongod"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def log_line(message: str, **attributes: str) -> str:
    return json.dumps({"s": "E", "msg": message, "attr": attributes})


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -ILL $$", "this processor lacks instructions"),
        ("kill -KILL $$", "it was killed (signal 9)"),
        ("echo 'unw_get_proc_name(55C0FFEE): unspecified (general) error' >&2; kill -ABRT $$", "no file descriptors"),
        (f"echo '{log_line('x', error='Too many open files')}'; exit 14", "no file descriptors are left"),
        (f"echo '{log_line('x', error='DBPathInUse: Unable to lock')}'; exit 100", "another MongoDB server uses"),
        (f"echo '{log_line('x', error='13: Permission denied')}'; exit 14", "may not write in"),
        (f"echo '{log_line('WiredTiger error', error='WT_TRY_SALVAGE: corruption')}'; exit 14", "are damaged"),
        ("echo '** UPGRADE PROBLEM: featureCompatibilityVersion 4.0'; exit 62", "another version of MongoDB"),
        (f"echo '{log_line('Failed to unlink socket file')}'; exit 1", "taken by another program"),
        (f"echo '{log_line('pwrite', error='28: No space left on device')}'; exit 14", "is full"),
        (f"echo '{log_line('Something else', error='of its own')}'; exit 3", "Something else of its own"),
        ("echo 'Error parsing command line: unrecognised option --oplogSize'; exit 2", "unrecognised option"),
        ("exit 7", "status 7"),
    ],
)
def test_a_server_that_cannot_start_is_one_line_with_its_reason(script: str, reason: str, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "home") | a_mongod(tmp_path / "bin", script)
    line = start(environment)
    assert line.startswith("store: mongod did not start: ")
    assert reason in line
    await_end(tmp_path / "home")


def test_a_real_server_without_file_descriptors_names_them(tmp_path: Path) -> None:
    import resource

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    assert "no file descriptors are left (at most 40" in start(environment_of(tmp_path), preexec_fn=few)


def test_a_soft_limit_of_files_does_not_hinder_it(tmp_path: Path) -> None:
    import resource

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

    done = subprocess.run(
        [sys.executable, "-c", CLIENT, "https://a/1"], env=environment_of(tmp_path),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, preexec_fn=few,
    )  # fmt: skip
    assert done.stdout.endswith(" 1\n"), done.stderr


def test_damaged_data_are_named_and_left_as_they_are(tmp_path: Path) -> None:
    environment = environment_of(tmp_path)
    subprocess.run([sys.executable, "-c", CLIENT, "x"], env=environment, stdin=subprocess.DEVNULL, check=True)
    await_end(tmp_path)
    catalogue = tmp_path / "mongo/db/WiredTiger.turtle"
    catalogue.write_text("nonsense\n")
    assert f"the data files in {tmp_path}/mongo/db are damaged" in start(environment)
    assert catalogue.read_text() == "nonsense\n"


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mongo").write_text("")
    assert start(environment_of(tmp_path)) == f"store: cannot use {tmp_path}/mongo: File exists\n"


def test_data_that_another_server_uses_are_named(tmp_path: Path) -> None:
    data = tmp_path / "mongo/db"
    data.mkdir(parents=True)
    other = subprocess.Popen(
        [str(server.find_binary()), "--dbpath", str(data), "--bind_ip", str(tmp_path / "x.sock"), "--nounixsocket"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: listens(tmp_path / "x.sock"))
    assert f"another MongoDB server uses {tmp_path}/mongo/db" in start(environment_of(tmp_path))
    other.kill()
    other.wait()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small disk: needs root on Linux")
def test_a_full_disk_is_the_reason_even_where_no_log_can_be_written(tmp_path: Path) -> None:
    with_disk = tmp_path / "disk"
    with_disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(with_disk)]).returncode:
        pytest.skip("cannot mount here")
    try:
        (with_disk / "mongo").mkdir()
        with (with_disk / "filler").open("wb") as filler:
            filler.write(b"x" * 1_900_000)
        assert f"the disk of {with_disk}/mongo is full" in start(environment_of(with_disk))
    finally:
        subprocess.run(["umount", "--lazy", str(with_disk)], check=True)


# ---- a server that runs


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mongodb://", "bad MongoDB URI: Must provide at least one hostname"),
        ("http://db.example/x", "bad MongoDB URI: Invalid URI scheme"),
        ("mongodb://ada:se:cret@127.0.0.1:1/x", "bad MongoDB URI: Username and password must be escaped"),
        ("mongodb://127.0.0.1:99999/x", "bad MongoDB URI: Port must be"),
        ("mongodb://127.0.0.1:1/x?tlsCAFlie=ca.pem", "bad MongoDB URI: Unknown option: tlscaflie"),
        ("mongodb://127.0.0.1:1/x?connectTimeoutMS=soon", "bad MongoDB URI: connecttimeoutms must be"),
        ("mongodb://127.0.0.1:1/x?tls=true&tlsCAFile=/not/there.pem", "cannot read /not/there.pem: No such file"),
        ("mongodb://127.0.0.1:1/x?tls=true&tlsCAFile=/etc/hostname", "bad MongoDB URI: "),
        ("mongodb://127.0.0.1:1/x?tls=true&tlsCertificateKeyFile=/etc/hostname", "bad MongoDB URI: "),
        ("mongodb://ada:secret@127.0.0.1:1/x", "no answer from MongoDB at mongodb://127.0.0.1:1/x: 127.0.0.1:1"),
        ("mongodb://%2Fnot%2Fthere.sock/x", "no answer from MongoDB at /not/there.sock/x"),
        ("mongodb://nobody.invalid/x", "no answer from MongoDB at mongodb://nobody.invalid/x"),
        ("mongodb+srv://ada:secret@nobody.invalid/x", "nobody.invalid"),
    ],
)
def test_a_uri_that_leads_nowhere_is_one_line_without_the_password(
    uri: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSMILL_MONGO_TIMEOUT_MS", "200")
    with pytest.raises(NewsmillError) as caught:
        mongo.connect(uri)
    line = str(caught.value)
    assert line.startswith("store: ")
    assert said in line
    for unwanted in ("\n", "secret", "se:cret", "{", "Topology", "configured timeouts"):
        assert unwanted not in line


def test_the_time_that_the_uri_gives_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMILL_MONGO_TIMEOUT_MS", "600000")
    with pytest.raises(NewsmillError, match="no answer"):
        mongo.connect("mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=100")
    monkeypatch.setenv("NEWSMILL_MONGO_TIMEOUT_MS", "soon")
    with pytest.raises(NewsmillError, match="NEWSMILL_MONGO_TIMEOUT_MS is 'soon'"):
        mongo.connect("mongodb://127.0.0.1:1/x")


@given(st.dictionaries(st.text(), st.integers()), st.text())
def test_what_the_driver_adds_to_a_message_is_left_out(details: dict[str, int], text: str) -> None:
    from pymongo.errors import OperationFailure

    line = failures.short(OperationFailure(f"it failed, full error: {details}", 1, details))
    assert line == "it failed"
    assert "\n" not in failures.short(OSError(text))


def test_a_full_disk_is_named_as_the_reason_of_a_loss(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path / "not-there-yet"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 3_000_000}))
    assert mongo.loss_message(OSError("x")) == (
        f"store: the disk of {tmp_path} is full (3 MB left): free some; what MongoDB acknowledged is stored: run the "
        "command again"
    )
    monkeypatch.setenv("MONGODB_URI", "mongodb://elsewhere")
    assert "run the command again" in mongo.loss_message(OSError("connection refused"))


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        (log_line("WiredTiger error", error="28: No space left on device"), 14, "is full"),
        ("", -9, "it was killed (signal 9)"),
        (log_line("WiredTiger error", error="WT_PANIC: corruption"), -6, "are damaged"),
        (json.dumps({"s": "W", "msg": "Too many open files, once"}), 0, "MongoDB stopped answering"),
        (log_line("Of its own"), 1, "MongoDB stopped answering"),
    ],
)
def test_why_a_server_ended_is_told_by_who_saw_it(
    line: str, code: int, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MONGODB_URI", raising=False)
    monkeypatch.setenv("NEWSMILL_HOME", str(tmp_path))
    folder = tmp_path / "mongo"
    folder.mkdir()
    (folder / "mongod.log").write_text(line + "\n")
    failures.reserve_end(folder)
    assert "MongoDB stopped answering" in mongo.loss_message(OSError("x"))
    failures.record_end(folder, code, "")
    assert reason in mongo.loss_message(OSError("x"))
    # An earlier end is not this command's loss.
    monkeypatch.setattr(failures, "_LOADED_AT", failures.time.time() + 60)
    assert "MongoDB stopped answering" in mongo.loss_message(OSError("x"))


def test_an_end_is_recorded_in_the_room_kept_for_it(tmp_path: Path) -> None:
    failures.record_end(tmp_path, 14, "No space left on device")
    assert list(tmp_path.iterdir()) == []
    failures.reserve_end(tmp_path)
    (kept,) = tmp_path.iterdir()
    size = kept.stat().st_size
    failures.record_end(tmp_path, 14, "No space left on device")
    failures.reserve_end(tmp_path)
    assert kept.stat().st_size == size
    assert "is full" in json.loads(kept.read_text())["reason"]


# ---- users and roles


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a server with passwords: `ada` may do all, `reader` may read the database news, `other` nothing.

    It holds one sample and one article.
    """
    from pymongo import MongoClient

    folder = tmp_path_factory.mktemp("guarded")
    socket = folder / "x.sock"
    program = subprocess.Popen(
        [str(server.find_binary()), "--dbpath", str(folder), "--bind_ip", str(socket), "--nounixsocket", "--auth",
         "--logpath", str(folder / "log")],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: listens(socket))
    host = str(socket).replace("/", "%2F")
    with MongoClient[dict[str, Any]](f"mongodb://{host}") as client:
        client.admin.command("createUser", "ada", pwd="pw", roles=["root"])
    with MongoClient[dict[str, Any]](f"mongodb://ada:pw@{host}") as client:
        client.admin.command("createUser", "reader", pwd="pw", roles=[{"role": "read", "db": "news"}])
        client.admin.command("createUser", "other", pwd="pw", roles=[])
        mongo.ensure_indexes(client.news)
    yield host
    program.kill()
    program.wait()


def test_a_user_who_may_only_read_connects_and_reads(guarded: str) -> None:
    mongo.connect(f"mongodb://ada:pw@{guarded}/news?authSource=admin").articles.insert_one({"link": "https://a/1"})
    database = mongo.connect(f"mongodb://reader:pw@{guarded}/news?authSource=admin")
    assert database.articles.count_documents({}) == 1
    # Nothing of a run is written, and its work goes on.
    with mongo.run_of(database, "export", {}) as run:
        run.counts["rows"] += 1
    assert database.runs.count_documents({}) == 0


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["query", "--count"], ""),
        (["report", "--out", "report.html"], "report.html"),
        (["export", "--out", "out"], "out/manifest.json"),
    ],
)
def test_commands_that_read_work_for_a_user_who_may_only_read(
    words: list[str], written: str, guarded: str, tmp_path: Path, root: Path
) -> None:
    mongo.connect(f"mongodb://ada:pw@{guarded}/news?authSource=admin").samples.replace_one(
        {"key": "k"}, sample(1) | {"key": "k"}, upsert=True
    )
    environment = environment_of(tmp_path, MONGODB_URI=f"mongodb://reader:pw@{guarded}/news?authSource=admin")
    done = subprocess.run(
        [sys.executable, "-m", "synth", *words], cwd=tmp_path, capture_output=True, text=True,
        env=environment | {"PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / written).exists()


@pytest.mark.parametrize(
    ("user", "status", "said"),
    [
        ("reader:wrong", 2, "store: authentication failed for user 'reader' at "),
        ("nobody:pw", 2, "store: authentication failed for user 'nobody' at "),
        ("other:pw", 2, "store: user 'other' is not authorized at "),
    ],
)
def test_a_refused_user_is_named_in_one_line(
    user: str, status: int, said: str, guarded: str, tmp_path: Path, root: Path
) -> None:
    uri = f"mongodb://{user}@{guarded}/news?authSource=admin"
    environment = environment_of(tmp_path, MONGODB_URI=uri, PYTHONPATH=str(root))
    done = subprocess.run(QUERY, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert not [word for word in ("{", ":pw", "wrong") if word in done.stderr]


def test_a_write_by_a_user_who_may_only_read_is_one_line(guarded: str, tmp_path: Path, root: Path) -> None:
    mongo.connect(f"mongodb://ada:pw@{guarded}/news?authSource=admin").articles.update_one(
        {"link": "https://a/1"}, {"$set": {"language": "it"}}, upsert=True
    )
    uri = f"mongodb://reader:pw@{guarded}/news?authSource=admin"
    environment = environment_of(tmp_path, MONGODB_URI=uri, PYTHONPATH=str(root))
    command = [sys.executable, "-m", "synth", "query", "{}", "--save", "mine"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.startswith("store: ")
    assert "this user of MongoDB may not" in done.stderr
    assert (done.stderr.count("\n"), done.stderr.count("{")) == (1, 0)
    assert address_of(tmp_path) == {}
