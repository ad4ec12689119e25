"""The parent of an embedded mongod: starts it, starts it again when it dies, stops it when its users have left.

Its ownership is two exclusive file locks, which the kernel releases whatever a process dies of:

- `supervisor.lock` is held by the supervisor as long as it lives: a second one ends at once;
- `server.lock` is held by the supervisor and, by inheritance, by its mongod: a new supervisor waits until the mongod of
  a killed one has ended, and sees to it that it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo.failures import record_end, reserve_end, start_failure
from crawler.mongo.place import hidden, socket_path, uri_of

if TYPE_CHECKING:
    from pymongo import MongoClient

#: Seconds the server stays after its last user, so that a chain of commands does not boot it each time.
IDLE_TIMEOUT = 5.0
#: Seconds a mongod may take to be ready: recovery after a crash replays the journal.
START_TIMEOUT = 90.0
#: The exit status that says that another supervisor holds the lock.
NOT_THE_FIRST = 3
#: How often in a row a mongod that somebody kills while it starts is started again.
_STARTS = 5
_POLL = 0.25
_FILES = 64_000
# Sizes from measurements: 0.25 GB of cache serves archives of a million articles, idle memory stays at 125 MB.
_OPTIONS = (
    # The one socket, and neither a TCP port nor mongod's own socket in /tmp.
    "--nounixsocket --replSet rs0 --wiredTigerCacheSizeGB 0.25 --networkMessageCompressors disabled"
    " --oplogSize 128 --setParameter diagnosticDataCollectionEnabled=false --quiet"
    # Every collection and index is a file. Kept open for ten minutes after its last use, as is usual, hundreds of small
    # databases need more files than a process may have, and the server aborts.
    " --setParameter wiredTigerFileHandleCloseIdleTime=60"
).split()


class Supervisor:
    """The parent of one mongod. See the module's docstring."""

    def __init__(self, folder: Path, binary: Path, idle_timeout: float = IDLE_TIMEOUT) -> None:
        self.folder = folder
        self.binary = binary
        self.idle_timeout = idle_timeout
        self.socket = socket_path(folder)
        self.server: subprocess.Popen[bytes] | None = None
        self.output: deque[bytes] = deque(maxlen=50)
        self.stopping = False

    def run(self) -> int:
        """Keep the server until its users have left; 0 then, NOT_THE_FIRST where another keeps it.

        Raises:
            NewsmillError: it cannot be started; says why.
        """
        signal.signal(signal.SIGTERM, self._request_stop)
        signal.signal(signal.SIGINT, self._request_stop)
        with (self.folder / "supervisor.lock").open("ab") as mine, (self.folder / "server.lock").open("ab") as servers:
            if not lock_alone(mine, seconds=2.0):  # Who looks whether there is one holds it for a moment.
                return NOT_THE_FIRST
            self.socket.unlink(missing_ok=True)
            self.await_orphan(servers)
            try:
                self.start(servers)
                self._supervise(servers)
            finally:
                self.withdraw()
                self.stop()
        return 0

    def _request_stop(self, *_: object) -> None:
        self.stopping = True

    def await_orphan(self, servers: IO[bytes]) -> None:
        """Hold `server.lock`; the mongod of a supervisor that was killed is asked to end, then killed."""
        for second in range(int(START_TIMEOUT)):
            if lock_alone(servers, seconds=1.0):
                return
            with contextlib.suppress(OSError, ValueError):
                # Its number is right: the lock says that it lives.
                number = int((self.folder / "db/mongod.lock").read_text())
                os.kill(number, signal.SIGTERM if second < START_TIMEOUT / 2 else signal.SIGKILL)
        raise NewsmillError("the server of an earlier run does not end: stop its mongod")

    def start(self, servers: IO[bytes]) -> None:
        """Start mongod, make it the primary of its own replica set, and publish its address."""
        reserve_end(self.folder)
        for attempt in range(1, _STARTS + 1):
            self._spawn(servers)
            code = self._become_primary()
            if code is None:
                self._publish()
                return
            killed = code in (-signal.SIGKILL, -signal.SIGTERM)
            if not killed or attempt == _STARTS or self.stopping:
                raise NewsmillError(start_failure(self.folder, code, b"".join(self.output).decode(errors="replace")))

    def _spawn(self, servers: IO[bytes]) -> None:
        # Its users wait until it is the primary: before that it would refuse what they write.
        self.socket.unlink(missing_ok=True)
        data = self.folder / "db"
        data.mkdir(exist_ok=True, mode=0o700)
        self.output.clear()
        self.server = subprocess.Popen(
            [str(self.binary), "--dbpath", str(data), "--bind_ip", str(hidden(self.socket)),
             "--logpath", str(_fresh_log(self.folder)), *_OPTIONS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_as_server,
            pass_fds=[servers.fileno()],
        )  # fmt: skip
        # What it says before it has a log, or in place of one. Read all along, so that the pipe never fills.
        threading.Thread(target=self.output.extend, args=(self.server.stdout,), daemon=True).start()

    def _publish(self) -> None:
        assert self.server is not None
        self.socket.symlink_to(hidden(self.socket).name)
        temporary = self.folder / "address.new"
        row = {"uri": uri_of(self.socket), "pid": self.server.pid, "supervisor": os.getpid()}
        temporary.write_text(json.dumps(row))
        temporary.replace(self.folder / "address")

    def withdraw(self) -> None:
        """Remove the address if it is this supervisor's."""
        path = self.folder / "address"
        with contextlib.suppress(OSError, ValueError, KeyError):
            if json.loads(path.read_text())["supervisor"] == os.getpid():
                path.unlink()
                self.socket.unlink()

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

    def _supervise(self, servers: IO[bytes]) -> None:
        idle_since: float | None = None
        with (self.folder / "users").open("ab") as users:
            while not self.stopping:
                if self._died_within(_POLL):
                    self.start(servers)
                if not lock_alone(users):
                    idle_since = None
                    continue
                idle_since = idle_since or time.monotonic()
                if time.monotonic() - idle_since >= self.idle_timeout:
                    # Nobody can join while this lock is held; it is held until the server has stopped.
                    self.withdraw()
                    self.stop()
                    return
                fcntl.flock(users, fcntl.LOCK_UN)

    def _died_within(self, seconds: float) -> bool:
        assert self.server is not None
        try:
            code = self.server.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        record_end(self.folder, code, b"".join(self.output).decode(errors="replace"))
        _note(f"mongod ended with {code}; starting it again")
        return not self.stopping

    def _become_primary(self) -> int | None:
        """Wait until it is the primary: None; or its exit status, where it ended."""
        from pymongo.errors import PyMongoError

        assert self.server is not None
        listening = hidden(self.socket)
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if (code := self.server.poll()) is not None:
                return code
            if listens(listening):
                with contextlib.suppress(PyMongoError), client_of(uri_of(listening), 1.0) as client:
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return None
                    self._configure(client)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server.wait(0.03)
        raise NewsmillError(f"mongod was not ready after {START_TIMEOUT:.0f} s")

    def _configure(self, client: MongoClient[dict[str, Any]]) -> None:
        """A set of one; its member's address follows the socket (a port of the loopback until 2026-11)."""
        from pymongo.errors import OperationFailure

        member = {"_id": 0, "host": str(hidden(self.socket))}
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


def client_of(uri: str, timeout: float) -> MongoClient[dict[str, Any]]:
    """A client that gives up after so many seconds."""
    from pymongo import MongoClient

    milliseconds = int(timeout * 1000)
    return MongoClient(uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds)


def lock_alone(handle: IO[bytes], seconds: float = 0.0) -> bool:
    """Whether nobody else holds the lock, or lets go of it within so many seconds; this process holds it then."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() >= deadline:
            return False
        threading.Event().wait(0.02)


def _fresh_log(folder: Path) -> Path:
    """The name of the log, with that of the last start kept as mongod.log.1; mongod itself keeps all of them."""
    log = folder / "mongod.log"
    with contextlib.suppress(FileNotFoundError):
        log.replace(folder / "mongod.log.1")
    return log


def listens(path: Path) -> bool:
    """Whether somebody takes connections at a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(str(path)) == 0


def _as_server() -> None:
    """In mongod's process: a group of its own, as many files as may be had; on Linux it ends with its parent."""
    if sys.platform == "linux":
        import ctypes

        # PR_SET_PDEATHSIG. At once: one that ends in its own time refuses writes meanwhile. The journal has them all.
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    os.setsid()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wish = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wish, hard))


def _note(line: str) -> None:
    """Into supervisor.log; a full disk is no reason to end."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Supervise a server: `python -m crawler.mongo.supervisor FOLDER MONGOD`; prints why it could not."""
    folder, binary = Path(arguments[0]), Path(arguments[1])
    # NEWSMILL_LINGER: its name until 2026-11.
    seconds = os.environ.get("NEWSMILL_IDLE_TIMEOUT") or os.environ.get("NEWSMILL_LINGER") or IDLE_TIMEOUT
    try:
        return Supervisor(folder, binary, float(seconds)).run()
    except NewsmillError as error:
        reason = str(error)
    except (OSError, ValueError) as error:
        reason = start_failure(folder, None, str(error))
    _note(reason)
    # Who started it reads this, unless it has gone since.
    with contextlib.suppress(OSError):
        print(reason, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
