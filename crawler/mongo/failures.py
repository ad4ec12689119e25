"""What went wrong with a MongoDB server, in one line: why one does not start, does not answer, or refuses."""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from crawler.mongo.place import home, readable_host

if TYPE_CHECKING:
    from pymongo.errors import PyMongoError

# mongod's journal grows in files of 100 MB: below that it stops.
_FULL = 100_000_000
#: Where the supervisor writes why its mongod ended, and the bytes that are kept for it: on a full disk there are none.
_END_FILE, _END_SIZE = "mongod.end", 1024
#: When this process can have begun to use a server.
_LOADED_AT = time.time()
_LAST_BYTES = 200_000

_DISK_FULL = "the disk of {folder} is full ({free} MB left): free some"
#: (what mongod writes, the reason); the first that matches is given.
_REASONS = [
    (r"No space left on device|ENOSPC|disk quota exceeded", _DISK_FULL),
    (r"Too many open files|unw_get_proc_name|EMFILE|ENFILE",
     "no file descriptors are left (at most {files} for a process): raise the limit with ulimit -n 20000"),
    (r"DBPathInUse|Unable to lock the lock file", "another MongoDB server uses {folder}/db: stop it"),
    (r"UPGRADE PROBLEM|featureCompatibilityVersion|unsupported WiredTiger file version|Must(Up|Down)grade",
     "{folder}/db was written by another version of MongoDB than this mongod: put the right one on PATH"),
    (r"EACCES|Permission denied|Operation not permitted|Read-only file system",
     "this account may not write in {folder} (permission denied): look at the owner of the files there"),
    (r"WT_TRY_SALVAGE|WT_PANIC|WT_ERROR|corrupt|checksum error|illegal file format|not a WiredTiger",
     "the data files in {folder}/db are damaged: restore a copy of that folder, or move it away to begin a new store"),
    (r"Address already in use|SocketException|Failed to unlink socket file",
     "its socket or port is taken by another program"),
]  # fmt: skip
_SIGNALS = {
    signal.SIGILL: "this processor lacks instructions that mongod needs (AVX, from MongoDB 5.0 on): "
    "put an older mongod on PATH, or set MONGODB_URI to a server elsewhere",
    signal.SIGKILL: "it was killed (signal 9), perhaps because memory ran out",
}


def start_failure(folder: Path, code: int | None, output: str) -> str:
    """Why a mongod did not start, in one line.

    Args:
        folder: the store's.
        code: its exit status; negative: the signal that ended it; None: it never ran.
        output: what it printed before it could write its log.
    """
    if code is not None and (reason := _SIGNALS.get(-code)):  # type: ignore[call-overload]
        return str(reason)
    text = output + _last_part(folder / "mongod.log")
    return _named_reason(folder, text) or _last_error(text) or _last_words(output) or _by_status(code)


def _named_reason(folder: Path, text: str, full: int = _FULL // 20) -> str | None:
    """The reason that a text names; a disk with fewer than `full` bytes left is one without words."""
    serious = "\n".join(line for line in text.splitlines() if _is_serious(line))
    values = {
        "folder": folder,
        "free": _free(folder) // 1_000_000,
        "files": _most_files(),
    }
    if _free(folder) < full:
        return _DISK_FULL.format(**values)
    for pattern, reason in _REASONS:
        if re.search(pattern, serious, re.IGNORECASE):
            return reason.format(**values)
    return None


def _most_files() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def _full(folder: Path) -> str:
    return _DISK_FULL.format(folder=folder, free=_free(folder) // 1_000_000)


def _is_serious(line: str, severities: str = "EFW") -> bool:
    """Whether it is an error's line: mongod's own log is JSON with a severity, anything else is a last cry."""
    try:
        return json.loads(line).get("s") in tuple(severities)
    except (ValueError, AttributeError):
        return True


def _last_part(log: Path) -> str:
    """The end of the log, which is the last start's alone."""
    with contextlib.suppress(OSError), log.open("rb") as handle:
        handle.seek(max(0, log.stat().st_size - _LAST_BYTES))
        return handle.read().decode(errors="replace")
    return ""


def _last_error(text: str) -> str | None:
    for line in reversed(text.splitlines()):
        with contextlib.suppress(ValueError, AttributeError):
            row = json.loads(line)
            if row.get("s") in ("E", "F"):
                return " ".join(f"{row.get('msg')} {row.get('attr', {}).get('error', '')}".split())[:300]
    return None


def _last_words(output: str) -> str | None:
    lines = [line for line in output.splitlines() if line.strip()]
    return " ".join(lines[-1].split())[:300] if lines else None


def _by_status(code: int | None) -> str:
    return f"mongod ended with status {code}; see its log"


def _free(folder: Path) -> int:
    """Bytes left on the disk of a folder, or of the nearest that exists."""
    return shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free


# ---- a server that ended


def reserve_end(folder: Path) -> None:
    """Keep room for `record_end`, as long as there is some."""
    with contextlib.suppress(OSError):
        if not (folder / _END_FILE).exists():
            (folder / _END_FILE).write_bytes(b" " * _END_SIZE)


def record_end(folder: Path, code: int, output: str) -> None:
    """Write down why a mongod ended that had run: who started it again sees the disk with room that it gave back.

    Args:
        folder, code, output: as of `start_failure`.
    """
    lost = "\n".join(line for line in _last_part(folder / "mongod.log").splitlines() if _is_serious(line, "EF"))
    reason = _named_reason(folder, output + lost, _FULL) or _SIGNALS.get(-code) or ""  # type: ignore[call-overload]
    row = json.dumps({"at": time.time(), "reason": reason}).encode()[:_END_SIZE]
    with contextlib.suppress(OSError), (folder / _END_FILE).open("r+b") as handle:
        handle.write(row.ljust(_END_SIZE))


def _recorded_end(folder: Path) -> str:
    """Why the mongod of a store ended since this process began; "" where it did not, or nobody knows."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        row = json.loads((folder / _END_FILE).read_bytes())
        if row["at"] >= _LOADED_AT:
            return str(row["reason"])
    return ""


# ---- a server that runs


def loss_message(error: Exception) -> str:
    """One line for a server that fails while a command works: it refuses, its disk is full, or it is gone."""
    if may_only_read(error):
        return f"store: this user of MongoDB may not do that ({short(error)}): name one who may in MONGODB_URI"
    folder = home()
    if os.environ.get("MONGODB_URI"):
        reason = ""
    elif not (reason := _recorded_end(folder / "mongo")) and _free(folder) < _FULL:
        # It has not ended yet, or nobody saw it.
        where = next(path for path in (folder, *folder.parents) if path.exists())
        reason = _full(where)
    if reason:
        return f"store: {reason}; what MongoDB acknowledged is stored: run the command again"
    return f"store: MongoDB stopped answering ({short(error)}): what it acknowledged is stored; run the command again"


def may_only_read(error: Exception) -> bool:
    """Whether the server refused a write to this user, or to this member of a set, and would be read."""
    # Unauthorized, AtlasError, NotWritablePrimary, NotPrimaryNoSecondaryOk.
    return getattr(error, "code", None) in (13, 8000, 10107, 13435)


def refusal(error: PyMongoError, uri: str) -> str:
    """One line for a server that was asked at `uri` and refused, or did not answer; no password in it."""
    host = readable_host(uri)
    code = getattr(error, "code", None)
    text = short(error)
    if code == 18 or "authentication failed" in text.lower():
        return (
            f"store: authentication failed for user {_user(uri)!r} at {host}: look at the user, the password, "
            f"and authSource in the URI"
        )
    if code in (13, 8000):
        return f"store: user {_user(uri)!r} is not authorized at {host}: {text}"
    if code is not None:
        return f"store: MongoDB at {host} refused: {text}"
    return f"store: no answer from MongoDB at {host}: {text}"


def _user(uri: str) -> str:
    before, mark, _ = uri.partition("://")[2].rpartition("@")
    return unquote(before.partition(":")[0]) if mark else ""


def short(error: Exception) -> str:
    """What the server or the driver says, in one line, without the state of everything that follows it."""
    details: Any = getattr(error, "details", None)
    message = details.get("errmsg") if isinstance(details, dict) else None
    text = str(message or error).split(", Timeout:")[0].split(", full error:")[0].split(" (configured timeouts")[0]
    text = re.sub(r"execute command \{ *(\w+).*", r"execute \1", text, flags=re.DOTALL)
    return " ".join(text.split())[:200] or type(error).__name__
