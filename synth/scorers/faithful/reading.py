"""What one source states, read once: numbers, dates and names by their values, and its words by their places."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from synth.language.segmentation import sentences
from synth.language.tables import languages, nearest
from synth.scorers.faithful.lexicon import lexicon
from synth.scorers.faithful.names import NameIndex, QuoteIndex
from synth.scorers.faithful.numbers import mentions_of
from synth.scorers.faithful.tokens import Mention, Reading, Token, tokens_of
from synth.scorers.faithful.units import units_of
from synth.scorers.readings import read_once

Source = str | Mapping[str, Any]

#: Sentences that are kept of one stem; one that stands in more says little of any.
_SENTENCES = 50


def plain_text(source: Source) -> str:
    """All that a source states, in NFC; "" for one without."""
    if isinstance(source, str):
        return unicodedata.normalize("NFC", source)
    parts = [source.get(name) for name in ("title", "description", "content", "source_site")]
    tags = source.get("tags")
    parts += tags if isinstance(tags, list) else [tags]
    return unicodedata.normalize("NFC", "\n\n".join(part for part in parts if isinstance(part, str) and part))


class SourceReading:
    """What a source states, by value; nobody changes it once it is made."""

    def __init__(self, source: Source) -> None:
        self.text = plain_text(source)
        self.language = nearest(self.text)
        #: with its white space folded.
        self.flat = " ".join(self.text.split())
        self.statements = Statements()
        tokens = tokens_of(self.text)
        mentions = list(mentions_of(tokens, self.language))
        self.names = NameIndex()
        self.names.add(tokens, self.language)
        self._add_statements(source, tokens, mentions)
        self.units = units_of(self.text, tokens, mentions, sentences(self.text, self.language), self.language)
        #: stem -> the sentences that have it, in order; runs of three stems.
        self.sentences: dict[str, list[int]] = defaultdict(list)
        self.runs: set[tuple[str, ...]] = set()
        for number, stems in enumerate(self.units.stems):
            for each in dict.fromkeys(stems):
                if len(self.sentences[each]) < _SENTENCES:
                    self.sentences[each].append(number)
            self.runs.update(zip(stems, stems[1:], stems[2:], strict=False))
        self._quotes: QuoteIndex | None = None

    @property
    def quotes(self) -> QuoteIndex:
        """Its runs of words; made when an answer quotes somebody."""
        if self._quotes is None:
            self._quotes = QuoteIndex()
            self._quotes.add(self.text)
        return self._quotes

    def _add_statements(self, source: Source, tokens: list[Token], mentions: list[Mention]) -> None:
        for mention in mentions:
            for reading in mention.readings:
                self.statements.add(reading, mention.context)
        if not isinstance(source, str):
            self._add_dates(source.get("date"), {token.low for token in tokens})

    def _add_dates(self, printed: object, words: set[str]) -> None:
        """The source's own day, and the days that it calls by their distance or weekday."""
        if not isinstance(printed, datetime):
            return
        relative, weekdays = lexicon(self.language).relative, set(self.statements.weekdays)
        for hours in languages()[self.language].dates.hours_ahead:
            day = (printed + timedelta(hours=hours)).date()
            self.statements.add_day(day)
            for word in words & relative.keys():
                self.statements.add_day(day + timedelta(days=relative[word]))
            for distance in range(-6, 7):
                near = day + timedelta(days=distance)
                if near.weekday() in weekdays:
                    self.statements.add_day(near)


class Statements:
    """Numbers, dates and times by their values."""

    def __init__(self) -> None:
        self.numbers: dict[Fraction, set[str]] = defaultdict(set)
        self.dates: set[tuple[int | None, int | None, int | None]] = set()
        self.times: set[tuple[int, int]] = set()
        self.weekdays: set[int] = set()
        self.other_readings: set[Reading] = set()
        #: what is counted -> the numbers that are given of it.
        self.numbers_by_context: dict[str, set[Fraction]] = defaultdict(set)

    def add(self, reading: Reading, context: str) -> None:
        """One reading of a mention, and what that counts."""
        if context and isinstance(reading[1], Fraction):
            self.numbers_by_context[context].add(reading[1])
        match reading:
            case ("number", Fraction() as value, str(kind)):
                self.numbers[value].add(kind)
            case ("plain", Fraction() as value):
                self.numbers[value].add("plain")
            case ("date", year, month, day):
                self.dates.add((year, month, day))  # type: ignore[arg-type]
            case ("time", int(hour), int(minute)):
                self.times.add((hour, minute))
            case ("weekday", int(day)):
                self.weekdays.add(day)
                self.other_readings.add(reading)
            case ("pair", Fraction() as low, Fraction() as high):
                self.other_readings.add(reading)
                self.numbers[low].add("")
                self.numbers[high].add("")
            case _:
                self.other_readings.add(reading)

    def add_day(self, day: date) -> None:
        """A day that is meant."""
        self.dates.add((day.year, day.month, day.day))
        self.weekdays.add(day.weekday())

    @classmethod
    def union(cls, parts: Sequence[Statements]) -> Statements:
        """All that any of them states; that of one is itself."""
        if len(parts) == 1:
            return parts[0]
        union = cls()
        for part in parts:
            for key, values in part.numbers.items():
                union.numbers[key] |= values
            for context, numbers in part.numbers_by_context.items():
                union.numbers_by_context[context] |= numbers
            union.dates |= part.dates
            union.times |= part.times
            union.weekdays |= part.weekdays
            union.other_readings |= part.other_readings
        return union


@read_once
def read_source(source: Source) -> SourceReading:
    """The reading of a source."""
    return SourceReading(source)
