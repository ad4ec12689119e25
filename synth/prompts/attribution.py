"""How a language writes what a prompt names its sources by: the newspaper and the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from crawler.items import NEWSPAPERS, newspaper_name

_MONTHS = {
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
_FORMS = {
    "it": "{day} {month} {year}", "en": "{day} {month} {year}", "es": "{day} de {month} de {year}",
    "fr": "{day} {month} {year}", "de": "{day}. {month} {year}", "vi": "ngày {day}/{number}/{year}",
}  # fmt: skip
#: The first of a month, where it is written otherwise.
_FIRST = {"it": "1º", "fr": "1er"}


def told_source(source: Mapping[str, Any], language: str) -> str:
    """Newspaper and day as far as they are known, such as "ANSA, 4 maggio 2026"; "" for neither."""
    site = str(source.get("source_site") or "")
    return ", ".join(part for part in (newspaper_name(site), told_date(day_of(source), language)) if part)


def told_span(text: Mapping[str, Any], language: str) -> str:
    """The days from `first` to `last` of a text; one day once, "" without days."""
    first, last = (told_date(text.get(end), language) for end in ("first", "last"))
    return first if first == last else " – ".join(part for part in (first, last) if part)


def told_date(day: date | None, language: str) -> str:
    """A day in words: "4 maggio 2026", "ngày 4/5/2026", "4. Mai 2026"; English where we do not know better."""
    if day is None:
        return ""
    form = language if language in _FORMS else "en"
    month = _MONTHS[form].split()[day.month - 1] if form in _MONTHS else ""
    number = _FIRST.get(form, "1") if day.day == 1 else str(day.day)
    return _FORMS[form].format(day=number, month=month, number=day.month, year=day.year)


def day_of(source: Mapping[str, Any]) -> date | None:
    """The day a source came out, by its newspaper's clock: 23:30 in UTC is tomorrow in Rome."""
    moment = source.get("date")
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            return None
    if not isinstance(moment, datetime):
        return None
    zone = _zones().get(str(source.get("source_site") or ""))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone or moment.tzinfo or UTC).date()


@cache
def _zones() -> dict[str, ZoneInfo]:
    return {paper.source_site: ZoneInfo(paper.zone) for paper in NEWSPAPERS.values()}
