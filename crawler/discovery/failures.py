"""Why a request came to nothing, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import DownloadCancelledError
from scrapy.spidermiddlewares.httperror import HttpError

if TYPE_CHECKING:
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
