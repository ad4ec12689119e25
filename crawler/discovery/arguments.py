"""What `-a NAME=VALUE` may say: read, or refused in one line."""

from __future__ import annotations

import difflib
import glob
import socket
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from crawler.items import NewsmillError, is_loopback

#: What a file packed with Zstandard begins with; the second is a frame that holds a dictionary for the others.
_ZSTANDARD = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18")


def day_of(text: str | None, name: str) -> date | None:
    """The day that an argument names; None for no argument."""
    if not text:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise NewsmillError(f"crawl: {name}={text!r} is not a date: write it as 2026-05-31") from None


def positive(text: str | int | None, name: str) -> int:
    """The limit; 0 for none."""
    if text in (None, ""):
        return 0
    try:
        number = int(str(text))
    except ValueError:
        number = 0
    if number < 1:
        raise NewsmillError(f"{name}: limit={text!r}: give a whole number of 1 or more")
    return number


def origin_of(text: str | None, name: str) -> str:
    """The address of a copy of the site, without a slash at its end; "" for none."""
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NewsmillError(f"{name}: origin={text!r} is not an address: write it as http://127.0.0.1:8801")
    return text.rstrip("/")


def at_origin(origin: str, url: str) -> str:
    """Where a copy of the site holds the page of an address."""
    parts = urlsplit(url)
    return origin + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def check_origin(origin: str, name: str) -> None:
    """See to it that somebody listens at an origin on this machine; between us and others a proxy may stand.

    Raises:
        NewsmillError: nobody does.
    """
    if not is_loopback(origin):
        return
    parts = urlsplit(origin)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=5).close()
    except (OSError, ValueError):
        raise NewsmillError(
            f"{name}: no server answers at origin={origin}: start the copy of the site there, or correct the address"
        ) from None


def suggestion(word: str, choices: list[str]) -> str:
    """What to write instead of a word that is none of the choices: those like it, else all of them."""
    near = difflib.get_close_matches(word, choices, 3, 0.75)
    return f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(choices)}"


def switch(text: str | int) -> bool:
    """Whether something is asked for: 1, yes, true; not 0, no, false."""
    return str(text).lower() not in ("", "0", "false", "no")


def warc_files(text: str, newspaper: str) -> list[Path]:
    """The files that `warc=` names: paths and patterns, separated by commas; a folder stands for the WARCs in it.

    Raises:
        NewsmillError: one of them names nothing.
    """
    files: list[Path] = []
    for part in [text] if Path(text).exists() else filter(None, text.split(",")):
        paths = [Path(part)] if Path(part).exists() else _matching(part)
        if Path(part).is_dir():
            paths = sorted(path for ending in ("", ".gz", ".zst") for path in Path(part).glob(f"*.warc{ending}"))
        paths = [path for path in paths if path.is_file()]
        if not paths:
            raise NewsmillError(f"{newspaper}: warc={part!r}: no such file: name WARC files, or a folder of them")
        files += paths
    return list(dict.fromkeys(_unpacked(path, newspaper) for path in files))


def _matching(pattern: str) -> list[Path]:
    # Path.glob refuses absolute patterns.
    return sorted(map(Path, glob.glob(pattern, recursive=True)))  # noqa: PTH207


def _unpacked(path: Path, newspaper: str) -> Path:
    """The file itself; the unpacked one beside it where it is packed with Zstandard.

    Raises:
        NewsmillError: there is none.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(4) in _ZSTANDARD
    except OSError:
        # Named when it is read.
        return path
    beside = path.with_suffix("")
    if packed and not beside.is_file():
        raise NewsmillError(f"{newspaper}: {path} is packed with Zstandard, which is not read here: unpack it first "
                            f"(zstd -d {path}) and name the unpacked file")  # fmt: skip
    return beside if packed else path
