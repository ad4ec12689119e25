"""Errors as pages in the reader's language: what went wrong, and what can be done; never a traceback."""

from __future__ import annotations

import sys
import traceback
from http import HTTPStatus

from pymongo.errors import ExecutionTimeout, OperationFailure, PyMongoError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from crawler.items import NewsmillError
from crawler.mongo import may_only_read
from synth.outages import is_outage
from synth.review.rendering import CSRF_FIELD, render

#: Status -> key of `words/errors.yaml`, for errors that say no more than their status.
_KEYS = {400: "input", 401: "rater", 403: "forbidden", 404: "missing", 405: "method", 413: "size", 503: "store"}


class Refusal(Exception):
    """A request that is not answered: its status, and the key of `words/errors.yaml` that says why."""

    def __init__(self, status: int, key: str) -> None:
        super().__init__(key)
        self.status, self.key = status, key


def error_page(request: Request, status: int, key: str, detail: str = "") -> Response:
    """The page of an error; fields of a form that could not be stored are on it, to be sent again.

    detail: a line of ours about it, in English.
    """
    fields = request.state.form.multi_items() if status == HTTPStatus.SERVICE_UNAVAILABLE else []
    kept = [(name, text) for name, text in fields if name != CSRF_FIELD]
    # A session may have ended while somebody wrote: what was typed is there to be copied.
    typed = [text for _, text in request.state.form.multi_items() if len(text.split()) > 1]
    texts = typed if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) else []
    return render(request, "error.html.jinja", status, key=key, detail=detail, code=status, fields=kept, texts=texts)


def on_http_error(request: Request, error: Exception) -> Response:
    """A page for a status that a page raised, or for an address that there is not."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_page(request, status, _KEYS.get(status, "failure"))


def on_mistake(request: Request, error: Exception) -> Response:
    """A page for what a reader can put right, such as a filter that is none."""
    return error_page(request, 400, "input", str(error))


def on_store_error(request: Request, error: Exception) -> Response:
    """A page for a store that is away, took too long, may not be written, or refused a filter."""
    if isinstance(error, ExecutionTimeout):
        return error_page(request, 503, "slow")
    if isinstance(error, PyMongoError) and is_outage(error):
        print("review: the store does not answer", file=sys.stderr)
        return error_page(request, 503, "store")
    if may_only_read(error):
        return error_page(request, 403, "read_only")
    if isinstance(error, OperationFailure) and error.code in (2, 9, 51091):
        return error_page(request, 400, "input", " ".join(str(error.details or error).split())[:300])
    return on_failure(request, error)


def on_failure(request: Request, error: Exception) -> Response:
    """A page for an error of ours, and one line on stderr."""
    if request.app.state.settings.debug:
        traceback.print_exception(error)
    else:
        line = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        print(f"review: {request.method} {request.url.path[:100]!r}: {line} (--debug shows where)", file=sys.stderr)
    return error_page(request, 500, "failure")


#: Exception -> its page.
HANDLERS = {HTTPException: on_http_error, NewsmillError: on_mistake, PyMongoError: on_store_error}
