"""Commands of `synth` as processes of their own, which go on when the server that started them ends.

Each writes into one file of its own and holds a lock on it, which the kernel releases whatever the process dies of. So
any server, also one that was started later, knows which of them are alive, and never takes another process of the same
number for one of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import StrPath

#: Bytes of a file's end that are read for its last lines, and letters of a line that are shown.
_TAIL, _WIDTH = 2**16, 300
#: What moves a cursor or colours letters in a terminal, and characters that cannot be seen.
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b.|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
#: Started by this process: they leave no zombie behind.
_children: list[subprocess.Popen[bytes]] = []


@contextmanager
def locked_file(path: Path) -> Iterator[int]:
    """A new file that nobody else may read, locked by this process and by those that inherit the descriptor.

    Raises:
        FileExistsError: there is such a file.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a process that wrote into the file is alive."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def launch(words: Sequence[str], lock: int, output: StrPath, uri: str | None) -> int:
    """Start `synth` with these words; its process number.

    lock: the descriptor of `locked_file`, which the process takes over. output: what it prints goes to the end of this
    file. uri: of the store, in the environment: who lists processes does not see its password.
    """
    environment = os.environ | {"PYTHONUNBUFFERED": "1"} | ({"MONGODB_URI": uri} if uri else {})
    with Path(output).open("ab") as out:
        # A session of its own: Ctrl-C at the server's terminal is not meant for it.
        child = subprocess.Popen(
            [sys.executable, "-m", "synth", *words], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            pass_fds=(lock,), env=environment, start_new_session=True,
        )  # fmt: skip
    _children.append(child)
    return child.pid


def interrupt(pid: int) -> None:
    """What Ctrl-C in a terminal does: SIGINT to the process and to those that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGINT)


def is_synth(pid: int) -> bool:
    """Whether a process of this number is one of `synth`, and not another that got the number later."""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.returncode == 0 and "synth" in shown.stdout


def reap() -> None:
    """Take note of children that have ended."""
    _children[:] = [child for child in _children if child.poll() is None]


def last_lines(path: Path, most: int = 40) -> list[str]:
    """The last lines of a file, without what only a terminal understands; [] where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    # Of a bar that was drawn over and over in one line the last state is what a reader would see.
    lines = [_CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2]).rstrip()[:_WIDTH] for line in text.split("\n")]
    return [line for line in lines if line][-most:]
