"""How far raters and judges agree, as pages say it: computed once, kept between pages."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from synth.ratings.agreement import agreement_of
from synth.ratings.calibration import Calibration, calibration_of
from synth.ratings.people import people_of
from synth.review.requests import app_object

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]


class Figures:
    """The numbers, computed anew when a mark was stored since; meanwhile the former ones are shown.

    Ten thousand items take seconds, in which nobody shall wait for a page.
    """

    def __init__(self, database: Store) -> None:
        self.database = database
        self.lock = threading.Lock()
        self.stamp: Any = None
        self.numbers: Mapping[str, Any] | None = None

    def current(self, patience: float = 0.0) -> Mapping[str, Any]:
        """{judge, people, raters: rows of agreement_of and people_of, calibration}.

        patience: seconds to wait for those of a mark that was stored since; then the former ones are returned.
        """
        if self.numbers is None:
            with self.lock:
                if self.numbers is None:
                    self.refresh()
        elif self.stamp != self._stamp():
            worker = threading.Thread(target=self.refresh_behind, daemon=True, name="agreement")
            worker.start()
            worker.join(patience)
        assert self.numbers is not None, "they were computed above"
        return self.numbers

    def are_current(self) -> bool:
        """Whether every mark that is stored is counted."""
        return bool(self.stamp == self._stamp())

    def refresh(self) -> None:
        """Compute them now."""
        stamp = self._stamp()
        rows = {"judge": agreement_of(self.database), **people_of(self.database)}
        self.numbers = {**rows, "calibration": calibration_of(self.database)}
        self.stamp = stamp

    def refresh_behind(self) -> None:
        """Compute them in a thread, if no other does; a store that is away is told by the next page that asks it."""
        from pymongo.errors import PyMongoError

        if self.lock.acquire(blocking=False):
            try:
                with contextlib.suppress(PyMongoError):
                    self.refresh()
            finally:
                self.lock.release()

    def _stamp(self) -> Any:
        """What changes with every mark, every rating and most judgements."""
        newest = self.database.ratings.find_one({}, {"_id": 1, "rated_at": 1}, sort=[("_id", -1)])
        counts = [self.database[name].estimated_document_count() for name in ("ratings", "marks", "llm_calls")]
        return counts, newest


def figures_in(app: Starlette) -> Figures:
    """The figures of an application's store."""
    return app_object(app, Figures)


def calibration_in(app: Starlette) -> Calibration:
    """How far the judges of an application's store were compared with people."""
    calibration: Calibration = figures_in(app).current()["calibration"]
    return calibration
