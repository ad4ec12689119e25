"""The first page: how much is in the store, how far people are, and where to go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.review.languages import words
from synth.review.rendering import navigation_rows, render
from synth.review.requests import database_of, settings_of

if TYPE_CHECKING:
    from pymongo.database import Database

NAVIGATION = "home.title"
POSITION = 0
BLIND = True
#: What people decided about a sample; the rest is new.
DECISIONS = ("accepted", "edited", "rejected")


def show(request: Request) -> Response:
    """The page; in a blind evaluation its first page, for nothing of the store is shown there."""
    settings = settings_of(request)
    others = [(address, key) for address, key in navigation_rows(request) if address != "/"]
    if settings.blind is not None:
        if others:
            return RedirectResponse(others[0][0], 303)
        return render(request, "home.html.jinja", counts=None, decisions={}, filter="", doors=[])
    database = database_of(request)
    return render(
        request, "home.html.jinja", counts=counts(database), decisions=decisions(database), filter=settings.filter,
        doors=[(address, key, _about(key)) for address, key in others],
    )  # fmt: skip


def counts(database: Database[dict[str, Any]]) -> dict[str, int]:
    """Name -> how many there are in the store, in the order of the chain; the server knows each without counting."""
    events = database.clusters.count_documents({"current": True})
    numbers = {name: database[name].estimated_document_count() for name in ("articles", "samples", "ratings")}
    return {"articles": numbers["articles"], "events": events, "samples": numbers["samples"],
            "ratings": numbers["ratings"]}  # fmt: skip


def decisions(database: Database[dict[str, Any]]) -> dict[str, int]:
    """Decision -> how many samples it was made about; counted in the index of `status`."""
    return {name: database.samples.count_documents({"status": name}) for name in DECISIONS}


def _about(key: str) -> str:
    """The key of a page's description, `NAME.about`; "" where it has none."""
    about = f"{key.partition('.')[0]}.about"
    return about if about in words() else ""


ROUTES = [Route("/", show)]
