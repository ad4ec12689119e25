"""What every request must pass, and what every response carries.

A request must be for a name of this server (DNS rebinding), from a rater, of a bounded size and, where it changes
something, from a form of ours (CSRF). A response lets the browser run and show nothing but our own files.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synth.review.errors import Refusal, error_page, on_failure
from synth.review.languages import choose_language
from synth.review.rendering import CSRF_FIELD
from synth.review.requests import Form

#: Bytes of a form at most; a letter of Vietnamese is nine of them.
FORM_BYTES = 4 * 2**20
#: Fields of a form at most.
FORM_FIELDS = 1000
#: Seconds in which a form must have come.
FORM_SECONDS = 30.0
#: Bytes of an address at most.
ADDRESS_BYTES = 8000
#: Who is no rater yet gets these.
PUBLIC = ("/enter", "/leave", "/language")
LANGUAGE_COOKIE = "newsmill_language"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def session_cookie(port: int) -> str:
    """Name of the cookie of a session: a browser sends a cookie to all ports of a host."""
    return f"newsmill_rater_{port}"


class Guard:
    """ASGI middleware: lets a request through to the pages, with `request.state` filled, or answers it itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request, reply = Request(scope, receive), Reply(send)
        try:
            body = await admit(request)
        except ClientDisconnect:
            return
        except Refusal as refusal:
            await error_page(request, refusal.status, refusal.key)(scope, receive, reply)
            return
        try:
            await self.app(scope, _again(body, receive), reply)
        except Exception as error:  # noqa: BLE001  whatever it is, the reader gets a page
            page = on_failure(request, error)
            if not reply.is_begun:
                await page(scope, receive, reply)


class Reply:
    """Sends a response with `HEADERS`."""

    def __init__(self, send: Send) -> None:
        self._send, self.is_begun = send, False

    async def __call__(self, message: Message) -> None:
        """Send one message of the response."""
        if message["type"] == "http.response.start":
            self.is_begun = True
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that has the body, which was read, once more."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


async def admit(request: Request) -> bytes:
    """The body of a request that may be answered; fills `request.state` with language, rater and form.

    Raises:
        Refusal: the request may not be answered.
    """
    state, app = request.state, request.app.state
    state.rater, state.form = "", Form()
    state.language = choose_language(
        request.cookies.get(LANGUAGE_COOKIE), app.settings.language, request.headers.get("accept-language", "")
    )
    _check_host(request)
    state.rater = app.access.rater_of_session(request.cookies.get(session_cookie(app.settings.port), ""))
    body = b""
    if request.method not in ("GET", "HEAD"):
        body = await _read_form(request)
    if not state.rater and request.url.path not in PUBLIC and not request.url.path.startswith("/static/"):
        raise Refusal(401, "rater")
    return body


def _check_host(request: Request) -> None:
    try:
        name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        name = ""
    if len(request.headers.getlist("host")) != 1 or not request.app.state.settings.admits(name):
        raise Refusal(400, "host")
    if len(request.scope.get("raw_path") or b"") + len(request.scope["query_string"]) > ADDRESS_BYTES:
        raise Refusal(414, "size")


async def _read_form(request: Request) -> bytes:
    if request.method != "POST":
        raise Refusal(405, "method")
    _check_origin(request)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Refusal(415, "form")
    body = await _bounded(request)
    request.state.form = _parse(body)
    token = request.state.form.get(CSRF_FIELD, "")
    if not request.app.state.access.is_form_token(request.state.rater, token):
        raise Refusal(403, "form")
    return body


def _check_origin(request: Request) -> None:
    """A browser says where a form comes from; where it does not, the form's token alone decides."""
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Refusal(403, "form")
    # Pages that send no referrer send the origin "null" with their forms.
    origin = request.headers.get("origin", "null")
    if origin != "null" and urlsplit(origin).netloc.lower() != request.headers["host"].lower():
        raise Refusal(403, "form")


async def _bounded(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > FORM_BYTES:
        raise Refusal(413, "size")
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > FORM_BYTES:
                    raise Refusal(413, "size")
    except TimeoutError as error:
        raise Refusal(408, "input") from error
    return bytes(body)


def _parse(body: bytes) -> Form:
    """The fields of a form; a browser ends lines with CR LF, our texts with LF."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS, errors="replace"
        )
    except ValueError as error:
        raise Refusal(413, "size") from error
    return Form([(name, text.replace("\r\n", "\n").replace("\r", "\n")) for name, text in pairs])
