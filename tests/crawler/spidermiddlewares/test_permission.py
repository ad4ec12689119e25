"""Reservations in headers, as evidence."""

from __future__ import annotations

from scrapy.http import Headers, Response

from crawler.spidermiddlewares.permission import header_reservations


def test_reservations_in_headers() -> None:
    headers = Headers({"TDM-Reservation": "1", "X-Robots-Tag": ["noarchive", "noai, noimageai"]})
    assert header_reservations(Response("https://www.ansa.it/", headers=headers)) == [
        "header tdm-reservation: 1",
        "header X-Robots-Tag: noai",
    ]
    quiet = Headers({"TDM-Reservation": "0", "X-Robots-Tag": "noarchive"})
    assert header_reservations(Response("https://www.ansa.it/", headers=quiet)) == []
