"""Addresses of pages in a text: the numbers in them are ids."""

from __future__ import annotations

import re
from bisect import bisect_right

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


class Addresses:
    """Where a text holds addresses of pages; `offset in addresses` says whether a character is part of one."""

    def __init__(self, text: str) -> None:
        self._spans = [match.span() for match in _ADDRESS.finditer(text)]

    def __contains__(self, offset: int) -> bool:
        before = bisect_right(self._spans, (offset, 1 << 60)) - 1
        return before >= 0 and offset < self._spans[before][1]
