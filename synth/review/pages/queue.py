"""The queue: a rater reads one row after another, corrects it, and accepts or rejects it."""

from __future__ import annotations

import functools
import uuid
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from bson.errors import InvalidId
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.display.word_differences import differences
from synth.ratings.marks import ABSENT, EMPTY, STORED, Outcome, Submission, save
from synth.ratings.queue import progress
from synth.ratings.row_leases import Lease, keep_draft, take, take_skips_back
from synth.ratings.sample_changes import TEXTS, as_form_text, revision_of
from synth.ratings.undo import history, undo
from synth.review.errors import error_page
from synth.review.queues import queue_of_app, refill, submission_of
from synth.review.rendering import render
from synth.review.requests import database_of, form_of, language_of, rater_of
from synth.review.row_view import new_doubts, read_tables, row_view

if TYPE_CHECKING:
    from pymongo.database import Database

NAVIGATION = "queue.title"
POSITION = 10


def prepare(app: Starlette) -> None:
    """What the first rater would wait seconds for: the queue of 100,000 samples, and the tables of languages."""
    queue_of_app(app)
    read_tables(app.state.database)


def show(request: Request) -> Response:
    """The row that this rater has, or the next one."""
    database, queue, rater = database_of(request), queue_of_app(request.app), rater_of(request)
    lease = take(database, queue, rater)
    if lease is None and refill(request):
        lease = take(database, queue, rater)
    counts = progress(database, queue, rater)
    last = _last(database, queue.name, rater)
    values: dict[str, Any] = {"counts": counts, "last": last, "overlap": queue.overlap, "token": uuid.uuid4().hex}
    if lease is None:
        return render(request, "queue_end.html.jinja", **values)
    return render(
        request, "queue.html.jinja", **values, **row_values(request, lease), revision=revision_of(lease.sample)
    )


def _last(database: Database[dict[str, Any]], queue: str, rater: str) -> dict[str, Any] | None:
    """The last decision that stands: pressed again and again, the key of undo goes back one by one."""
    marks = (mark for mark in history(database, rater) if mark["queue"] == queue and mark["decision"] != "undo")
    return next((mark for mark in marks if not mark["undone"]), None)


def row_values(request: Request, lease: Lease) -> dict[str, Any]:
    """What the form of a row needs."""
    view = row_view(database_of(request), lease.sample, language_of(request))
    texts = {name: as_form_text(str(lease.sample.get(name) or "")) for name in TEXTS}
    drafts = {name: text for name, text in lease.draft.items() if name in texts and text != texts[name]}
    minutes = max(1, round((lease.until - lease.now).total_seconds() / 60))
    return {"view": view, "form": texts | drafts, "minutes": minutes, "has_draft": bool(drafts)}


def store(request: Request) -> Response:
    """Save a form; where that is not possible, a page with what the rater wrote beside what is there."""
    database, submission = database_of(request), submission_of(request)
    recompute = functools.partial(new_doubts, database)
    outcome = save(database, queue_of_app(request.app), rater_of(request), submission, recompute)
    if outcome.name == STORED:
        return RedirectResponse("/queue", 303)
    return conflict_page(request, outcome, submission)


def conflict_page(request: Request, outcome: Outcome, submission: Submission) -> Response:
    """What somebody else did, and what this rater wrote; or that a text may not be empty."""
    if outcome.name == EMPTY:
        return error_page(request, 400, "empty")
    sample = outcome.sample if outcome.name != ABSENT else None
    rows = []
    for name in TEXTS:
        own = getattr(submission, name)
        if own is None:
            continue
        stored = as_form_text(str((sample or {}).get(name) or ""))
        if own != stored or name == "answer":
            old, new = differences(stored, own)
            rows.append({"name": name, "stored": old, "own": new, "text": own})
    values = {
        "outcome": outcome.name, "sample": sample, "rows": rows, "submission": submission,
        "language": str((outcome.sample or {}).get("language") or ""), "token": uuid.uuid4().hex,
        "revision": revision_of(sample) if sample else "",
        "may_insist": sample is not None and queue_of_app(request.app).overlap == 1 and outcome.state != "adjudication",
    }  # fmt: skip
    values["text_language"] = values.pop("language")
    return render(request, "conflict.html.jinja", 409, **values)


def take_back(request: Request) -> Response:
    """Undo a mark; what stands in the form of the present row is not lost."""
    database, queue, form = database_of(request), queue_of_app(request.app), form_of(request)
    try:
        mark = ObjectId(form.get("mark", ""))
    except InvalidId:
        raise HTTPException(400) from None
    typed = {name: form[name] for name in TEXTS if name in form}
    if typed and form.get("item"):
        keep_draft(database, queue, rater_of(request), form["item"], typed)
    outcome = undo(
        database, rater_of(request), mark, token=form.get("undo_token", ""), interface=language_of(request),
        recompute=functools.partial(new_doubts, database),
    )  # fmt: skip
    if outcome.name != STORED:
        return render(request, "undo.html.jinja", 409, **undo_values(outcome))
    return RedirectResponse("/adjudication" if (outcome.mark or {}).get("state") == "adjudication" else "/queue", 303)


def undo_values(outcome: Outcome) -> dict[str, Any]:
    """What the page of an undo that was not possible shows."""
    result = (outcome.mark or {}).get("result") or {}
    sample = outcome.sample if outcome.name != ABSENT else None
    old, new = differences(str(result.get("answer") or ""), str((sample or {}).get("answer") or ""))
    return {
        "outcome": outcome.name, "decision": (outcome.mark or {}).get("decision"), "own": old, "stored": new,
        "sample": sample, "text_language": str((outcome.sample or {}).get("language") or ""),
    }  # fmt: skip


def take_skipped(request: Request) -> Response:
    """Offer this rater again what he passed over."""
    take_skips_back(database_of(request), queue_of_app(request.app), rater_of(request))
    return RedirectResponse("/queue", 303)


ROUTES = [
    Route("/queue", show),
    Route("/queue", store, methods=["POST"]),
    Route("/queue/undo", take_back, methods=["POST"]),
    Route("/queue/skipped", take_skipped, methods=["POST"]),
]
