"""What a page reads of a request: rater, database, settings, and the parameters, which are always text.

No value of a form or of an address becomes anything but a `str` or a number here, so none can become an operator of
MongoDB. A filter that a reader writes goes through `synth.filters`, which refuses what runs code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

from synth.review.settings import Settings

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

Kind = TypeVar("Kind")
#: Characters of a parameter in an address.
LONGEST = 2000

Form = ImmutableMultiDict[str, str]


def database_of(request: Request) -> Database[dict[str, Any]]:
    """The store."""
    database: Database[dict[str, Any]] = request.app.state.database
    return database


def app_object(app: Starlette, kind: Callable[[Store], Kind]) -> Kind:
    """The one object of a class that an application has of its store, made when it is first asked for."""
    objects: dict[Any, Any] = app.state.objects
    if kind not in objects:
        # Of two threads that make one, the first one's stays.
        objects.setdefault(kind, kind(app.state.database))
    own: Kind = objects[kind]
    return own


def settings_of(request: Request) -> Settings:
    """What the server was started with."""
    settings: Settings = request.app.state.settings
    return settings


def rater_of(request: Request) -> str:
    """The name of the rater who asks; never empty in a page."""
    return str(request.state.rater)


def language_of(request: Request) -> str:
    """The code of the page's language."""
    return str(request.state.language)


def form_of(request: Request) -> Form:
    """The fields of a form that was sent, whose token was right: `.get(name, "")`, `.getlist(name)`; empty for a GET.

    A field is text; its lines end as those of our texts do.
    """
    form: Form = request.state.form
    return form


def parameter(request: Request, name: str, default: str = "") -> str:
    """A parameter of the address (`?name=value`) as text.

    Raises:
        HTTPException: it is longer than `LONGEST` characters (status 400).
    """
    value = request.query_params.get(name, default)
    if len(value) > LONGEST:
        raise HTTPException(400)
    return value


def whole_number(request: Request, name: str, default: int, lowest: int = 0, highest: int = 10**9) -> int:
    """A parameter of the address as a whole number; `default` where there is none.

    Raises:
        HTTPException: it is no whole number, or not within the bounds (status 400).
    """
    text = parameter(request, name)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 12 and lowest <= int(text) <= highest):
        raise HTTPException(400)
    return int(text)
