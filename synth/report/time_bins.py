"""Counts by day, on an axis that can be read: days become weeks, months or years in long archives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from crawler.items import NEWSPAPERS

#: Series with a colour of their own; the rest is "others".
SERIES = 4
# More bars than this on a phone are thinner than a finger: days become weeks, weeks months.
_MOST_BARS = 45


def day_of(instant: str, field: str, attribute: str) -> dict[str, Any]:
    """Expression: the day of an instant in the zone of the newspaper whose `attribute` the field holds, else UTC."""
    zones = {str(getattr(paper, attribute)): paper.zone for paper in NEWSPAPERS.values()}
    branches = [{"case": {"$eq": [field, value]}, "then": zone} for value, zone in zones.items()]
    zone = {"$switch": {"branches": branches, "default": "UTC"}}
    return {"$dateToString": {"date": instant, "format": "%Y-%m-%d", "timezone": zone}}


def by_day(rows: Iterable[tuple[str, str, int]], names: Sequence[str]) -> dict[str, Any]:
    """{unit, labels, series, first, last} of (day, series, count).

    Args:
        names: the series in the order in which they get their colours.
    """
    counts: Counter[tuple[date, str]] = Counter()
    for day, name, count in rows:
        counts[(date.fromisoformat(day), name)] += count
    if not counts:
        return {"unit": "day", "labels": [], "series": {}, "first": None, "last": None}
    first, last = min(day for day, _ in counts), max(day for day, _ in counts)
    unit, labels = _axis(first, last)
    own_series = names if len(names) <= SERIES else names[: SERIES - 1]
    series: dict[str, Counter[str]] = {name: Counter() for name in own_series}
    for (when, name), count in counts.items():
        series.setdefault(name if name in own_series else "others", Counter())[_start(when, unit).isoformat()] += count
    return {
        "unit": unit, "labels": labels, "first": first.isoformat(), "last": last.isoformat(),
        "series": {name: [values[label] for label in labels] for name, values in series.items() if values},
    }  # fmt: skip


def _axis(first: date, last: date) -> tuple[str, list[str]]:
    """(unit, first days of the units) that cover a span in no more bars than can be told apart."""
    for unit in ("day", "week", "month", "year"):
        starts = [_start(first, unit)]
        while (following := _following(starts[-1], unit)) <= last and len(starts) <= _MOST_BARS:
            starts.append(following)
        if len(starts) <= _MOST_BARS or unit == "year":
            break
    return unit, [start.isoformat() for start in starts]


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def _following(start: date, unit: str) -> date:
    steps = {"day": 1, "week": 7, "month": 32, "year": 366}
    return _start(start + timedelta(days=steps[unit]), unit)
