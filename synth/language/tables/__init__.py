"""One file a language, found by listing this folder; which of them a text is read with."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Mapping

from synth.language.table import LanguageTable

_WORD = re.compile(r"[^\W\d_]+")
#: Letters of a text that its table is chosen by.
_BEGINNING = 4000
#: Words that a language must have whose table is not shared: the others' texts stay with the others.
_ENOUGH = 3


@functools.cache
def languages() -> Mapping[str, LanguageTable]:
    """Code -> table, the newspapers' own languages first."""
    names = (module.name for module in pkgutil.iter_modules(__path__))
    tables = [importlib.import_module(f"{__name__}.{name}").TABLE for name in names]
    return {table.code: table for table in sorted(tables, key=lambda table: (table.rank, table.code))}


@functools.cache
def tables_read_with(code: str) -> tuple[LanguageTable, ...]:
    """The tables whose words for numbers, days and names are read in a text of a language: its own and the shared."""
    return tuple(table for table in languages().values() if table.shared or table.code == code)


def is_syllabic(code: str) -> bool:
    """Whether a language is written in syllables, of which one is not yet a word; False for one without a table."""
    return code in languages() and languages()[code].names.syllabic


def nearest(text: str) -> str:
    """The language with most of the text's small words; the first of all where none has any.

    Not a detector (see `synth.language.detect`), which may know a language without a table and need not decide: this is
    for choosing among the tables, at the cost of a few look-ups. Words with letters that only one language has count
    half: names in another have them, too.
    """
    counts = Counter(_WORD.findall(text[:_BEGINNING].lower()))
    votes = {code: _votes(table, counts) for code, table in languages().items()}
    votes = {code: count for code, count in votes.items() if languages()[code].shared or count >= _ENOUGH}
    return max(votes, key=votes.__getitem__)


def _votes(table: LanguageTable, counts: Counter[str]) -> float:
    frequent = sum(map(counts.__getitem__, table.frequent & counts.keys()))
    if not table.letters:
        return frequent
    letters = _letters(table.letters)
    return frequent + sum(count for word, count in counts.items() if letters.search(word)) / 2


@functools.cache
def _letters(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
