"""How a language writes what a prompt names its sources by: the newspaper and the day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from crawler.items import NEWSPAPERS, newspaper_name
from synth.language.tables import languages

#: The language whose way to write a day is taken where a language has no table.
_FALLBACK = "en"


def source_label(source: Mapping[str, Any], language: str) -> str:
    """Newspaper and day as far as they are known, such as "ANSA, 4 maggio 2026"; "" for neither."""
    site = str(source.get("source_site") or "")
    return ", ".join(part for part in (newspaper_name(site), date_label(day_of(source), language)) if part)


def span_label(text: Mapping[str, Any], language: str) -> str:
    """The days from `first` to `last` of a text; one day once, "" without days."""
    first, last = (date_label(text.get(end), language) for end in ("first", "last"))
    return first if first == last else " – ".join(part for part in (first, last) if part)


def date_label(day: date | None, language: str) -> str:
    """A day in words: "4 maggio 2026", "ngày 4/5/2026", "4. Mai 2026"; English where we do not know better."""
    if day is None:
        return ""
    table = languages().get(language) or languages()[_FALLBACK]
    months = table.dates.months
    return table.prompts.date_form.format(
        day=table.prompts.first_day if day.day == 1 else day.day,
        month=months[day.month - 1].partition("|")[0] if months else "",
        number=day.month,
        year=day.year,
    )


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
    return {newspaper.source_site: ZoneInfo(newspaper.zone) for newspaper in NEWSPAPERS.values()}
