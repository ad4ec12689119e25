"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import glob
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crawler.items import NewsmillError

_PARTIAL = ".partial-"
#: Of renameat2(2): paths are relative to the current folder; both exist and change places.
_AT_CWD, _EXCHANGE = -100, 2


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


@contextmanager
def replaced(folder: Path, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `folder` in one step when the body ends: at any moment a reader
    finds all of the old files or all of the new ones.

    What else is in `folder`, `is_ours(relative path)` being false, goes along. A folder that cannot be renamed (the
    current one, one that something is mounted on) gets its files one by one, as `staged` gives them.

    Raises:
        NewsmillError: as `staged`.
    """
    place = folder.resolve()
    if not _can_be_renamed(place):
        with staged(folder) as partial:
            yield partial
        return
    fresh = place.with_name(f".{place.name}{_PARTIAL}{os.getpid()}")
    try:
        fresh.parent.mkdir(parents=True, exist_ok=True)
        recover(place)
        fresh.mkdir()
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        yield fresh
        _carry(place, fresh, is_ours)
        _swap(fresh, place)
        # After the swap the old one has the new one's name; what was written into it meanwhile goes along, too.
        _carry(fresh, place, is_ours)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _can_be_renamed(place: Path) -> bool:
    nearest = place.parent
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    here = Path.cwd()
    if here == place or place in here.parents or os.path.ismount(place):
        return False
    return not place.is_dir() or os.access(nearest, os.W_OK | os.X_OK)


def _carry(source: Path, target: Path, is_ours: Callable[[Path], bool]) -> None:
    """Link into `target` what `source` holds of others, under names that are free there."""
    for path in sorted(source.rglob("*")) if source.is_dir() else ():
        name = path.relative_to(source)
        beside = target / name
        if is_ours(name) or name.parts[0].startswith(_PARTIAL) or os.path.lexists(beside):
            continue
        if path.is_dir() and not path.is_symlink():
            beside.mkdir(parents=True)
            continue
        beside.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, beside, follow_symlinks=False)
        except OSError:
            shutil.copy2(path, beside, follow_symlinks=False)


def _swap(fresh: Path, place: Path) -> None:
    """Give `fresh` the name of `place`, and the folder that had it the name of `fresh`, in one step where the system
    can; else in two, and `recover` mends what a kill between them leaves.
    """
    if not place.exists():
        fresh.rename(place)
    elif not _exchange(fresh, place):
        old = place.with_name(f".{place.name}.old-{os.getpid()}")
        place.rename(old)
        fresh.rename(place)
        old.rename(fresh)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names at once; False where the system or the disk cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    return rename is not None and not rename(_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _EXCHANGE)


def recover(place: Path) -> None:
    """Clear away what killed runs left beside the folder; the earlier one that a run had put aside comes back."""
    for path in place.parent.glob(f".{glob.escape(place.name)}.*-*"):
        kind, _, number = path.name.removeprefix(f".{place.name}.").rpartition("-")
        if kind not in ("partial", "old") or not number.isdigit() or _alive(int(number)):
            continue
        if kind == "old" and not place.exists():
            path.rename(place)
        else:
            shutil.rmtree(path, ignore_errors=True)


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
