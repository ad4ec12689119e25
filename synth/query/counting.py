"""How many documents a filter names: counted, or estimated from some that are drawn.

A count reads all that match, and where no index finds them all that there are: of a million samples that takes up to
20 s (benchmarks/scores/bench_queries.py). An estimate reads a few thousand, drawn at random, and says within which
bounds the number lies in 95 of 100 cases (Wilson's interval).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.ratings.intervals import wilson_bounds

if TYPE_CHECKING:
    from pymongo.collection import Collection

    Documents = Collection[dict[str, Any]]

#: Seconds after which a count is slow: it says so, and one that nobody asked for is estimated.
SLOW = 1.0
#: An estimate counts as far as this before it draws, and for so many milliseconds.
_FEW, _BRIEFLY = 5_000, 300
#: Documents that are drawn: the bounds are at most 1.6 % of all documents from the estimate.
_DRAWN = 4_000
#: Digits of a number that is an estimate.
_DIGITS = 3


@dataclass(frozen=True)
class Count:
    """A number of documents; an estimate has bounds, which are the number itself where it was counted."""

    number: int
    low: int
    high: int
    seconds: float = 0.0

    @property
    def is_exact(self) -> bool:
        """Whether it was counted."""
        return self.low == self.high

    @property
    def is_slow(self) -> bool:
        """Whether it took so long that an estimate would do."""
        return self.seconds > SLOW

    def __str__(self) -> str:
        return f"{self.number:,}" if self.is_exact else f"about {self.number:,}"


def count(documents: Documents, query: Mapping[str, Any], milliseconds: int) -> Count:
    """The exact number.

    Raises:
        pymongo.errors.ExecutionTimeout: it took longer.
    """
    began = time.monotonic()
    number = documents.count_documents(dict(query), maxTimeMS=milliseconds)
    return Count(number, number, number, time.monotonic() - began)


def count_or_estimate(documents: Documents, query: Mapping[str, Any], milliseconds: int) -> Count:
    """The exact number if it is known within a second, else an estimate."""
    from pymongo.errors import ExecutionTimeout

    try:
        return count(documents, query, min(milliseconds, int(1000 * SLOW)))
    except ExecutionTimeout:
        return estimate(documents, query, milliseconds)


def estimate(documents: Documents, query: Mapping[str, Any], milliseconds: int) -> Count:
    """About how many: exact where they are few and found at once.

    Raises:
        pymongo.errors.ExecutionTimeout: even that took longer.
    """
    from pymongo.errors import ExecutionTimeout

    at_least = 0
    try:
        at_least = documents.count_documents(dict(query), limit=_FEW, maxTimeMS=min(milliseconds, _BRIEFLY))
        if at_least < _FEW:
            return Count(at_least, at_least, at_least)
    except ExecutionTimeout:
        pass
    total = documents.estimated_document_count()
    draws = min(_DRAWN, total)
    pipeline: list[dict[str, Any]] = [{"$sample": {"size": draws}}, {"$match": dict(query)}, {"$count": "rows"}]
    hits = sum(row["rows"] for row in documents.aggregate(pipeline, maxTimeMS=milliseconds))
    return _projected(hits, draws, total, at_least)


def _projected(hits: int, draws: int, total: int, at_least: int) -> Count:
    """The number of all documents of which so many of those drawn are a part."""
    share = hits / draws
    number, low, high = (_rounded(total * part) for part in (share, *wilson_bounds(share, draws)))
    low = max(low, at_least)
    return Count(max(number, low), low, max(high, low + 1))


def _rounded(number: float) -> int:
    """With three digits that count."""
    return int(float(f"{number:.{_DIGITS}g}"))
