"""Noun: how a sample is shown beside its sources, to the static report and to the pages of review."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit


def web(link: Any) -> str:
    """The link where it is an address of the web, else "": a stored `javascript:` shall not become a link."""
    try:
        parts = urlsplit(link if isinstance(link, str) else "")
    except ValueError:
        return ""
    return str(link) if parts.scheme in ("http", "https") and parts.netloc else ""
