"""Files and folders that get their name only when they are whole."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from train.errors import TrainError


def write_whole(path: Path, text: str) -> None:
    """The whole text or nothing: written beside its place, synced, renamed.

    Raises:
        TrainError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise TrainError(f"cannot write {path}: {error.strerror or error}") from error


def take_place(finished: Path, folder: Path) -> None:
    """Rename the finished folder; what was there before goes last.

    Raises:
        TrainError: one of them cannot be renamed.
    """
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        if folder.exists():
            folder.rename(old)
        finished.rename(folder)
    except OSError as error:
        raise TrainError(f"cannot write {folder}: {error.strerror or error}") from error
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def folder_beside(folder: Path) -> Iterator[Path]:
    """A new, empty folder beside `folder`, to fill and then `take_place` with; gone at the end unless it did.

    What runs that were killed left beside it is cleared away first.

    Raises:
        TrainError: it cannot be made.
    """
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.new")
    try:
        remove_leftovers(folder)
        temporary.mkdir(parents=True)
    except OSError as error:
        raise TrainError(f"cannot write {folder}: {error.strerror or error}") from error
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Clear away what killed runs left beside `folder`; the earlier folder that one had put aside comes back."""
    for path in folder.parent.glob(f".{glob.escape(folder.name)}.*.*"):
        number, _, end = path.name.removeprefix(f".{folder.name}.").partition(".")
        if not number.isdigit() or end not in ("new", "old") or _is_running(int(number)):
            continue
        if end == "old" and not folder.exists():
            path.rename(folder)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
