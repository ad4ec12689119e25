"""The links that a takedown is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from crawler.items import NewsmillError, RecordError, canonical_link


def read_links(links: Sequence[str], file: Path | None) -> list[str]:
    """The canonical links among arguments and lines of a file, each once.

    Raises:
        NewsmillError: none is named, the file cannot be read, or one is no address.
    """
    texts = [*links, *(_lines(file) if file else ())]
    if not texts:
        raise NewsmillError("name an article's link, or a --file of links")
    canonical: dict[str, None] = {}
    wrong = []
    for text in texts:
        try:
            canonical[canonical_link(text)] = None
        except RecordError:
            wrong.append(repr(text))
    if wrong:
        raise NewsmillError(f"no address of an article: {', '.join(wrong[:5])}; nothing was looked up or removed")
    return list(canonical)


def _lines(path: Path) -> Iterator[str]:
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise NewsmillError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    for line in text.splitlines():
        if (link := line.partition(" #")[0].strip()) and not link.startswith("#"):
            yield link
