"""The list of events, one event with its articles and their distances, and one article with its revisions."""

from __future__ import annotations

import contextlib
import importlib
import threading
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crawler.items import NewsmillError
from synth.display import web
from synth.review.browse.events import (
    SORTS,
    EventList,
    EventPage,
    article_details,
    event_details,
    find_article,
    find_event,
)
from synth.review.rendering import render
from synth.review.requests import app_object, database_of, parameter

NAVIGATION = "events.title"
POSITION = 15


def prepare(app: Starlette) -> None:
    """What a reader would wait for at the first event: imports for distances, and the newspapers of all events."""
    threading.Thread(target=_warm, args=(app_object(app, EventList),), daemon=True, name="newspapers of events").start()


def _warm(events: EventList) -> None:
    from pymongo.errors import PyMongoError

    importlib.import_module("scipy.sparse")
    # A store that is away, or a server that ends, is told by the next page that asks it.
    with contextlib.suppress(PyMongoError):
        events.page("-newspapers")


def show_events(request: Request) -> Response:
    """A page of the current events."""
    names = ("sort", "language", "after", "before")
    choice = {name: parameter(request, name).strip() for name in names}
    page, error = None, ""
    try:
        page = app_object(request.app, EventList).page(**choice)
    except NewsmillError as mistake:
        error = str(mistake)
    languages = sorted(str(code) for code in database_of(request).clusters.distinct("language") if code)
    return render(
        request, "events.html.jinja", 400 if error else 200, choice=choice, page=page, error=error, sorts=SORTS,
        event_languages=languages, links=_links(choice, page) if page else {},
    )  # fmt: skip


def _links(choice: dict[str, str], page: EventPage) -> dict[str, str]:
    """Name -> address of the pages that this one leads to; "" where there is none."""
    choice_parameters = {name: choice[name] for name in ("sort", "language") if choice[name]}
    destinations = {
        "first": {} if choice["after"] or choice["before"] else None,
        "previous": {"before": page.before} if page.before else None,
        "next": {"after": page.after} if page.after else None,
    }
    return {
        name: "" if parameters is None else f"/events?{urlencode(choice_parameters | parameters)}".rstrip("?")
        for name, parameters in destinations.items()
    }


def show_event(request: Request) -> Response:
    """One event."""
    database = database_of(request)
    event = find_event(database, request.path_params["event"])
    if event is None:
        raise HTTPException(404)
    return render(request, "event.html.jinja", **event_details(database, event))


def show_article(request: Request) -> Response:
    """One article, by its address on the web."""
    database = database_of(request)
    article = find_article(database, parameter(request, "link"))
    if article is None:
        raise HTTPException(404)
    explanation = article_details(database, article)
    return render(request, "article.html.jinja", **explanation, href=web(explanation["article"]["link"]))


ROUTES = [Route("/events", show_events), Route("/event/{event}", show_event), Route("/article", show_article)]
