"""The queue of this server, and what its pages read of a form."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request

from synth.ratings.marks import DECISIONS, Submission
from synth.ratings.queue import Queue, fill, open_queue
from synth.review.requests import database_of, form_of, language_of

#: Seconds after which a queue that is empty looks for new samples again.
_REFILL = 30.0
#: Characters of a comment.
_COMMENT = 4000
_lock = threading.Lock()


def queue_of_app(app: Starlette) -> Queue:
    """The queue of the samples that the server was started for; opened once."""
    with _lock:
        if not hasattr(app.state, "queue"):
            settings = app.state.settings
            app.state.queue = open_queue(
                app.state.database, settings.filter, overlap=settings.overlap, lease=settings.lease * 60,
                adjudicators=settings.adjudicators,
            )  # fmt: skip
            app.state.filled_at = time.monotonic()
        queue: Queue = app.state.queue
        return queue


def refill(request: Request) -> bool:
    """Look for samples that came since; False where that was done a moment ago."""
    queue, state = queue_of_app(request.app), request.app.state
    with _lock:
        if time.monotonic() - state.filled_at < _REFILL:
            return False
        fill(database_of(request), queue)
        state.filled_at = time.monotonic()
        return True


def submission_of(request: Request) -> Submission:
    """The form of a row.

    Raises:
        HTTPException: it is no form of ours (status 400).
    """
    form = form_of(request)
    if form.get("decision") not in DECISIONS or not form.get("item") or not form.get("token"):
        raise HTTPException(400)
    return Submission(
        form["item"], form["token"], form.get("revision", ""), form["decision"], form.get("question"),
        form.get("answer"), _scores(form), form.get("comment", "")[:_COMMENT].strip(), language_of(request),
        form.get("insists") == "yes",
    )  # fmt: skip


def _scores(form: Mapping[str, Any]) -> dict[str, float]:
    scores = {}
    for name in ("accuracy", "helpfulness"):
        if text := form.get(name, ""):
            if text not in ("0", "1", "2", "3", "4", "5"):
                raise HTTPException(400)
            scores[name] = float(text)
    return scores
