"""Candidates wait beyond the limit, and come in when others come to nothing."""

from __future__ import annotations

from scrapy import Request

from crawler.discovery.limit import CandidateLimit

REQUESTS = [Request(f"https://www.open.online/{number}") for number in range(5)]


def test_no_limit_admits_everything() -> None:
    limit = CandidateLimit(0)
    assert all(limit.admit(request) for request in REQUESTS)
    limit.stored = 5
    assert limit.finish() == []
    assert not limit.is_reached


def test_in_flight_and_stored_never_exceed_it() -> None:
    limit = CandidateLimit(2)
    assert [limit.admit(request) for request in REQUESTS] == [True, True, False, False, False]
    # The first is refused: the next one in the queue takes its place.
    assert limit.finish() == [REQUESTS[2]]
    for _ in range(2):
        limit.stored += 1
        assert limit.finish() == []
    assert limit.is_reached
    assert not limit.admit(REQUESTS[0])
    assert (limit.stored, limit.in_flight) == (2, 0)
