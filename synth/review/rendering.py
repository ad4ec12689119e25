"""From a template to a response: every page gets its language, navigation, rater and the token of its forms here.

Every text is escaped by the template engine. The pages run no script and no style but the files of `static/`: a
`style="…"` in a template has no effect.
"""

from __future__ import annotations

import functools
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from synth.display import web
from synth.review.languages import LANGUAGES, day, moment, number, translate

#: Name of the hidden field that every form has: `{{ csrf_field }}`.
CSRF_FIELD = "csrf"
_PACKAGE = "synth.review"


def render(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """The page of a template of `templates/`, with `values` and with what every page has.

    In each template are: `t("NAME.key", hole=value)`, `language`, `languages`, `rater`, `navigation` ([(address, text,
    aria-current)]), `csrf_field` (the hidden input of a form), `csrf`, `path`, `blind`, and the filters
    `number`, `day`, `moment` in the reader's language and `web` for links that are stored.
    """
    state, app = request.state, request.app.state
    token = app.access.form_token(state.rater)
    common = {
        "language": state.language, "languages": LANGUAGES, "rater": state.rater, "csrf": token,
        "csrf_field": Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token),
        "navigation": _navigation(request), "path": request.url.path, "address": _address(request),
        "blind": app.settings.blind is not None, "named": bool(app.access.tokens),
        "t": functools.partial(translate, state.language),
    }  # fmt: skip
    return HTMLResponse(_environment().get_template(template).render(common | values), status)


def _address(request: Request) -> str:
    """Path and query of a page that can be asked for again."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def navigation_rows(request: Request) -> list[tuple[str, str]]:
    """(address, key of the words) of the pages that the rater may open, in the order of the navigation."""
    settings, rater = request.app.state.settings, request.state.rater
    rows = request.app.state.navigation if rater else []
    return [(address, key) for address, key, may_open in rows if may_open(settings, rater)]


def _navigation(request: Request) -> list[tuple[str, str, str]]:
    """The rows of the navigation; of the row that the page belongs to, whether it is the page itself."""
    rows = navigation_rows(request)
    module = getattr(request.scope.get("endpoint"), "__module__", "")
    section = request.app.state.sections.get(module)
    present = "page" if request.url.path == section else "true"
    return [
        (address, translate(request.state.language, key), present if address == section else "")
        for address, key in rows
    ]  # fmt: skip


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(_PACKAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.globals["asset"] = asset_address
    environment.filters.update(number=_number, day=_day, moment=_moment, web=web)
    return environment


def compile_templates() -> None:
    """Compile every template: .4 s of a processor, which the first readers of each page would wait for."""
    for name in _environment().list_templates():
        _environment().get_template(name)


@pass_context
def _number(context: Context, value: float | None, digits: int | None = None) -> str:
    return number(value, context["language"], digits)


@pass_context
def _day(context: Context, value: Any) -> str:
    return day(value, context["language"])


@pass_context
def _moment(context: Context, value: Any) -> str:
    return moment(value, context["language"])


# ---- files


@dataclass(frozen=True)
class Asset:
    """A file of `static/`: its bytes, their kind, and a hash by which a changed one gets a new address."""

    content: bytes
    media_type: str
    digest: str


@functools.cache
def assets() -> dict[str, Asset]:
    """Name -> file, of all files in `static/`."""
    files = [file for file in resources.files(_PACKAGE).joinpath("static").iterdir() if file.is_file()]
    return {file.name: _asset(file.name, file.read_bytes()) for file in files}


def _asset(name: str, content: bytes) -> Asset:
    kinds = {".js": "text/javascript", ".css": "text/css"}
    kind = next((kind for ending, kind in kinds.items() if name.endswith(ending)), mimetypes.guess_type(name)[0])
    return Asset(content, kind or "application/octet-stream", hashlib.sha256(content).hexdigest()[:12])


def asset_address(name: str) -> str:
    """The address of a file of `static/`: `asset("style.css")` in a template."""
    return f"/static/{name}?v={assets()[name].digest}"
