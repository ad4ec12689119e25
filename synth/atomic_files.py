"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.items import NewsmillError

_PARTIAL = ".partial-"


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write into; when the body ends, its files take their places in `folder`, each at once.

    Files of `folder` with other names stay. Whatever goes wrong in the body, `folder` is left as it was.

    Raises:
        NewsmillError: a file cannot be written; names the reason (a full disk, a missing right).
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _sweep(folder)
        partial = folder / f"{_PARTIAL}{os.getpid()}"
        partial.mkdir()
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield partial
        _take_places(partial, folder)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path`, or leave what was there.

    Raises:
        NewsmillError: it cannot be written.
    """
    if path.is_dir():
        raise NewsmillError(f"cannot write {path}: it is a folder: name a file")
    with staged(path.parent) as partial:
        _write_through(partial / path.name, text.encode())


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _take_places(partial: Path, folder: Path) -> None:
    """Rename every file; all are written by now, so that a full disk can stop none of it."""
    files = sorted(path for path in partial.rglob("*") if path.is_file())
    # A manifest vouches for the others: it comes last.
    for path in sorted(files, key=lambda path: path.name == "manifest.json"):
        target = folder / path.relative_to(partial)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)


def _sweep(folder: Path) -> None:
    """Remove what a killed process left."""
    for path in folder.glob(f"{_PARTIAL}*"):
        with contextlib.suppress(ValueError):
            if not _alive(int(path.name.removeprefix(_PARTIAL))):
                shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def unwritable(path: Path, error: OSError) -> NewsmillError:
    """The one line for a file that could not be written."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    advice = "make room, then run it again" if full else "give another --out"
    return NewsmillError(f"cannot write {path}: {error.strerror or error}: {advice}; what was there is unchanged")
