"""Pauses that servers ask for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.downloadermiddlewares.backoff import retry_after

NOW = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"30", 30.0),
        (b" 0 ", 0.0),
        (b"Fri, 01 May 2026 12:01:00 GMT", 60.0),
        (b"Fri, 01 May 2026 11:00:00 GMT", 0.0),
        (b"Fri, 01 May 2026 12:00:30 -0000", 30.0),
        (b"soon", None),
        (b"-5", None),
        (b"", None),
        (None, None),
    ],
)
def test_retry_after_in_both_forms(header: bytes | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
