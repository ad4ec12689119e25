"""What the tests share: a real MongoDB, the folder of real data, the project's own sample articles."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Started in the background of a script, the tests would ignore Ctrl-C, and with them all that they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages and data beside the project."""
    folder = Path(os.environ.get("NEWSMILL_SHARED", ROOT / "../shared")).resolve()
    if not (folder / "newspapers").is_dir():
        pytest.skip(f"real data is not here: no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A MongoDB for the whole session: the one at MONGODB_URI, else an embedded one in a folder of its own."""
    if given := os.environ.get("MONGODB_URI"):
        return given
    from crawler.mongo.server import lease

    return lease(tmp_path_factory.mktemp("store") / "mongo")


@pytest.fixture
def database(server_uri: str) -> Iterator[Any]:
    """A fresh, empty database with its indexes, dropped after the test."""
    from crawler.mongo import connect, with_database

    name = f"test_{uuid.uuid4().hex[:12]}"
    database = connect(with_database(server_uri, name))
    yield database
    database.client.drop_database(name)
    database.client.close()


@pytest.fixture
def database_uri(database: Any, server_uri: str) -> str:
    """The URI of `database`, for the environment of a subprocess."""
    from crawler.mongo import with_database

    return with_database(server_uri, database.name)


@pytest.fixture(scope="session")
def sample_records(root: Path) -> list[dict[str, Any]]:
    """The project's own sample articles."""
    with (root / "demo/articles.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
