"""What `-a NAME=VALUE` may say: read, or refused in one line."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from crawler.items import NewsmillError


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


def switch(text: str | int) -> bool:
    """Whether something is asked for: 1, yes, true; not 0, no, false."""
    return str(text).lower() not in ("", "0", "false", "no")
