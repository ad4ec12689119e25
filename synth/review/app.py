"""The application: the pages of `pages/` behind the guard, and the files of `static/`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synth.review.access import Access, new_access
from synth.review.errors import HANDLERS
from synth.review.pages import page_modules
from synth.review.rendering import assets, compile_templates
from synth.review.security import Guard
from synth.review.server import CountRequests, Traffic
from synth.review.settings import Settings

if TYPE_CHECKING:
    from pymongo.database import Database

#: Seconds after which a busy thread lets another go on, where one waits.
_SWITCH = 0.0005


def create_app(database: Database[dict[str, Any]], settings: Settings, access: Access | None = None) -> Starlette:
    """The application over a store.

    access: who may enter; None: the raters of the settings, with tokens that last as long as the application.
    """
    modules, traffic = page_modules(blind=settings.blind is not None), Traffic()
    app = Starlette(
        routes=[*(route for module in modules for route in module.ROUTES), Route("/static/{name}", _file)],
        middleware=[Middleware(CountRequests, traffic=traffic), Middleware(Guard)],
        exception_handlers=dict(HANDLERS),
    )
    app.router.redirect_slashes = False
    app.state.database, app.state.settings, app.state.objects = database, settings, {}
    app.state.traffic = traffic
    app.state.access = access or new_access(settings.raters)
    app.state.navigation = [row for module in modules if (row := _navigation_row(module))]
    app.state.sections = {module.__name__: _section(module) for module in modules}
    return app


def prepare_store(database: Database[dict[str, Any]], blind: bool = False) -> None:
    """What pages need in a store, made while nobody waits: the hook `prepare_store(database)` of their modules."""
    for module in page_modules(blind=blind):
        if hasattr(module, "prepare_store"):
            module.prepare_store(database)


def prepare(app: Starlette) -> None:
    """What pages do once before the server answers: the hook `prepare(app)` of their modules."""
    # A page asks MongoDB a dozen times. While an index of words is made behind it, each answer would wait for Python's
    # lock for the 5 ms that a busy thread may hold it.
    sys.setswitchinterval(_SWITCH)
    compile_templates()
    for module in page_modules(blind=app.state.settings.blind is not None):
        if hasattr(module, "prepare"):
            module.prepare(app)


def _navigation_row(module: ModuleType) -> tuple[str, str, Callable[[Settings, str], bool]] | None:
    """(address, key of the words, who may open it) of a page that the navigation has."""
    key = getattr(module, "NAVIGATION", None)
    return (module.ROUTES[0].path, key, getattr(module, "may_open", _anybody)) if key else None


def _anybody(_settings: Settings, _rater: str) -> bool:
    return True


def _section(module: ModuleType) -> str:
    """Address of the row of the navigation that a module's pages belong to; "" for none."""
    own = module.ROUTES[0].path if getattr(module, "NAVIGATION", None) else ""
    return str(getattr(module, "SECTION", own))


def _file(request: Request) -> Response:
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    lasting = request.query_params.get("v") == asset.digest
    caching = "public, max-age=31536000, immutable" if lasting else "no-cache"
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": caching})
