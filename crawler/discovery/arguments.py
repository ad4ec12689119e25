"""What `-a NAME=VALUE` may say: read, or refused in one line."""

from __future__ import annotations

import difflib
import re
import socket
from datetime import date
from urllib.parse import urlsplit

from crawler.items import NewsmillError

_LOOPBACK = re.compile(r"^(?:localhost|127(?:\.\d+){3}|::1)$")


def day_of(text: str | None, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise NewsmillError(f"crawl: {name}={text!r} is no day: write it as 2026-05-31") from None


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
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NewsmillError(f"{name}: origin={text!r} is no address: write it as http://127.0.0.1:8801")
    return text.rstrip("/")


def is_loopback(origin: str) -> bool:
    """Whether an address is this machine's."""
    return bool(_LOOPBACK.match(urlsplit(origin).hostname or ""))


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
            f"{name}: nobody answers at origin={origin}: start the copy of the site there, or mend the address"
        ) from None


def suggestion(word: str, known: list[str]) -> str:
    """What to write instead of a word that is not known: the ones like it, else all there are."""
    near = difflib.get_close_matches(word, known, 3, 0.75)
    return f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(known)}"


def switch(text: str | int) -> bool:
    """Whether something is asked for: 1, yes, true; not 0, no, false."""
    return str(text).lower() not in ("", "0", "false", "no")
