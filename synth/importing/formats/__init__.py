"""Formats of instruction sets, one file each: by what a row of it is known, and how it is read.

A module of this folder has `FORMAT`; it is found by listing the folder.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from crawler.items import RecordError
from synth.importing.conversation import Conversation

Fields = Mapping[str, Any]
#: (place, a conversation or why there is none) of rows that are known only when all were read.
Late = Iterator[tuple[str, Conversation | RecordError]]


class Reader(Protocol):
    """Reads the rows of one import; it may wait for rows that belong to one already read."""

    def parse(self, row: Fields, position: str) -> Iterable[Conversation]:
        """The conversations of a row.

        Raises:
            RecordError: why it is none.
        """

    def finish(self) -> Late:
        """What was waiting."""


class EachRow:
    """A reader of rows that stand for themselves."""

    def __init__(self, conversations_of: Callable[[Fields], Iterable[Conversation]]) -> None:
        self.conversations_of = conversations_of

    def parse(self, row: Fields, position: str) -> Iterable[Conversation]:  # noqa: ARG002  some wait, and name it later
        return self.conversations_of(row)

    def finish(self) -> Late:
        return iter(())


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: as `--format` takes it.
        title: what people know it by.
        fields: the cells that it reads, for `--map`.
        fits: whether a row is one, by its cells.
        reader: makes what reads an import's rows.
        position: the more special a format, the smaller; of those that a row fits the first counts.
        joins: whether rows of several files belong together.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    fits: Callable[[Fields], bool]
    reader: Callable[[], Reader]
    position: int = 500
    joins: bool = False


def of_rows(conversation_of: Callable[[Fields], Conversation]) -> Callable[[], Reader]:
    """What makes the reader of a format whose rows stand for themselves."""
    return of_each(lambda row: [conversation_of(row)])


def of_each(conversations_of: Callable[[Fields], Iterable[Conversation]]) -> Callable[[], Reader]:
    """As `of_rows`, where a row may hold several."""
    return lambda: EachRow(conversations_of)


@functools.cache
def formats() -> Mapping[str, Format]:
    """Name -> format, the most special first."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    rows = [module.FORMAT for module in modules]
    return {row.name: row for row in sorted(rows, key=lambda row: (row.position, row.name))}


def has_text(row: Fields, *names: str) -> bool:
    """Whether a row has a text, or a number, under one of these names."""
    return any(isinstance(row.get(name), str | int | float) and not isinstance(row.get(name), bool) for name in names)


def first_of(row: Fields, *names: str) -> tuple[str, Any]:
    """(name, value) of the first of these cells that holds something; ("", None) for none."""
    return next(((name, row[name]) for name in names if row.get(name) is not None), ("", None))
