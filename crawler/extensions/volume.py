"""How many articles a crawl met, against what earlier crawls like it did: a site that says less and less is heard."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.database import Database

#: How many of the comparable crawls before are looked at.
_RUNS = 20
#: Fewer articles than these are usual for nobody: by chance alone there may be none (Poisson: 0.0045 % of 10).
_ENOUGH = 10
#: Crawls of days are comparable within a year, and where one is at most so many times as long as the other.
_NEAR = timedelta(days=366)
_TIMES = 3.0


def articles_met(row: Mapping[str, Any]) -> int:
    """The articles a crawl met: those it read, and those that were known already; from its row or its closing."""
    return int(row.get("counts", {}).get("fetched", 0)) + int(row.get("known") or 0)


def usual(database: Database[dict[str, Any]], configuration: Mapping[str, Any]) -> float | None:
    """How many articles a crawl of this configuration meets; None where no earlier one is comparable.

    The median of the last 20: of newspaper, section and sort like it; for crawls of days, by the number of days.

    Raises:
        PyMongoError: the store does not answer.
    """
    rows = _comparable(database, configuration)
    days = _days(configuration) or 1
    rates = [articles_met(row) / (_days(row["configuration"]) or 1) for row in rows]
    expected = statistics.median(rates) * days if rates else 0.0
    return expected if expected >= _ENOUGH else None


def _comparable(database: Database[dict[str, Any]], configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the complete crawls like this one, newest first, back to the last accepted as a new beginning."""
    like = {name: configuration.get(name) for name in ("section", "javascript", "limit")}
    query = {
        "stage": f"crawl:{configuration['newspaper']}", "outcome": "done", "reason": "finished",
        "configuration.warc": None, "configuration.origin": {"$ne": None} if configuration.get("origin") else None,
        **{f"configuration.{name}": value for name, value in like.items()},
    }  # fmt: skip
    columns = {"configuration": 1, "counts": 1, "known": 1, "accepted": 1}
    rows: list[dict[str, Any]] = []
    for row in database.runs.find(query, columns).sort("started_at", -1).limit(10 * _RUNS):
        if len(rows) < _RUNS and _alike(row["configuration"], configuration):
            rows.append(row)
            if row.get("accepted"):
                break
    return rows


def _days(configuration: Mapping[str, Any]) -> int:
    """How many days a crawl was asked for; 0 where it took the newest."""
    since, until = configuration.get("since"), configuration.get("until")
    return (date.fromisoformat(until) - date.fromisoformat(since)).days + 1 if since and until else 0


def _alike(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    days, days_now = _days(before), _days(now)
    if not days or not days_now:
        return days == days_now
    distance = abs(date.fromisoformat(before["until"]) - date.fromisoformat(now["until"]))
    return distance <= _NEAR and max(days, days_now) <= _TIMES * min(days, days_now)
