"""Why a request came to nothing, in words; what a response says of its own body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import DownloadCancelledError
from scrapy.spidermiddlewares.httperror import HttpError

from crawler.page.parser import is_cut

if TYPE_CHECKING:
    from scrapy.http import Response
    from twisted.python.failure import Failure


def status_of(failure: Failure) -> int:
    """The HTTP status a request failed with; 0 where it failed otherwise."""
    return int(failure.value.response.status) if isinstance(failure.value, HttpError) else 0


def is_too_large(failure: Failure) -> bool:
    """Whether a page was given up at DOWNLOAD_MAXSIZE: on its way, or while it was unpacked."""
    return isinstance(failure.value, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(failure.value)


def short(failure: Failure) -> str:
    """The failure in one line."""
    message = (str(failure.value) or type(failure.value).__name__).splitlines()[0]
    # Refusals begin with their page, which is named beside them.
    return message.removeprefix(f"{failure.request.url}: ")[:120]  # type: ignore[attr-defined]


def content_type_of(response: Response) -> str:
    """The header in which a server names the charset; "" where there is none."""
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def is_broken_off(response: Response, counted: bool | None = None) -> bool:
    """Whether a page ends before its end.

    Args:
        response: the page.
        counted: whether its length was checked on the way; None: whether its headers name the one it has. What was
            unpacked was counted packed, and half a gzip stream is unpacked as far as it goes.
    """
    if counted is None:
        counted = response.headers.get("Content-Length") == str(len(response.body)).encode()
    return is_cut(response.body, counted)
