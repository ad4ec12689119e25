"""The way of a filter from the command line to MongoDB: few modules, and none comes again.

Covers synth.filters and synth.query together.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from pymongo.collection import Collection

from synth.__main__ import main

LIMIT = 6
FIRST = "synth.query.command"
#: Frames of their own before Python 3.12, but no functions.
COMPREHENSIONS = ("<listcomp>", "<setcomp>", "<dictcomp>")
FILTERS = [
    ':language=it {"min_similarity": {"$gt": 0.2}, "date": {"$gte": {"$date": "2026-05-01"}}}',
    ':solid :near-every-source=0.3 {"superseded": false}',
    '{"$or": [{"sources.0.title": "Fonte 3"}, {"min_similarity": {"$gt": 0.5}}]}',
]


class Way:
    """Modules of synth in the order in which functions of theirs are called, until samples are looked for."""

    def __init__(self) -> None:
        self.modules: list[str] = []
        self.arrived = False

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or self.arrived or frame.f_code.co_name in COMPREHENSIONS:
            return
        if frame.f_code is Collection.find.__code__:
            self.arrived = frame.f_locals["self"].name == "samples" and "limit" in frame.f_locals["kwargs"]
        module = frame.f_globals.get("__name__", "")
        started = self.modules or (module == FIRST and frame.f_code.co_name == "main")
        if started and module.startswith("synth.") and self.modules[-1:] != [module]:
            self.modules.append(module)


@contextmanager
def traced() -> Iterator[Way]:
    way, before = Way(), sys.getprofile()
    sys.setprofile(way)
    try:
        yield way
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_goes_through_few_modules_and_through_none_twice(
    text: str, database: Any, database_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["query", "--uri", database_uri, "--json"]
    assert main([*words, "--save", "solid", "{}"]) == 0
    # What a process makes once (the schema's tables, the cookbook) is no part of the way of one filter.
    assert main([*words, text]) == 0
    with traced() as way:
        assert main([*words, text]) == 0
    assert way.arrived
    assert way.modules[0] == FIRST
    assert len(way.modules) == len(set(way.modules)), way.modules
    assert len(way.modules) <= LIMIT, way.modules
