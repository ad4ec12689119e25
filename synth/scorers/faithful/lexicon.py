"""The words for numbers, dates and amounts in a text of one language, those of the shared tables included."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from synth.language import international
from synth.language.tables import languages, tables_read_with

#: Months are written in English, too, whatever the text is in.
_ENGLISH = "en"


def _union(rows: Iterable[Any], name: str, common: frozenset[str] = frozenset()) -> frozenset[str]:
    """The words that one field of several tables has."""
    return common.union(*(getattr(row, name) for row in rows))


def _by_word(rows: Iterable[Mapping[Any, str]]) -> dict[str, Any]:
    """word -> what it says, of tables that go the other way."""
    return {word: key for row in rows for key, text in row.items() for word in text.split()}


def _numbered(names: Iterable[str], first: int) -> dict[str, int]:
    """word -> its position; other spellings stand after a stroke."""
    return {word: number for number, name in enumerate(names, first) for word in name.lower().split("|")}


class Lexicon:
    """What the words of a text in one language mean; fields are named as in `synth.language.table`."""

    def __init__(self, code: str) -> None:
        self.own = languages()[code]
        tables = tables_read_with(code)
        self._add_numbers([table.numbers for table in tables])
        self._add_measures([table.numbers for table in tables])
        self._add_dates([table.dates for table in tables])
        self.own_months = self._months(code)
        self.months = self.own_months | self._months(_ENGLISH)
        self.weekdays = _numbered(self.own.dates.weekdays, 0)
        frequent = _union(tables, "frequent")
        #: words after a number that do not say what is counted.
        self.no_context = frequent | _union([table.numbers for table in tables], "no_context")

        self._beginnings = self._first_words()

    def _first_words(self) -> frozenset[str]:
        """Words that a date, an hour or an amount may begin with, numerals left out."""
        dates, numbers = self.own.dates, self.own.numbers
        markers = {dates.month_marker, dates.weekday_marker, *dates.sunday[:1]} - {""}
        return frozenset().union(
            self.months, self.weekdays, self.first, dates.day_markers, markers, self.currencies, numbers.half,
            numbers.ordinals,
        )  # fmt: skip

    def begins_mention(self, word: str) -> bool:
        """Whether a mention may begin with the word, in lower case; False is sure, and true of most words."""
        return word in self._beginnings or self.own.numbers.numerals.begins(word)

    @staticmethod
    def _months(code: str) -> dict[str, int]:
        dates = languages()[code].dates
        return _numbered(dates.months, 1) | dict(dates.month_names)

    def _add_numbers(self, rows: list[Any]) -> None:
        self.magnitudes: dict[str, int] = _by_word([international.MAGNITUDES, *(row.magnitudes for row in rows)])
        self.short_magnitudes = _union(rows, "short_magnitudes", international.SHORT_MAGNITUDES)
        self.halves = _union(rows, "halves")
        self.half_articles = _union(rows, "half_articles")
        self.approximate = _union(rows, "approximate")
        self.conjunctions = _union(rows, "conjunctions")
        self.ordinal_suffixes = _union(rows, "ordinal_suffixes", international.ORDINAL_SUFFIXES)
        self.definite = _union(rows, "definite")
        self.range_words = _union(rows, "range_words")
        self.numbered = _union(rows, "numbered", international.NUMBERED)
        self.hedges: dict[str, str] = {word: side for side in ("over", "under", "about") for word in _union(rows, side)}
        self.hedge_links = _union(rows, "hedge_links")
        self.hedge_pairs: dict[str, str] = {word: side for row in rows for word, side in row.hedge_pairs.items()}

    def _add_measures(self, rows: list[Any]) -> None:
        self.currencies: dict[str, str] = _by_word([international.CURRENCIES, *(row.currencies for row in rows)])
        self.currency_pairs = {first: second for row in rows for first, second in row.currency_pairs.items()}
        self.percent = _union(rows, "percent", international.PERCENT)
        self.percent_pairs = frozenset(pair for row in rows for pair in row.percent_pairs)
        symbols = {symbol: text for symbol, (_, _, text) in international.UNITS.items()}
        #: word -> (dimension, size in the dimension's smallest unit).
        self.units: dict[str, tuple[str, Fraction]] = {
            word: international.UNITS[symbol][:2]
            for word, symbol in _by_word([symbols, *(row.units for row in rows)]).items()
        }
        self.square, self.cubic = _union(rows, "square"), _union(rows, "cubic")
        self.links = _union(rows, "links")

    def _add_dates(self, rows: list[Any]) -> None:
        self.unsure_months = _union(rows, "unsure_months")
        self.first = _union(rows, "first")
        self.day_words = _union(rows, "day_words")
        self.day_markers = _union(rows, "day_markers")
        self.month_links = _union(rows, "month_links")
        self.year_links = _union(rows, "year_links")
        self.hour_words = _union(rows, "hour_words")
        self.hour_units = _union(rows, "hour_units")
        self.relative = {word: days for row in rows for word, days in row.relative.items()}

    def numeral(self, words: list[str], start: int) -> tuple[int, int] | None:
        """(value, words read) of the numeral below a thousand at `start`; words are in lower case."""
        return self.own.numbers.numerals.parse(words, start) if words[start] else None


@functools.cache
def lexicon(code: str) -> Lexicon:
    """The lexicon of one of `languages()`."""
    return Lexicon(code)
