"""The limit of a crawl: candidates beyond it wait until one before them comes to nothing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapy import Request


class CandidateLimit:
    """Candidates in flight and articles stored together never exceed the limit.

    Attributes:
        maximum: how many articles to store at most; 0 for all.
        stored: how many were.
        in_flight: candidates whose end is not known yet.
    """

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.stored = 0
        self.in_flight = 0
        self._queue: deque[Request] = deque()

    @property
    def is_reached(self) -> bool:
        """Whether as many articles as the limit allows are stored."""
        return bool(self.maximum) and self.stored >= self.maximum

    @property
    def waiting(self) -> list[str]:
        """The addresses of the candidates that were not let in."""
        return [request.url for request in self._queue]

    @property
    def _has_room(self) -> bool:
        return not self.maximum or self.stored + self.in_flight < self.maximum

    def admit(self, request: Request) -> bool:
        """Whether a candidate may be fetched now; one that may not is kept for later."""
        if self._has_room:
            self.in_flight += 1
            return True
        self._queue.append(request)
        return False

    def finish(self) -> list[Request]:
        """One candidate came to its end; returns those that are let in for it."""
        self.in_flight -= 1
        requests = []
        while self._queue and self._has_room:
            self.in_flight += 1
            requests.append(self._queue.popleft())
        return requests
