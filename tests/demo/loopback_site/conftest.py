"""One newsstand for all tests that only read from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.loopback_site.server import Newsstand
from tests.demo.loopback_site.helpers import RECORDS


@pytest.fixture(scope="session")
def stand() -> Iterator[Newsstand]:
    with Newsstand(RECORDS) as stand:
        yield stand
