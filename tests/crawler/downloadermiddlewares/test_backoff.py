"""Pauses that servers ask for, and reservations in headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from scrapy.http import Headers, Response

from crawler.downloadermiddlewares.backoff import retry_after, said_in

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


def test_reservations_in_headers() -> None:
    headers = Headers({"TDM-Reservation": "1", "X-Robots-Tag": ["noarchive", "noai, noimageai"]})
    assert said_in(Response("https://www.ansa.it/", headers=headers)) == [
        "header tdm-reservation: 1",
        "header X-Robots-Tag: noai",
    ]
    quiet = Headers({"TDM-Reservation": "0", "X-Robots-Tag": "noarchive"})
    assert said_in(Response("https://www.ansa.it/", headers=quiet)) == []
