"""The first page: how much is in the store, and where to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.review.rendering import render
from synth.review.requests import database_of, settings_of

if TYPE_CHECKING:
    from pymongo.database import Database

NAVIGATION = "home.title"
POSITION = 0
BLIND = True
#: What people decided about a sample; the rest is new.
DECISIONS = ("accepted", "edited", "rejected")


def show(request: Request) -> Response:
    """The page; of a blind evaluation the first page of its own, for nothing of the store is shown in one."""
    settings = settings_of(request)
    if settings.blind is not None:
        others = [address for address, _ in request.app.state.navigation if address != "/"]
        if others:
            return RedirectResponse(others[0], 303)
        return render(request, "home.html.jinja", counts=None, filter="")
    return render(request, "home.html.jinja", counts=counts(database_of(request)), filter=settings.filter)


def counts(database: Database[dict[str, Any]]) -> dict[str, int]:
    """Name of a step -> how many there are, in the order of the chain; each from an index or the server's own count."""
    numbers = {name: database[name].estimated_document_count() for name in ("articles", "samples", "ratings")}
    events = database.clusters.count_documents({"current": True})
    decisions = {name: database.samples.count_documents({"status": name}) for name in DECISIONS}
    return {"articles": numbers["articles"], "events": events, "samples": numbers["samples"], **decisions,
            "ratings": numbers["ratings"]}  # fmt: skip


ROUTES = [Route("/", show)]
