"""What the tests share: a real MongoDB, the folder of real data, the project's own sample articles.

Under pytest-xdist the workers share one server and every folder that is expensive to make.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.chromium import browser
from tests.databases import empty, structure
from tests.fork_server import SERVERS
from tests.ordering import long_first
from tests.real_model import real_model

__all__ = ["browser", "real_model"]
ROOT = Path(__file__).resolve().parent.parent

# Started in the background of a script, the tests would ignore Ctrl-C, and with them all that they start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says how busy the machine is; pytest's own limit ends what hangs.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# Each worker, and what it starts, computes with its share of the cores: set before anything imports torch or numpy.
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))

#: (name, make): a copy, for this worker alone, of the folder that `make(folder)` fills once a run.
MadeOnce = Callable[[str, Callable[[Path], object]], Path]


class FailuresAtOnce:
    """Prints the whole text of a failure when it is met; pytest alone prints it when all tests have ended."""

    def __init__(self, terminal: Any) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.terminal.ensure_newline()
            self.terminal.write_sep("_", f"{report.when} of {report.nodeid} failed", red=True)
            self.terminal.write_line(report.longreprtext)
            for title, text in report.sections:
                self.terminal.write_sep("-", title)
                self.terminal.write_line(text)
            self.terminal.flush()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def is_long(item: pytest.Item) -> bool:
        return item.get_closest_marker("long") is not None

    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = long_first(items, lambda item: item.path, is_long, workers)


@pytest.fixture(autouse=True)
def whole_rows_again() -> Iterator[None]:
    """What a data module of documents sets for its process ends with its test."""
    yield
    if module := sys.modules.get("train.data.litgpt_documents"):
        module.attend_within_documents(None)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of this run share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if hasattr(request.config, "workerinput") else folder


@pytest.fixture(scope="session", autouse=True)
def shared_fork_servers(run_folder: Path) -> None:
    """One server of each kind for all workers; the tests use tests.fork_server."""
    SERVERS.folder = run_folder / "fork"


@pytest.fixture(scope="session")
def made_once(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Makes an expensive folder once for all workers and copies it for each, so that none disturbs another's."""

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder = run_folder / "once" / name
        folder.parent.mkdir(exist_ok=True)
        with folder.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                fresh = folder.with_suffix(".unfinished")
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir()
                make(fresh)
                fresh.rename(folder)
        copy = tmp_path_factory.mktemp(name)
        return Path(shutil.copytree(folder, copy, dirs_exist_ok=True))

    return once


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real pages and data beside the project."""
    folder = Path(os.environ.get("NEWSMILL_SHARED", ROOT / "../shared")).resolve()
    if not (folder / "newspapers").is_dir():
        pytest.skip(f"real data is not here: no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def server_uri(run_folder: Path) -> str:
    """A MongoDB for the whole run: the one at MONGODB_URI, else an embedded one that all workers lease."""
    if given := os.environ.get("MONGODB_URI"):
        return given
    from crawler.mongo.server import lease

    return lease(run_folder / "store")


@pytest.fixture(scope="session")
def own_database(server_uri: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(URI, structure) of a database that this worker's tests use one after another."""
    from crawler.mongo import connect, with_database

    uri = with_database(server_uri, f"test_{uuid.uuid4().hex[:12]}")
    database = connect(uri)
    yield uri, structure(database)
    database.client.drop_database(database.name)
    database.client.close()


@pytest.fixture(scope="session")
def open_databases() -> Iterator[list[Any]]:
    """The connection of this worker's tests, while it is good: opening one costs as much as a test's own work."""
    databases: list[Any] = []
    yield databases
    for database in databases:
        database.client.close()


@pytest.fixture
def database(own_database: tuple[str, dict[str, Any]], open_databases: list[Any]) -> Iterator[Any]:
    """An empty database with its indexes, emptied after the test."""
    from pymongo.errors import InvalidOperation

    from crawler.mongo import connect

    uri, fresh = own_database
    if not open_databases:
        open_databases.append(connect(uri))
    database = open_databases[0]
    yield database
    try:
        is_good = empty(database, fresh)
    except InvalidOperation:
        # The test has closed it.
        is_good = False
        with connect(uri).client as client:
            empty(client[database.name], fresh)
    if not is_good:
        open_databases.clear()
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
