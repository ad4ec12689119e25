"""Where a store lies: its folder, found from where one works, and the Unix socket at which its server answers."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from crawler.items import NewsmillError

#: Bytes that a socket's path may have: 104 on macOS and the BSDs, 108 on Linux, less the closing zero and the dot of
#: `hidden`.
SOCKET_PATH_BYTES = 102
_NAME = ".newsmill"
_SOCKET = "mongod.sock"


def home() -> Path:
    """The folder of all that Newsmill keeps: $NEWSMILL_HOME, else the nearest .newsmill upwards, else one here.

    One that holds a store goes before one that holds other files only (the training cache). The search ends at the
    user's home folder and at the border of the file system, as git's does.
    """
    if folder := os.environ.get("NEWSMILL_HOME"):
        return Path(folder).expanduser().resolve()
    current = Path.cwd()
    folders = [folder / _NAME for folder in _upwards(current) if _is_ours(folder / _NAME)]
    with_store = [folder for folder in folders if (folder / "mongo").is_dir()]
    return (with_store or folders or [current / _NAME])[0]


def _upwards(start: Path) -> Iterator[Path]:
    """The folder and those above it, up to the user's home folder or the border of the file system."""
    border, device = _user_home(), start.stat().st_dev
    for folder in (start, *start.parents):
        with contextlib.suppress(OSError):
            if folder.stat().st_dev != device:
                return
        yield folder
        if folder == border:
            return


def _user_home() -> Path | None:
    with contextlib.suppress(RuntimeError, OSError):
        return Path.home().resolve()
    return None


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder of this user: what another account put above us is not taken for our store."""
    with contextlib.suppress(OSError):
        return folder.is_dir() and (folder.parent == Path.cwd() or folder.stat().st_uid == os.geteuid())
    return False


# ---- the socket


def uri_of(socket: Path) -> str:
    """The URI of a server at a Unix socket."""
    return f"mongodb://{quote(str(socket), safe='')}/?directConnection=true"


def readable_host(uri: str) -> str:
    """Host and database of a URI as people read them: without user, password and options, a socket as its path."""
    scheme, _, rest = uri.partition("://")
    hosts = rest.rpartition("@")[2].partition("?")[0]
    return unquote(hosts).rstrip("/") if hosts.lower().startswith("%2f") else f"{scheme}://{hosts}"


def socket_path(folder: Path) -> Path:
    """Where the server of a store listens: a path short enough, in a folder that this account alone may enter.

    The store's own folder where that will do; else one in $XDG_RUNTIME_DIR or the system's folder of temporary files. A
    server that is started again finds its old place again, in whatever environment, so that its users do.

    Raises:
        NewsmillError: no folder will do.
    """
    note = folder / "socket"
    with contextlib.suppress(OSError, ValueError):
        earlier = Path(note.read_text().strip())
        if earlier.is_absolute() and _is_short(earlier) and is_private(earlier.parent):
            return earlier
    for path in _candidates(folder):
        if _is_short(path) and _make_private(path.parent):
            note.write_text(str(path))
            return path
    raise NewsmillError(f"store: no folder for the socket of {folder}: its path is too long, or others may enter it")


def hidden(path: Path) -> Path:
    """Where mongod itself listens, beside the path that its users know, which is a link to it while it is ready."""
    return path.with_name(f".{path.name}")


def _candidates(folder: Path) -> Iterator[Path]:
    yield folder / _SOCKET
    name = f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.sock"
    roots = [os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"]
    for root in filter(None, roots):
        yield Path(root, f"newsmill-{os.geteuid()}", name)
    for root in (tempfile.gettempdir(), "/tmp"):
        # Somebody else holds our name there.
        if len(os.fsencode(root)) < SOCKET_PATH_BYTES // 2 and os.access(root, os.W_OK):
            yield Path(tempfile.mkdtemp(prefix="newsmill-", dir=root), _SOCKET)


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= SOCKET_PATH_BYTES


def _make_private(folder: Path) -> bool:
    """Make it a folder of this account alone; False where that cannot be, or file system knows no sockets."""
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid == os.geteuid() and not folder.is_symlink():
            folder.chmod(0o700)
        return is_private(folder) and _takes_sockets(folder)
    return False


def is_private(folder: Path) -> bool:
    """Whether it is a folder, no link to one, that belongs to this account and that no other may enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077


def _takes_sockets(folder: Path) -> bool:
    """Whether a socket can be made there: network drives and those shared with Windows often refuse."""
    import socket

    # As long as the path that is wanted at most, so that its length is not what fails.
    probe_path = folder / f".{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(probe_path))
        except OSError:
            return False
        finally:
            probe_path.unlink(missing_ok=True)
    return True
