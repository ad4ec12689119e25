"""Commands in a process of their own that does not import the same libraries again.

A crawl of the tests computes for 1.7 seconds, and 1.3 of them are imports; torch takes 2.6 seconds. Here a server
that has made them, one for all workers of a run, forks: the command has its own process, folder, environment, limits
and output, but no fresh interpreter. It can be killed and interrupted like one that is started; tests that are about a
command's start, start it themselves.
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
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.fork_imports import AT_IMPORT, MODULES, ONE_THREAD, import_set

ROOT = Path(__file__).resolve().parent.parent
SCRAPY = Path(sys.executable).parent / "scrapy"
LENGTH = struct.Struct("!Q")
STATUS = struct.Struct("!i")
#: Files that a command can be handed.
FILES = 8


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
        # Whether its output waits in a buffer is the command's to say.
        own = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", name, str(listener.fileno())], cwd=ROOT,
            env=own | ONE_THREAD | {"PYTHONPATH": path}, pass_fds=[listener.fileno()], start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log,
        )  # fmt: skip


class Forked:
    """A command that a server has forked: of `subprocess.Popen`, what the tests use."""

    def __init__(self, line: list[str], connection: socket.socket, out: IO[Any], err: IO[Any]) -> None:
        self.args, self.connection, self.out, self.err = line, connection, out, err
        (self.pid,) = STATUS.unpack(connection.recv(STATUS.size, socket.MSG_WAITALL))
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """How it ended, as Popen tells it.

        Raises:
            subprocess.TimeoutExpired: not in time; it goes on.
        """
        if self.returncode is None:
            self.connection.settimeout(timeout)
            try:
                (self.returncode,) = STATUS.unpack(self.connection.recv(STATUS.size))
            except (TimeoutError, BlockingIOError) as error:
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from error
            self.connection.close()
        return int(self.returncode)

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it printed on stdout and stderr, once it has ended."""
        self.wait(timeout)
        return _text(self.out), _text(self.err)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start_forked(
    name: str, line: list[str], folder: Path | None = None, environment: Mapping[str, str] | None = None,
    size: int = 0, stdin: str = "", out: IO[Any] | None = None, held: Sequence[int] = (),
) -> Forked:  # fmt: skip
    """A command forked by the server with the imports `name`; with `size`, it can write no larger file.

    The line is a Python script, `python -m MODULE` or `python -c PROGRAM`, and its words. It prints into `out`, where
    that is given, and keeps the descriptors `held` open.
    """
    request = {
        "line": line, "folder": str(folder or Path.cwd()), "size": size,
        "environment": dict(os.environ if environment is None else environment),
    }  # fmt: skip
    _check_imports(name, request["environment"])
    data = json.dumps(request).encode()
    connection = SERVERS.connect(name)
    connection.recv(1)
    files = [out or tempfile.TemporaryFile() for _ in ("stdout", "stderr")]  # noqa: SIM115
    with tempfile.TemporaryFile() as typed:
        typed.write(stdin.encode())
        typed.seek(0)
        numbers = [typed.fileno(), *(file.fileno() for file in files), *held]
        socket.send_fds(connection, [LENGTH.pack(len(data))], numbers)
        connection.sendall(data)
        return Forked(line, connection, *files)


def _check_imports(name: str, environment: Mapping[str, str]) -> None:
    """That what the server's libraries have read of its environment is the command's, too."""
    for prefix in AT_IMPORT.get(name, ()):
        theirs, ours = (
            {key: value for key, value in each.items() if key.startswith(prefix)} for each in (environment, os.environ)
        )
        assert theirs == ours, f"{name} has been imported with another {prefix}"


def run_forked(
    name: str, line: list[str], folder: Path | None = None, environment: Mapping[str, str] | None = None,
    size: int = 0, stdin: str = "", timeout: float = 120,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """What a command of `start_forked` ended with and printed."""
    process = start_forked(name, line, folder, environment, size, stdin)
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise subprocess.TimeoutExpired(line, timeout, _text(process.out), _text(process.err)) from error
    return subprocess.CompletedProcess(line, status, *process.communicate())


def run_scrapy(
    words: list[str], folder: Path, environment: Mapping[str, str], size: int = 0, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """What `scrapy WORDS` ended with and printed."""
    return run_forked("scrapy", [str(SCRAPY), *words], folder, environment, size, stdin)


def start_scrapy(words: list[str], folder: Path, environment: Mapping[str, str], out: IO[Any] | None = None) -> Forked:
    """`scrapy WORDS`, to be killed or interrupted."""
    return start_forked("scrapy", [str(SCRAPY), *words], folder, environment, out=out)


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
    start, files, *_ = socket.recv_fds(connection, LENGTH.size, FILES)
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
    _keep(connection, files)
    for number, file in enumerate(files[:3]):
        os.dup2(file, number)
        os.close(file)
    return dict(json.loads(data))


def _keep(connection: socket.socket, files: list[int]) -> None:
    """Fork the command, and tell its number and how it ended; returns in the command."""
    pid = os.fork()
    if not pid:
        connection.close()
        return
    try:
        # A pipe or a lock ends with the command.
        for number in files:
            os.close(number)
        connection.send(STATUS.pack(pid))
        _, status = os.waitpid(pid, 0)
        connection.send(STATUS.pack(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(0)


def command(request: dict[str, Any]) -> None:
    """What an interpreter does that starts with these words."""
    line, environment = request["line"], request["environment"]
    os.chdir(request["folder"])
    # As for one that a user starts: a signal to its group is for it alone.
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    if request["size"]:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["size"], request["size"]))
    if random := getattr(sys.modules.get("numpy"), "random", None):
        random.seed()
    is_unbuffered = bool(environment.get("PYTHONUNBUFFERED"))
    sys.stdout.reconfigure(line_buffering=os.isatty(1), write_through=is_unbuffered)
    sys.stderr.reconfigure(write_through=is_unbuffered)
    _customise(environment)
    if line[1:2] == ["-m"]:
        sys.argv = line[2:]
        runpy.run_module(line[2], run_name="__main__", alter_sys=True)
    elif line[1:2] == ["-c"]:
        sys.argv = line[1:2] + line[3:]
        sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(line[2], "<string>", "exec"), vars(sys.modules["__main__"]))
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
