"""Files and folders that get their name only when they are whole."""

from __future__ import annotations

import os
import shutil
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


def take_place(made: Path, folder: Path) -> None:
    """Rename the finished folder; what was there before goes last.

    Raises:
        TrainError: one of them cannot be renamed.
    """
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    try:
        if folder.exists():
            folder.rename(old)
        made.rename(folder)
    except OSError as error:
        raise TrainError(f"cannot write {folder}: {error.strerror or error}") from error
    shutil.rmtree(old, ignore_errors=True)
