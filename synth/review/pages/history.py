"""What this rater decided last, each of which can be taken back."""

from __future__ import annotations

import uuid

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synth.ratings.undo import history
from synth.review.rendering import render
from synth.review.requests import database_of, rater_of

NAVIGATION = "history.title"
POSITION = 12


def show(request: Request) -> Response:
    """The last marks of the rater, the newest first."""
    marks = history(database_of(request), rater_of(request))
    return render(request, "history.html.jinja", marks=marks, token=uuid.uuid4().hex)


ROUTES = [Route("/history", show)]
