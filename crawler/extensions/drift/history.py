"""The crawls before: which of them a crawl is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from crawler.extensions.drift.comparison import ENOUGH

if TYPE_CHECKING:
    from pymongo.database import Database

#: How many of the comparable crawls before are pooled.
RUNS = 20
#: Crawls are comparable whose articles are at most so many months apart: archives have the templates of their years.
MONTHS = 12


def earlier(database: Database[dict[str, Any]], newspaper: str, like: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the comparable crawls, newest first: back to the last one that was accepted as a new beginning."""
    query = {
        "stage": f"crawl:{newspaper}", "outcome": {"$in": ["done", "interrupted"]}, "fields.pages": {"$gt": 0},
        **{f"fields.like.{name}": value for name, value in like.items()},
    }  # fmt: skip
    columns = {"fields": 1, "drift": 1, "accepted": 1, "started_at": 1}
    rows = []
    for row in database.runs.find(query, columns).sort("started_at", -1).limit(10 * RUNS):
        rows.append(row)
        if row.get("accepted"):
            break
    return rows


def good(rows: list[dict[str, Any]], month: str) -> list[dict[str, Any]]:
    """Those of `earlier` to compare with, newest first.

    A degraded crawl is none, and neither are the small ones after it, which were too small to be judged.
    """
    comparable, healthy = [], True
    for row in reversed(rows):
        if not _near(row["fields"]["month"], month):
            continue
        if row.get("drift"):
            healthy = bool(row.get("accepted"))
        elif row["fields"]["articles"] >= ENOUGH:
            healthy = True
        if healthy:
            comparable.append(row)
    return comparable[::-1][:RUNS]


def _near(month: str, reference: str) -> bool:
    if not month or not reference:
        return True
    day, reference_day = (date.fromisoformat(f"{text}-01") for text in (month, reference))
    return abs((day.year - reference_day.year) * 12 + day.month - reference_day.month) <= MONTHS


def accept(database: Database[dict[str, Any]], rows: list[dict[str, Any]]) -> bool:
    """Make the last degraded crawl a new beginning, unless a good one came after it.

    Its articles are stored: a crawl that comes to accept them may find none of its own.
    """
    for row in rows:
        if row.get("drift") and not row.get("accepted"):
            database.runs.update_one({"_id": row["_id"]}, {"$set": {"accepted": True}})
            return True
        if row["fields"]["articles"] >= ENOUGH:
            return False
    return False
