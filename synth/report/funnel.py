"""From pages to exported rows: how many there are at each step, and a name for each that was lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from synth.commands import commands
from synth.samples.sample import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: Counts of crawl and import runs that are pages of articles which the store has, as they were or as they are now.
KNOWN = ("updated", "unchanged", "also_at", "repeated")
#: Counts that are neither that nor a loss.
OTHER = ("fetched", "stored")
_EVENTS = {"current": True, "size": {"$gte": 2}}


def collect_funnel(database: Database[dict[str, Any]], measured: Mapping[str, int]) -> dict[str, Any]:
    """{steps, export}: each step {name, count, unit, losses: [{reason, count}]}, losses being those after the step.

    Scored and judged samples have the unit "measured": they are a part of the samples, and their losses are those not
    measured; an export may take samples that nobody judged.

    `measured` is that of `synth.report.sample_statistics`. Pages are summed over every crawl and import, since
    articles stay; later steps are the store as it is.
    """
    articles = _articles(database)
    reading = _reading(database, articles["stored"]["count"])
    events = _events(database)
    samples = _samples(database, measured["count"])
    export = _export(database, measured["count"])
    steps = [
        {"unit": "pages", **reading},
        {"name": "Articles stored", "unit": "articles", **articles["stored"]},
        {"name": "Articles in events", "unit": "articles", "count": articles["in_events"], "losses": []},
        {"name": "Events", "unit": "events", **events},
        {"name": "Rows of sets", "unit": "rows", **_rows(database)},
        {"name": "Samples", "unit": "samples", **samples},
        *_measured(measured),
    ]
    losses = next(step["losses"] for step in steps if step["name"] == "Samples")
    if export:
        # Only samples that were there when it was made can have been left out of it.
        losses += export["losses"]
        losses.sort(key=lambda loss: (-loss["count"], loss["reason"]))
        steps.append({"name": "Exported", "unit": "samples", "count": export["rows"], "losses": []})
    return {"steps": [step for step in steps if step["count"] is not None], "export": export}


def _rows(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Rows of instruction sets that were imported, and why some became no sample, of the newest import of each file."""
    newest = database.runs.aggregate(
        [
            {"$match": {"stage": "import", "samples": {"$exists": True, "$ne": {}}}},
            {"$sort": {"started_at": 1}},
            {"$group": {"_id": "$configuration.files", "samples": {"$last": "$samples"}}},
        ]
    )
    reasons: Counter[str] = Counter()
    for row in newest:
        reasons.update({name: count for name, count in row["samples"].items() if name not in (*KNOWN, *OTHER)})
    count = database.samples.count_documents({"provenance.format": {"$exists": True}}) + reasons.total()
    return {"count": count or None, "losses": _losses(reasons)}


def _losses(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Named losses, largest first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"reason": reason, "count": count} for reason, count in ordered if count > 0]


def _summed(database: Database[dict[str, Any]], stages: str) -> Counter[str]:
    """Counts of every run of the stages that a regular expression names; inner tables as name/inner."""
    total: Counter[str] = Counter()
    for row in database.runs.find({"stage": {"$regex": stages}}, {"counts": 1}):
        for name, value in flat(row.get("counts") or {}):
            total[name] += value
    return total


def flat(counts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, int]]:
    """(name, count), inner tables as name/inner; the prefixes that a crawler's statistics have say nothing here."""
    for name, value in counts.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{before}{name}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield (before + name).removeprefix("newsmill/").removeprefix("dropped/"), int(value)


def _summed_rows(database: Database[dict[str, Any]]) -> Counter[str]:
    """Outcomes of the rows that imports read as samples, by the names under which runs count them."""
    total: Counter[str] = Counter()
    for row in database.runs.find({"stage": "import", "samples": {"$exists": True}}, {"samples": 1}):
        for name, count in row["samples"].items():
            total[f"samples_{name}" if name in ("stored", "updated", "unchanged") else name] += count
    return total


def _reading(database: Database[dict[str, Any]], stored: int) -> dict[str, Any]:
    """Pages and rows read, and why some became no article.

    They are counted backwards from the articles, so that the steps add up though a killed run has written no counts.
    """
    crawl, imported = _summed(database, "^crawl(:|$)"), _summed(database, "^import(:|$)")
    imported -= _summed_rows(database)
    if not crawl and not imported:
        return {"name": "", "count": None, "losses": []}
    counts = crawl + imported
    unchanged = sum(counts[name] for name in KNOWN)
    # Whatever else is counted is the name of a reason.
    reasons = Counter({name: count for name, count in imported.items() if name not in (*KNOWN, *OTHER)})
    reasons += refused(database) | Counter(
        {name: count for name, count in crawl.items() if name not in (*KNOWN, *OTHER)}
    )
    reasons["in_the_store_already"] = unchanged
    name = "Pages and rows read" if crawl and imported else "Pages read" if crawl else "Rows read"
    return {"name": name, "count": stored + sum(reasons.values()), "losses": _losses(reasons)}


#: What lists name besides articles, or what was not asked for: nothing that an archive lacks.
_NO_ARTICLES = ("listing_page", "foreign_link", "no_link", "outside_dates", "beyond_limit")


def refused(database: Database[dict[str, Any]]) -> Counter[str]:
    """Reason -> pages that crawls refused, and links to articles that they did not follow.

    Refused pages are remembered one by one; links left out by their address are those of each newspaper's newest crawl,
    since every crawl meets them again.
    """
    pages = database.refusals.aggregate([{"$group": {"_id": "$reason", "count": {"$sum": 1}}}])
    total = Counter({str(row["_id"]): int(row["count"]) for row in pages})
    newest = database.runs.aggregate(
        [
            {"$match": {"stage": {"$regex": "^crawl:"}, "skipped": {"$exists": True}}},
            {"$sort": {"started_at": 1}},
            {"$group": {"_id": "$stage", "skipped": {"$last": "$skipped"}}},
        ]
    )
    for row in newest:
        links = flat(row["skipped"] or {})
        total.update({name: count for name, count in links if name not in _NO_ARTICLES})
    return total


def _articles(database: Database[dict[str, Any]]) -> dict[str, Any]:
    stored = database.articles.count_documents({})
    members = database.clusters.aggregate(
        [
            {"$match": _EVENTS},
            {"$unwind": "$articles"},
            {"$group": {"_id": "$articles"}},
            {"$count": "n"},
        ],
        allowDiskUse=True,
    )
    in_events = next(iter(members), {"n": 0})["n"]
    newest = database.runs.find_one({"stage": "cluster", "outcome": "done"}, sort=[("started_at", -1)])
    later = {"crawled_at": {"$gt": newest["started_at"]}} if newest else {}
    waiting = min(database.articles.count_documents(later), max(0, stored - in_events))
    reasons = {"in_no_event": max(0, stored - in_events - waiting), "not_clustered_yet": waiting}
    return {"stored": {"count": stored, "losses": _losses(reasons)}, "in_events": in_events}


def _events(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Current events, and why some have no sample."""
    count = database.clusters.count_documents(_EVENTS)
    without_sample = database.clusters.aggregate(
        [
            {"$match": _EVENTS},
            {"$lookup": {"from": "samples", "localField": "event", "foreignField": "event", "as": "samples",
                         "pipeline": [{"$match": {"superseded": {"$ne": True}}}, {"$project": {"_id": 1}},
                                      {"$limit": 1}]}},
            {"$match": {"samples": []}},
            {"$count": "n"},
        ]
    )  # fmt: skip
    shortfall = next(iter(without_sample), {"n": 0})["n"]
    newest = database.runs.find_one({"stage": "summarize"}, sort=[("started_at", -1)]) or {}
    counts = {
        name: value
        for name, value in (newest.get("counts") or {}).items()
        if name not in commands()["summarize"].outcomes
    }
    explained = _within(shortfall, counts)
    return {"count": count, "losses": _losses({**explained, "no_sample_yet": shortfall - sum(explained.values())})}


def _within(total: int, counts: Mapping[str, Any]) -> dict[str, int]:
    """The counts as far as they explain `total`: a failure that was made good since explains nothing."""
    explained: dict[str, int] = {}
    for name, value in sorted(counts.items()):
        if isinstance(value, int) and value > 0 and (rest := total - sum(explained.values())) > 0:
            explained[name] = min(value, rest)
    return explained


def _samples(database: Database[dict[str, Any]], current: int) -> dict[str, Any]:
    reasons = {"rejected": database.samples.count_documents({"superseded": {"$ne": True}, "status": "rejected"})}
    # Those rejected by a person were samples: they are counted, and lost afterwards.
    return {"count": current + reasons["rejected"], "losses": _losses(reasons)}


def _measured(samples: Mapping[str, int]) -> list[dict[str, Any]]:
    """How many samples were scored, and judged, and why the others were not."""
    if not samples["count"]:
        return []
    reasons = {"not_judged_yet": samples["count"] - samples["judged"] - samples["unread"],
               "reply_without_a_score": samples["unread"]}  # fmt: skip
    return [
        {"name": "of these scored", "unit": "measured", "count": samples["scored"],
         "losses": _losses({"not_scored_yet": samples["count"] - samples["scored"]})},
        {"name": "of these judged", "unit": "measured", "count": samples["judged"], "losses": _losses(reasons)},
    ]  # fmt: skip


def _export(database: Database[dict[str, Any]], current: int) -> dict[str, Any] | None:
    """The newest export: its filter and rows, and why current samples are not among them."""
    run = database.runs.find_one({"stage": "export", "outcome": "done"}, sort=[("started_at", -1)])
    if run is None:
        return None
    counts = dict(run.get("counts") or {})
    rows = int(counts.pop("exported", 0))
    since = database.samples.count_documents({**CURRENT, "created_at": {"$gt": run["started_at"]}})
    reasons = {name: value for name, value in counts.items() if name not in ("superseded", "rejected") and value > 0}
    unmatched = current - since - rows - sum(reasons.values())
    reasons |= {"not_named_by_the_filter": max(0, unmatched), "made_after_the_export": since}
    settings = run.get("configuration") or {}
    return {
        "rows": rows, "filter": settings.get("filter") or "", "seed": settings.get("seed"),
        "at": run["started_at"].isoformat(timespec="seconds"), "losses": _losses(reasons),
    }  # fmt: skip


def with_shares(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps with `share`, 0 to 1: the length of a bar, on one scale for all."""
    steps = list(steps)
    most = max((step["count"] for step in steps), default=0)
    return [{**step, "share": step["count"] / most if most else 0.0} for step in steps]
