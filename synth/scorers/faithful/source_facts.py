"""What one source states: numbers, dates, hours and names by their values; read once for all samples that have it."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from synth.language.tables import languages, nearest
from synth.scorers.faithful.lexicon import lexicon
from synth.scorers.faithful.names import NameIndex
from synth.scorers.faithful.numbers import mentions_of
from synth.scorers.faithful.tokens import Reading, tokens_of
from synth.scorers.readings import read_once

Source = str | Mapping[str, Any]
#: Year, month and day; None where a text does not say.
Date = tuple[int | None, int | None, int | None]


def plain_text(source: Source) -> str:
    """All that a source states, in NFC; "" for one without."""
    if isinstance(source, str):
        return unicodedata.normalize("NFC", source)
    parts = [source.get(name) for name in ("title", "description", "content", "source_site")]
    tags = source.get("tags")
    parts += tags if isinstance(tags, list) else [tags]
    return unicodedata.normalize("NFC", "\n\n".join(part for part in parts if isinstance(part, str) and part))


@read_once
def source_facts(source: Source) -> SourceFacts:
    """What a source states; shared: not to be changed."""
    return SourceFacts(source)


class SourceFacts:
    """What a source states, by value."""

    def __init__(self, source: Source) -> None:
        self.text = plain_text(source)
        self.language = nearest(self.text)
        #: value -> classes of what it counts: "", "%", "plain", "money:EUR", "unit:length".
        self.numbers: dict[Fraction, set[str]] = defaultdict(set)
        self.dates: set[Date] = set()
        self.times: set[tuple[int, int]] = set()
        self.weekdays: set[int] = set()
        self.other_readings: set[Reading] = set()
        self.numbers_by_context: dict[str, set[Fraction]] = defaultdict(set)
        self.names = NameIndex()
        self._index(source)

    def _index(self, source: Source) -> None:
        tokens = tokens_of(self.text)
        self.names.add(tokens, self.language)
        weekdays: set[int] = set()
        for mention in mentions_of(tokens, self.language):
            for reading in mention.readings:
                self._add(reading)
                if mention.context and isinstance(reading[1], Fraction):
                    self.numbers_by_context[mention.context].add(reading[1])
                if reading[0] == "weekday":
                    weekdays.add(reading[1])  # type: ignore[arg-type]
        self.weekdays |= weekdays
        if not isinstance(source, str):
            self._add_dates(source.get("date"), {token.low for token in tokens}, weekdays)

    def _add(self, reading: Reading) -> None:
        match reading:
            case ("number", Fraction() as value, str(kind)):
                self.numbers[value].add(kind)
            case ("plain", Fraction() as value):
                self.numbers[value].add("plain")
            case ("date", year, month, day):
                self.dates.add((year, month, day))  # type: ignore[arg-type]
            case ("time", int(hour), int(minute)):
                self.times.add((hour, minute))
            case ("pair", Fraction() as low, Fraction() as high):
                self.other_readings.add(reading)
                self.numbers[low].add("")
                self.numbers[high].add("")
            case _:
                self.other_readings.add(reading)

    def _add_dates(self, printed: object, words: set[str], weekdays: set[int]) -> None:
        """The source's own day, and the days that it calls by their distance or weekday."""
        if not isinstance(printed, datetime):
            return
        relative = lexicon(self.language).relative
        for hours in languages()[self.language].dates.hours_ahead:
            day = (printed + timedelta(hours=hours)).date()
            self._add_day(day)
            for word in words & relative.keys():
                self._add_day(day + timedelta(days=relative[word]))
            for distance in range(-6, 7):
                near = day + timedelta(days=distance)
                if near.weekday() in weekdays:
                    self._add_day(near)

    def _add_day(self, day: date) -> None:
        self.dates.add((day.year, day.month, day.day))
        self.weekdays.add(day.weekday())
