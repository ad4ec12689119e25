"""One loopback site for all tests that only read from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from demo.loopback_site.server import LoopbackSite
from tests.demo.loopback_site.helpers import RECORDS


@pytest.fixture(scope="session")
def site() -> Iterator[LoopbackSite]:
    with LoopbackSite(RECORDS) as site:
        yield site
