"""Rows on which raters disagree: one more person sees what each decided, and decides."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.display.word_differences import merged
from synth.ratings.marks import STORED, save, votes_revision
from synth.ratings.queue import progress
from synth.ratings.row_leases import ADJUDICATION, Lease, take
from synth.ratings.sample_changes import TEXTS, as_form_text
from synth.review.pages.queue import conflict_page, row_values
from synth.review.queues import queue_of_app, submission_of
from synth.review.rendering import render
from synth.review.requests import database_of, rater_of
from synth.review.row_view import new_doubts

NAVIGATION = "adjudication.title"
POSITION = 14


def show(request: Request) -> Response:
    """The next row on which others disagree."""
    database, queue, rater = database_of(request), queue_of_app(request.app), rater_of(request)
    lease = take(database, queue, rater, ADJUDICATION)
    counts = progress(database, queue, rater)
    if lease is None:
        may = not queue.adjudicators or rater in queue.adjudicators
        return render(request, "adjudication_end.html.jinja", counts=counts, overlap=queue.overlap, may=may)
    return render(
        request, "adjudication.html.jinja", **row_values(request, lease), counts=counts, token=uuid.uuid4().hex,
        revision=votes_revision(lease.row, lease.sample), votes=list(_votes(request, lease)),
    )  # fmt: skip


def _votes(request: Request, lease: Lease) -> Iterator[dict[str, Any]]:
    """What each rater decided, without names, in an order that says nothing of who was first."""
    marks = {row["_id"]: row for row in database_of(request).marks.find({"item": lease.row["item"]})}
    votes = sorted(lease.row["votes"], key=lambda vote: str(vote["mark"])[::-1])
    for number, vote in enumerate(votes, 1):
        mark = marks.get(vote["mark"])
        if mark is None:
            continue
        texts = {name: as_form_text(str(mark["result"].get(name) or "")) for name in TEXTS}
        changes = []
        for name in TEXTS:
            stored = as_form_text(str(lease.sample.get(name) or ""))
            if stored != texts[name]:
                changes.append({"name": name, "pieces": merged(stored, texts[name])})
        yield {"number": number, "decision": vote["decision"], "texts": texts, "changes": changes,
               "comment": mark.get("comment") or ""}  # fmt: skip


def store(request: Request) -> Response:
    """Save the adjudicator's decision."""
    database, submission = database_of(request), submission_of(request)
    recompute = functools.partial(new_doubts, database)
    outcome = save(database, queue_of_app(request.app), rater_of(request), submission, recompute, ADJUDICATION)
    if outcome.name == STORED:
        return RedirectResponse("/adjudication", 303)
    return conflict_page(request, outcome, submission)


ROUTES = [Route("/adjudication", show), Route("/adjudication", store, methods=["POST"])]
