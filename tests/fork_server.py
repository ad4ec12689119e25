"""Commands in a process of their own that does not import the same libraries again.

A crawl of the tests computes for 1.7 seconds, and 1.3 of them are imports; torch takes 2.6 seconds. Here a server
that has made them, one for all workers of a run, forks: the command has its own process, folder, environment, limits
and output, but no fresh interpreter. Tests that kill or interrupt a command, or that are about its start, start it
themselves.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import importlib
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tests.fork_imports import MODULES, import_set

ROOT = Path(__file__).resolve().parent.parent
SCRAPY = Path(sys.executable).parent / "scrapy"
LENGTH = struct.Struct("!Q")
STATUS = struct.Struct("!i")
#: One thread each: a library's other threads would be missing in what is forked.
ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"], "1")


# ---- the tests' side


@functools.cache
def own_folder() -> Path:
    """Where a process alone keeps its servers' sockets."""
    folder = Path(tempfile.mkdtemp(prefix="fork-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class Servers:
    """The servers that this process uses: with a `folder`, those of all processes that share it."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.leases: dict[str, socket.socket] = {}

    def connect(self, name: str) -> socket.socket:
        """A connection to the server with this set of imports, which is started if nobody has."""
        folder = self.folder or own_folder()
        if name not in self.leases:
            folder.mkdir(exist_ok=True)
            with (folder / f"{name}.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # It ends with the last of these connections.
                self.leases[name] = _lease(folder, name)
        return _reach(folder, name)


SERVERS = Servers()


def _lease(folder: Path, name: str) -> socket.socket:
    try:
        lease = _reach(folder, name)
        if lease.recv(1):
            return lease
    except OSError:
        # None runs, or the last has just ended.
        pass
    _start(folder, name)
    lease = _reach(folder, name)
    try:
        assert lease.recv(1)
    except (AssertionError, ConnectionError) as error:
        raise AssertionError((folder / f"{name}.log").read_text()) from error
    return lease


def _reach(folder: Path, name: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_address(folder, name))
    return connection


def _address(folder: Path, name: str) -> str:
    """A path of any depth: one of more than 107 letters is refused."""
    return f"/proc/self/fd/{_number(folder)}/{name}.socket"


@functools.cache
def _number(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)


def _start(folder: Path, name: str) -> None:
    (folder / f"{name}.socket").unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, (folder / f"{name}.log").open("wb") as log:
        listener.bind(_address(folder, name))
        listener.listen(64)
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", name, str(listener.fileno())], cwd=ROOT,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": path}, pass_fds=[listener.fileno()], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
        )  # fmt: skip


def run_forked(
    name: str, line: list[str], folder: Path | None = None, environment: Mapping[str, str] | None = None,
    size: int = 0, stdin: str = "", timeout: float = 120,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """What a command ended with and printed, forked by the server with the imports `name`; with `size`, it can write no
    larger file.

    The line is a Python script and its words, or `python -m MODULE` and its words.
    """
    request = {
        "line": line, "folder": str(folder or Path.cwd()), "size": size,
        "environment": dict(os.environ if environment is None else environment),
    }  # fmt: skip
    with tempfile.TemporaryFile() as typed, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        typed.write(stdin.encode())
        typed.seek(0)
        with SERVERS.connect(name) as connection:
            data = json.dumps(request).encode()
            connection.recv(1)
            socket.send_fds(connection, [LENGTH.pack(len(data))], [file.fileno() for file in (typed, out, err)])
            connection.sendall(data)
            status = _status(connection, timeout)
        if status is None:
            raise subprocess.TimeoutExpired(line, timeout, _text(out), _text(err))
        return subprocess.CompletedProcess(line, status, _text(out), _text(err))


def run_scrapy(
    words: list[str], folder: Path, environment: Mapping[str, str], size: int = 0, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """What `scrapy WORDS` ended with and printed."""
    return run_forked("scrapy", [str(SCRAPY), *words], folder, environment, size, stdin)


def _status(connection: socket.socket, timeout: float) -> int | None:
    """How the command ended, as Popen tells it; None: not in time, and it is killed."""
    (pid,) = STATUS.unpack(connection.recv(STATUS.size, socket.MSG_WAITALL))
    connection.settimeout(timeout)
    try:
        (status,) = STATUS.unpack(connection.recv(STATUS.size))
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        return None
    return int(status)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


# ---- the server


def serve(listener: socket.socket) -> dict[str, Any]:
    """Fork for each request until nobody is connected; returns in the forked process alone, with its request."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                connection = key.fileobj
                assert isinstance(connection, socket.socket)
                if connection is listener:
                    connection, _ = listener.accept()
                    connection.send(b"!")
                    waiting.register(connection, selectors.EVENT_READ)
                    continue
                waiting.unregister(connection)
                if request := _accepted(connection, listener, waiting):
                    return request
                connection.close()
            if len(waiting.get_map()) == 1:
                os._exit(0)


def _accepted(
    connection: socket.socket, listener: socket.socket, waiting: selectors.BaseSelector
) -> dict[str, Any] | None:
    """The request, in the process that is forked for it; None in the server, which goes on."""
    start, files, *_ = socket.recv_fds(connection, LENGTH.size, 3)
    if not start:
        return None
    data = connection.recv(LENGTH.unpack(start)[0], socket.MSG_WAITALL)
    if os.fork():
        for number in files:
            os.close(number)
        return None
    for key in [*waiting.get_map().values()]:
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()
    listener.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _keep(connection)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    return dict(json.loads(data))


def _keep(connection: socket.socket) -> None:
    """Fork the command, and tell its number and how it ended; returns in the command."""
    pid = os.fork()
    if not pid:
        connection.close()
        return
    try:
        connection.send(STATUS.pack(pid))
        _, status = os.waitpid(pid, 0)
        connection.send(STATUS.pack(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(0)


def command(request: dict[str, Any]) -> None:
    """What an interpreter does that starts with these words."""
    line, environment = request["line"], request["environment"]
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(environment)
    if request["size"]:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["size"], request["size"]))
    if random := getattr(sys.modules.get("numpy"), "random", None):
        random.seed()
    _customise(environment)
    if line[1:2] == ["-m"]:
        sys.argv = line[2:]
        runpy.run_module(line[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = line
        runpy.run_path(line[0], run_name="__main__")


def _customise(environment: Mapping[str, str]) -> None:
    """Look for modules on PYTHONPATH first, and import its sitecustomize.py, as a fresh interpreter does."""
    folders = [folder for folder in environment.get("PYTHONPATH", "").split(os.pathsep) if folder]
    sys.path[:0] = folders
    if any((Path(folder) / "sitecustomize.py").is_file() for folder in folders):
        sys.modules.pop("sitecustomize", None)
        importlib.import_module("sitecustomize")


if __name__ == "__main__":
    assert sys.argv[1] in MODULES
    import_set(sys.argv[1])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    command(serve(socket.socket(fileno=int(sys.argv[2]))))
