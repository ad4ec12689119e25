"""Entering by an address with a token, leaving, and the language of the pages."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from synth.review.errors import error_page
from synth.review.languages import LANGUAGES
from synth.review.rendering import render
from synth.review.requests import form_of, parameter
from synth.review.security import LANGUAGE_COOKIE, session_cookie

BLIND = True
#: Seconds that a browser keeps a session, and a language.
_SESSION, _LANGUAGE = 90 * 86400, 365 * 86400


def enter(request: Request) -> Response:
    """Exchange a token for a session.

    The page leads on by itself; a redirect would arrive without the cookie where the address stood in a mail's page.
    """
    if parameter(request, "left") and not request.state.rater:
        return render(request, "left.html.jinja")
    access = request.app.state.access
    rater = access.rater_of_token(parameter(request, "token"))
    if not rater:
        return error_page(request, 403, "token")
    request.state.rater = rater
    response = render(request, "enter.html.jinja", address="/")
    _keep(response, request, session_cookie(request.app.state.settings.port), access.session(rater), _SESSION)
    return response


def leave(request: Request) -> Response:
    """End the session in this browser."""
    response = RedirectResponse("/enter?left=1", 303)
    response.delete_cookie(session_cookie(request.app.state.settings.port), httponly=True, samesite="strict")
    return response


def choose(request: Request) -> Response:
    """Keep the language that the reader chose, and go back to the page."""
    form = form_of(request)
    response = RedirectResponse(_own_address(form.get("back", "/")), 303)
    if form.get("language") in LANGUAGES:
        _keep(response, request, LANGUAGE_COOKIE, form["language"], _LANGUAGE)
    return response


def _own_address(text: str) -> str:
    """The address where it is one of this server's pages, else that of the first page."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_own and "\\" not in text else "/"


def _keep(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    response.set_cookie(
        name, value, max_age=seconds, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


ROUTES = [
    Route("/enter", enter),
    Route("/leave", leave, methods=["POST"]),
    Route("/language", choose, methods=["POST"]),
]
