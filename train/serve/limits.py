"""Who may ask, and how much: hosts that a web page cannot pretend to be, bodies bounded before they are in memory."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from train.serve.request import RequestError

#: Bytes of a request's body at most: the longest context that models have is about a tenth of it.
BODY = 8 * 2**20
#: Seconds in which a body must have come.
SECONDS = 30.0


class Hosts:
    """The names under which the server may be asked.

    A page in a browser can let its own name point at 127.0.0.1 (DNS rebinding) and then read the answers; it cannot let
    a request say another name than its own. An address in digits is never a page's name.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = {"localhost", socket.gethostname().lower(), *(name.lower() for name in names)}

    def check(self, request: Request) -> None:
        """Raises:
        RequestError: the request is for another host, or comes from another host's page.
        """
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not self._is_ours(f"//{host}"):
            message = f"this server is not {host or 'a host without a name'}: --allow-host NAME admits a name"
            raise RequestError(message, 403)
        if origin is not None and not self._is_ours(origin):
            raise RequestError(f"pages of {origin} may not ask here: --allow-host NAME admits a name", 403)

    def _is_ours(self, address: str) -> bool:
        try:
            name = urlsplit(address).hostname or ""
        except ValueError:
            return False
        return name in self.names or name.endswith(".localhost") or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def read_json(request: Request) -> Any:
    """The JSON of a request's body.

    Raises:
        RequestError: it is larger than `BODY` (found by its length, or as soon as so much has come), late, or no JSON.
    """
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > BODY:
        raise _too_large()
    try:
        async with asyncio.timeout(SECONDS):
            body = await _bounded(request)
    except TimeoutError as error:
        raise RequestError(f"the body did not come within {SECONDS:g} seconds", 408) from error
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise RequestError("the body is no JSON") from error


async def _bounded(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY:
            raise _too_large()
        parts.append(part)
    return b"".join(parts)


def _too_large() -> RequestError:
    return RequestError(f"the body is larger than {BODY:,} bytes", 413)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
