"""One file a language, found by listing this folder: how each asks about its own words, letters and sounds."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from synth.translation.language_bound.table import BoundTable


@functools.cache
def bound_tables() -> Mapping[str, BoundTable]:
    """ISO 639-1 code -> table."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    tables = [importlib.import_module(f"{__name__}.{name}").TABLE for name in names]
    return {table.code: table for table in tables}


def table_of(language: str) -> BoundTable:
    """The table of a language; English where it has none, since most instructions are written in it."""
    return bound_tables().get(language, bound_tables()["en"])
