"""Noun: what is doubted in a translation, one file a kind of check; found by listing this folder.

A check names doubts and never says more than the two rows show: no model is asked.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synth.translation.pair import RowPair, row_pair


@dataclass(frozen=True)
class Check:
    """A kind of check.

    Attributes:
        meanings: name of a doubt -> what it says, in plain English, for reports.
        doubts: the names that a row and its translation give rise to.
        doubts_alone: the names that a translation gives rise to whose source is not known; None where it takes both.
    """

    meanings: Mapping[str, str]
    doubts: Callable[[RowPair], Iterator[str]]
    doubts_alone: Callable[[RowPair], Iterator[str]] | None = None


@functools.cache
def checks() -> tuple[Check, ...]:
    """All of them."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").CHECK for name in names)


@functools.cache
def meanings() -> Mapping[str, str]:
    """Every name that a check may give -> what it says."""
    return {name: meaning for check in checks() for name, meaning in check.meanings.items()}


def doubts(source: Mapping[str, Any], translation: Mapping[str, Any], source_language: str, language: str) -> list[str]:
    """What is doubted in a translated row, by name, in order of the alphabet; `meanings()` says what each name says.

    Args:
        source: the row as it was, {instruction, input, output} or {messages}.
        translation: the row in the other language, in the same form.
        source_language: ISO 639-1 code.
        language: that of the translation.
    """
    row = row_pair(source, translation, source_language, language)
    return sorted({name for check in checks() for name in check.doubts(row)})


def doubts_without_source(translation: Mapping[str, Any], source_language: str, language: str) -> list[str]:
    """What can be doubted in a translated row whose source is lost, by name.

    Args:
        translation: the row, {instruction, input, output} or {messages}.
        source_language: ISO 639-1 code of what it was translated from, of which words may be left.
        language: its own.
    """
    row = row_pair({}, translation, source_language, language)
    return sorted({name for check in checks() if check.doubts_alone for name in check.doubts_alone(row)})
