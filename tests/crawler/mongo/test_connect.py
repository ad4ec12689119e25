"""The store: connecting, its indexes, its log of runs, and a disk that runs full.

Covers crawler/mongo/__init__.py, crawler.mongo.indexes, crawler.mongo.runs and crawler.mongo.seen_links.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crawler import mongo
from tests.crawler.mongo.stores import await_end, environment_of


def test_connecting_again_keeps_the_indexes_and_links_stay_unique(database: Any) -> None:
    from pymongo.errors import DuplicateKeyError

    mongo.ensure_indexes(database)
    database.articles.insert_one({"link": "https://a/1"})
    with pytest.raises(DuplicateKeyError):
        database.articles.insert_one({"link": "https://a/1"})


def test_indexes_of_an_earlier_version_are_replaced(
    database: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from crawler.mongo import indexes

    database.samples.create_index([("date", -1), ("_id", 1)])
    database.samples.create_index("min_similarity")
    database.samples.create_index("of_a_user")
    database.samples.insert_one({"key": "k"})
    database.samples.drop_index("by_date")
    monkeypatch.setattr(indexes, "_MANY", 0)
    mongo.ensure_indexes(database)
    names = database.samples.index_information().keys()
    assert {"by_date", "by_min_similarity", "of_a_user_1"} <= names
    assert not {"date_-1__id_1", "min_similarity_1"} & names
    assert "making the indexes of samples anew" in capsys.readouterr().err
    mongo.ensure_indexes(database)
    assert capsys.readouterr().err == ""


def test_who_has_little_patience_does_not_wait_for_a_server_that_hangs(database: Any, database_uri: str) -> None:
    """The URI's own options go first."""
    from pymongo.errors import NetworkTimeout

    database.samples.insert_one({})
    with pytest.raises(NetworkTimeout):
        mongo.connect(database_uri, patience=1).samples.find_one({"$where": "sleep(8000) || true"})
    client = mongo.connect(f"{database_uri}&socketTimeoutMS=70000&serverSelectionTimeoutMS=7000", patience=1).client
    assert client.options.pool_options.socket_timeout == 70
    assert client.options.server_selection_timeout == 7
    assert mongo.connect(database_uri).client.options.pool_options.socket_timeout is None


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


def test_a_killed_run_is_named_so_by_the_next(database: Any, database_uri: str) -> None:
    code = (
        "import os, sys\nfrom crawler.mongo import connect, run_of\n"
        "with run_of(connect(sys.argv[1]), 'score', {}):\n    os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, database_uri]).returncode == -signal.SIGKILL
    with mongo.run_of(database, "score", {}):
        pass
    assert sorted(row["outcome"] for row in database.runs.find()) == ["done", "killed"]


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounts a small disk: needs root on Linux")
def test_a_disk_that_ran_full_loses_nothing_acknowledged(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=380m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.decode().strip()}")
    environment = environment_of(disk, NEWSMILL_MONGO_TIMEOUT_MS="4000")
    try:
        filled = subprocess.run([sys.executable, "-c", FILL], env=environment, capture_output=True, text=True)
        acknowledged = int(filled.stdout.split()[-1])
        assert acknowledged > 0
        assert f"the disk of {disk}/mongo is full" in filled.stderr
        subprocess.run(["mount", "-o", "remount,size=900m", str(disk)], check=True)
        counted = subprocess.run([sys.executable, "-c", COUNT], env=environment, capture_output=True, text=True)
        assert int(counted.stdout) >= acknowledged, counted.stderr
        # The server may have stopped already, or still be there for who comes next.
        await_end(disk)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


FILL = """
import os, shutil, sys
from pymongo.errors import PyMongoError
from crawler.mongo import connect, loss_message
db, number = connect(), 0
try:
    while True:
        db.articles.insert_one({"link": f"https://a/{number}", "content": os.urandom(400_000)})
        number += 1
except PyMongoError as error:
    # What the supervisor saw is told, however much is free by now.
    shutil.disk_usage = lambda _: type("Usage", (), {"free": 10**12})
    print(loss_message(error), file=sys.stderr)
print(number)
"""
COUNT = "from crawler.mongo import connect; print(connect().articles.count_documents({}))"


def test_the_name_of_an_embedded_store_is_its_folder(tmp_path: Path) -> None:
    code = "from crawler.mongo import connect, name_of; print(name_of(connect()))"
    done = subprocess.run([sys.executable, "-c", code], env=environment_of(tmp_path), capture_output=True, text=True)
    assert done.stdout == f"{tmp_path}, database newsmill\n", done.stderr


def test_an_empty_store_is_named_by_who_was_asked(tmp_path: Path, root: Path) -> None:
    environment = environment_of(tmp_path, PYTHONPATH=str(root))
    for words in (["query", "--count"], ["export", "--out", "out"]):
        command = [sys.executable, "-m", "synth", *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert str(tmp_path) in done.stderr.splitlines()[-1]
