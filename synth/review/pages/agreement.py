"""How far people agree among themselves, and the judge with people: what `synth judge --agreement` prints, as a page.

Where raters have names of their own a rater sees the row of nobody else: how one differs is said to that one alone.
"""

from __future__ import annotations

import importlib
import threading

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synth.ratings.calibration import ENOUGH_ROWS
from synth.ratings.intervals import ENOUGH_CLUSTERS
from synth.ratings.people import FEW, NO_DISAGREEMENT, NO_PAIR, NO_VARIETY, ONE_EVENT
from synth.review.figures import figures_in
from synth.review.rendering import render
from synth.review.requests import rater_of

NAVIGATION = "agreement.title"
POSITION = 60
#: Seconds in which the numbers of a small store are new; those of a large one are said to be older.
_PATIENCE = 2.0
#: What is not defined, and why -> its words.
NOTES = {
    NO_PAIR: "agreement.no_pair", NO_VARIETY: "agreement.no_variety", NO_DISAGREEMENT: "agreement.no_disagreement",
    FEW: "agreement.few_events", ONE_EVENT: "agreement.one_event", "": "",
}  # fmt: skip


def prepare(app: Starlette) -> None:
    """The numbers are made while the first reader finds the page; behind a request, an import would hold it up."""
    importlib.import_module("scipy.sparse.csgraph")
    importlib.import_module("scipy.special")
    threading.Thread(target=figures_in(app).refresh_behind, daemon=True, name="agreement").start()


def show(request: Request) -> Response:
    """The page."""
    figures = figures_in(request.app)
    numbers = {name: rows for name, rows in figures.current(_PATIENCE).items() if name != "calibration"}
    if request.app.state.access.tokens:
        numbers["raters"] = [row for row in numbers["raters"] if row["rater"] == rater_of(request)]
    return render(
        request, "agreement.html.jinja", **numbers, notes=NOTES, enough=ENOUGH_ROWS, enough_events=ENOUGH_CLUSTERS,
        judges=list(dict.fromkeys(row["judged_by"] for row in numbers["judge"])), behind=not figures.are_current(),
    )  # fmt: skip


ROUTES = [Route("/agreement", show)]
