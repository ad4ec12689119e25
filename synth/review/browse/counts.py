"""How many documents a filter names, without reading them all at each request."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

#: As far as a page counts by itself, and for how many milliseconds; more is counted when a reader asks for it.
CAP, BRIEFLY = 10_000, 40
#: Milliseconds for a reader who asked.
PATIENTLY = 10_000
#: Seconds that a count is taken for right, and how many are kept.
_LASTING, _KEPT = 30.0, 256


@dataclass(frozen=True)
class Count:
    """A number of rows; `exact` False: there are more. None: nobody counted, which would have taken too long."""

    number: int | None
    exact: bool = True


class Counts:
    """Counts of one store that are kept for a while."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[float, Count]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, query: Mapping[str, Any], patient: bool = False, hint: str | None = None) -> Count:
        """The number of samples that a filter names: up to CAP and briefly, or all of them; `hint`: by which index."""
        key = repr(query)
        with self._lock:
            at, count = self._kept.get(key, (0.0, Count(None)))
        if time.monotonic() - at < _LASTING and ((count.exact and count.number is not None) or not patient):
            return count
        count = self._counted(query, patient, hint)
        with self._lock:
            self._kept[key] = (time.monotonic(), count)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return count

    def _counted(self, query: Mapping[str, Any], patient: bool, hint: str | None) -> Count:
        from pymongo.errors import ExecutionTimeout

        if query == {"superseded": {"$ne": True}}:
            # All but the few: both numbers are at hand.
            samples = self._database.samples
            return Count(samples.estimated_document_count() - samples.count_documents({"superseded": True}))
        bounds: dict[str, Any] = {"maxTimeMS": PATIENTLY} if patient else {"maxTimeMS": BRIEFLY, "limit": CAP + 1}
        bounds |= {"hint": hint} if hint else {}
        try:
            number = self._database.samples.count_documents(dict(query), **bounds)
        except ExecutionTimeout:
            return Count(None)
        return Count(number) if patient or number <= CAP else Count(CAP, exact=False)
