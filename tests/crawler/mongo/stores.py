"""Stores of their own for tests: a folder, its environment, clients in other processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from crawler.mongo.server import is_supervised
from tests.waiting import wait_until

CLIENT = """
import sys
from crawler.mongo import connect
db = connect()
db.articles.insert_one({"link": sys.argv[1]})
print(db.client.address[0], db.articles.count_documents({}), flush=True)
for line in sys.stdin:
    db.articles.insert_one({"link": line.strip()})
    print(db.articles.count_documents({}), flush=True)
"""


class Client:
    """A process that joins a store, writes an article, and stays until it is told to leave."""

    def __init__(self, environment: dict[str, str], link: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, link],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self) -> list[str]:
        """The words of its next line: socket and count, later the count."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def write(self, link: str) -> int:
        """Let it write one more article: how many there are."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{link}\n")
        self.process.stdin.flush()
        return int(self.read()[0])

    def leave(self) -> None:
        self.process.communicate("")
        assert self.process.returncode == 0


def environment_of(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process that uses the store in `home`."""
    rest = {key: value for key, value in os.environ.items() if key != "MONGODB_URI"}
    return rest | {"NEWSMILL_HOME": str(home), "NEWSMILL_IDLE_TIMEOUT": "0.2"} | more


def address_of(home: Path) -> dict[str, Any]:
    """What the supervisor published; empty where none did."""
    path = home / "mongo/address"
    return json.loads(path.read_text()) if path.exists() else {}


def await_end(home: Path) -> None:
    """Wait until neither supervisor nor server of the store is there."""
    wait_until(lambda: not is_supervised(home / "mongo"))


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
