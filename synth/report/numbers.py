"""Every number of the report, in one place: the page and `--json` say the same.

Sums are made by MongoDB; what comes back is small however large the store is. Nothing here writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.items import NEWSPAPERS
from crawler.mongo import code_version
from synth.report.cards import collect_cards
from synth.report.funnel import collect_funnel, flat
from synth.report.training import collect_training
from synth.samples import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: Bars of the similarity histogram, over [0, 1]; a cosine below 0 counts in the first.
SIMILARITY_BINS = 20
#: Bars of the variability histogram, over [0, 0.5]: the standard deviation of numbers in [0, 1] is at most 0.5.
STD_BINS = 20
#: Event sizes from here on share one bar, as do numbers of sources.
LARGE = 8
#: Newspapers with a colour of their own; the rest is "others".
SERIES = 4
# More bars than this on a phone are thinner than a finger: days become weeks, weeks months.
_MOST_BARS = 45


def collect(
    database: Database[dict[str, Any]], *, seed: int = 0, training: Path | None = None, now: datetime | None = None
) -> dict[str, Any]:
    """All numbers and sample cards, as JSON-serialisable values; the same store and seed give the same, but `made_at`.

    Raises:
        NewsmillError: `training` names no folder, or its files cannot be read.
    """
    newspapers = _newspapers(database)
    samples = _samples(database)
    languages = _languages(database, samples)
    numbers = {
        "made_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "code_version": code_version(),
        "database": database.name,
        "seed": seed,
        "newspapers": newspapers,
        "days": _days(database, [row["source_site"] for row in newspapers]),
        "events": _events(database),
        "languages": languages,
        "samples": {name: samples[name] for name in ("count", "unscored", "compression", "made_by")},
        "similarity": _similarity(samples),
        "funnel": collect_funnel(database),
        "runs": _runs(database),
        "training": collect_training(training) if training else None,
        "cards": collect_cards(database, seed),
    }
    numbers["headline"] = _headline(numbers)
    numbers["next"] = _next(numbers)
    return numbers


def _headline(numbers: Mapping[str, Any]) -> dict[str, Any]:
    days = numbers["days"]
    return {
        "articles": sum(row["articles"] for row in numbers["newspapers"]),
        "newspapers": len(numbers["newspapers"]),
        "events": numbers["events"]["count"],
        "in_events": next(step["count"] for step in numbers["funnel"]["steps"] if step["name"] == "Articles in events"),
        "samples": numbers["samples"]["count"],
        "languages": [row["language"] for row in numbers["languages"] if row["samples"]],
        "mean_similarity": (numbers["similarity"] or {}).get("mean"),
        "first_day": days["first"],
        "last_day": days["last"],
    }


def _newspapers(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """Articles of each newspaper, most first."""
    group = {
        "_id": "$source_site", "articles": {"$sum": 1}, "languages": {"$addToSet": "$language"},
        "opted_out": {"$sum": {"$cond": [{"$eq": ["$permission.opt_out", True]}, 1, 0]}},
        "teasers": {"$sum": {"$cond": [{"$eq": ["$access", "teaser"]}, 1, 0]}},
    }  # fmt: skip
    rows = [
        {"source_site": row.pop("_id") or "unknown", **row, "languages": sorted(filter(None, row["languages"]))}
        for row in database.articles.aggregate([{"$group": group}])
    ]
    return sorted(rows, key=lambda row: (-row["articles"], row["source_site"]))


def _days(database: Database[dict[str, Any]], sites: list[str]) -> dict[str, Any]:
    """Articles of each newspaper per day, in the newspaper's own time zone; weeks, months or years in long archives."""
    zones = {
        "$switch": {
            "branches": [
                {"case": {"$eq": ["$source_site", paper.source_site]}, "then": paper.zone}
                for paper in NEWSPAPERS.values()
            ],
            "default": "UTC",
        }
    }
    day = {"$dateToString": {"date": "$date", "format": "%Y-%m-%d", "timezone": zones}}
    rows = list(
        database.articles.aggregate(
            [
                {"$match": {"date": {"$type": "date"}}},
                {"$group": {"_id": {"day": day, "site": {"$ifNull": ["$source_site", "unknown"]}}, "n": {"$sum": 1}}},
            ]
        )
    )
    if not rows:
        return {"unit": "day", "labels": [], "series": {}, "first": None, "last": None}
    counts = {(date.fromisoformat(row["_id"]["day"]), row["_id"]["site"]): row["n"] for row in rows}
    first, last = min(day for day, _ in counts), max(day for day, _ in counts)
    unit, labels = _axis(first, last)
    named = sites if len(sites) <= SERIES else sites[: SERIES - 1]
    series: dict[str, Counter[str]] = {name: Counter() for name in named}
    for (when, site), count in counts.items():
        series.setdefault(site if site in named else "others", Counter())[_start(when, unit).isoformat()] += count
    return {
        "unit": unit, "labels": labels, "first": first.isoformat(), "last": last.isoformat(),
        "series": {name: [values[label] for label in labels] for name, values in series.items()},
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


def _events(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Current events: how many, how large, in which languages."""
    sizes: Counter[int] = Counter()
    languages: Counter[str] = Counter()
    largest = 0
    for row in database.clusters.aggregate(
        [
            {"$match": {"current": True, "size": {"$gte": 2}}},
            {"$group": {"_id": {"size": "$size", "language": "$language"}, "events": {"$sum": 1}}},
        ]
    ):
        size = row["_id"]["size"]
        sizes[min(size, LARGE)] += row["events"]
        languages[row["_id"].get("language") or ""] += row["events"]
        largest = max(largest, size)
    return {
        "count": sum(sizes.values()), "largest": largest, "languages": dict(sorted(languages.items())),
        "sizes": [{"size": size, "or_more": size == LARGE, "events": sizes[size]} for size in sorted(sizes)],
    }  # fmt: skip


def _samples(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """What one pass over the current samples yields."""
    pipeline = [{"$match": CURRENT}, {"$project": _SLIM}, {"$facet": _facets()}]
    found = next(iter(database.samples.aggregate(pipeline, allowDiskUse=True)))
    total: dict[str, Any] = next(iter(found["total"]), {})
    count, scored = total.get("count", 0), total.get("scored", 0)
    found["total"] = total
    found["count"], found["unscored"] = count, count - scored
    found["compression"] = total.get("compression")
    found["quantiles"] = _quantiles(database, scored)
    found["made_by"] = sorted(
        ({**row["_id"], "samples": row["samples"]} for row in found["made_by"]),
        key=lambda row: (-row["samples"], str(row)),
    )
    return found


def _length(field: str) -> dict[str, Any]:
    text = {"$cond": [{"$eq": [{"$type": field}, "string"]}, field, ""]}
    return {"$strLenCP": text}


# Sums need these few bytes of a sample, not its texts.
_SLIM: dict[str, Any] = {
    "language": 1, "detected": "$detected_language", "task": 1, "prompt": "$provenance.prompt",
    "model": "$provenance.model", "mean": "$mean_similarity", "least": "$min_similarity", "std": "$similarity_std",
    "similarity": 1, "embedder": "$similarity_embedder", "sources": {"$size": {"$ifNull": ["$sources", []]}},
    "answer_length": _length("$answer"),
    "source_length": {"$sum": {"$map": {"input": {"$ifNull": ["$sources", []]}, "in": _length("$$this.content")}}},
}  # fmt: skip
_SCORED = {"$match": {"mean": {"$type": "number"}}}


def _bin(field: str, width: float, bins: int) -> dict[str, Any]:
    """Expression: number of the histogram bar, clamped to 0..bins-1."""
    # Floats just below a bar's edge belong above it: 0.15 / 0.05 is 2.9999….
    place = {"$floor": {"$add": [{"$divide": [field, width]}, 1e-9]}}
    return {"$toInt": {"$min": [bins - 1, {"$max": [0, place]}]}}


def _facets() -> dict[str, list[dict[str, Any]]]:
    """Groups of `_samples`, by name."""
    one = {"$sum": 1}
    width, std_width = 1 / SIMILARITY_BINS, 0.5 / STD_BINS
    is_scored = {"$cond": [{"$isNumber": "$mean"}, 1, 0]}
    ratio = {"$cond": [{"$gt": ["$source_length", 0]}, {"$divide": ["$answer_length", "$source_length"]}, None]}
    average = {"samples": one, "mean": {"$avg": "$mean"}, "least": {"$avg": "$least"}}
    return {
        "total": [{"$group": {
            "_id": None, "count": one, "scored": {"$sum": is_scored}, "compression": {"$avg": ratio},
            "mean": {"$avg": "$mean"}, "embedders": {"$addToSet": "$embedder"},
        }}],
        "languages": [{"$group": {
            "_id": {"language": "$language", "detected": "$detected"}, "samples": one,
            "scored": {"$sum": is_scored}, "sum": {"$sum": "$mean"},
        }}],
        "made_by": [{"$group": {
            "_id": {name: {"$ifNull": [f"${name}", ""]} for name in ("task", "prompt", "model")}, "samples": one,
        }}],
        "means": [_SCORED, {"$group": {"_id": _bin("$mean", width, SIMILARITY_BINS), "n": one}}],
        "leasts": [_SCORED, {"$group": {"_id": _bin("$least", width, SIMILARITY_BINS), "n": one}}],
        "stds": [
            {"$match": {"std": {"$type": "number"}, "sources": {"$gte": 2}}},
            {"$group": {"_id": _bin("$std", std_width, STD_BINS), "n": one}},
        ],
        "variability": [
            {"$match": {"std": {"$type": "number"}, "sources": {"$gte": 2}}},
            {"$group": {"_id": None, "samples": one, "mean": {"$avg": "$std"}, "largest": {"$max": "$std"}}},
        ],
        "by_sources": [_SCORED, {"$group": {"_id": {"$min": ["$sources", LARGE]}, **average}}, {"$sort": {"_id": 1}}],
    }  # fmt: skip


def _quantiles(database: Database[dict[str, Any]], scored: int) -> dict[str, float]:
    """Exact 10th, 50th and 90th percentile of mean_similarity (the lower of two middle values)."""
    if not scored:
        return {}
    facets: dict[str, Any] = {
        name: [{"$skip": int((scored - 1) * share)}, {"$limit": 1}]
        for name, share in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9))
    }
    only = {"$match": {**CURRENT, "mean_similarity": {"$type": "number"}}}
    value = {"$project": {"_id": 0, "mean_similarity": 1}}
    sort = {"$sort": {"mean_similarity": 1}}
    found = next(iter(database.samples.aggregate([only, value, sort, {"$facet": facets}], allowDiskUse=True)))
    return {name: _rounded(rows[0]["mean_similarity"]) for name, rows in found.items() if rows}


def _rounded(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _similarity(samples: Mapping[str, Any]) -> dict[str, Any] | None:
    """Distribution of the similarities; None where nothing is scored."""
    if not samples["quantiles"]:
        return None
    variability = next(iter(samples["variability"]), None)
    return {
        "samples": samples["count"] - samples["unscored"],
        "embedders": sorted(filter(None, samples["total"]["embedders"])),
        "mean": _rounded(samples["total"]["mean"]),
        **samples["quantiles"],
        "bin_width": 1 / SIMILARITY_BINS,
        "mean_bins": _bars(samples["means"], SIMILARITY_BINS),
        "min_bins": _bars(samples["leasts"], SIMILARITY_BINS),
        "std_bin_width": 0.5 / STD_BINS,
        "std_bins": _bars(samples["stds"], STD_BINS),
        "variability": {name: _rounded(variability[name]) for name in ("samples", "mean", "largest")}
        if variability
        else None,
        "by_sources": [
            {"sources": row["_id"], "or_more": row["_id"] == LARGE, "samples": row["samples"],
             "mean": _rounded(row["mean"]), "min": _rounded(row["least"])}
            for row in samples["by_sources"]
        ],
    }  # fmt: skip


def _bars(rows: Iterable[Mapping[str, Any]], bins: int) -> list[int]:
    heights = {row["_id"]: row["n"] for row in rows}
    return [heights.get(number, 0) for number in range(bins)]


def _languages(database: Database[dict[str, Any]], samples: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Per language: articles, events, samples, and what language their answers were found to be in."""
    table: dict[str, dict[str, Any]] = {}

    def row_of(language: str | None) -> dict[str, Any]:
        empty = {"articles": 0, "events": 0, "samples": 0, "detected": {}, "scored": 0, "sum": 0.0}
        return table.setdefault(language or "", {"language": language or "", **empty})

    for row in database.articles.aggregate([{"$group": {"_id": "$language", "n": {"$sum": 1}}}]):
        row_of(row["_id"])["articles"] += row["n"]
    for row in database.clusters.aggregate(
        [{"$match": {"current": True, "size": {"$gte": 2}}}, {"$group": {"_id": "$language", "n": {"$sum": 1}}}]
    ):
        row_of(row["_id"])["events"] += row["n"]
    for row in samples["languages"]:
        target = row_of(row["_id"].get("language"))
        target["samples"] += row["samples"]
        target["scored"] += row["scored"]
        target["sum"] += row["sum"]
        if detected := row["_id"].get("detected"):
            target["detected"][detected] = target["detected"].get(detected, 0) + row["samples"]
    return [_language_row(table[name]) for name in sorted(table, key=lambda name: (-table[name]["articles"], name))]


def _language_row(row: dict[str, Any]) -> dict[str, Any]:
    scored, total = row.pop("scored"), row.pop("sum")
    row["mean_similarity"] = _rounded(total / scored) if scored else None
    row["detected"] = dict(sorted(row["detected"].items(), key=lambda item: (-item[1], item[0])))
    checked = sum(row["detected"].values())
    row["as_expected"] = row["detected"].get(row["language"], 0)
    row["other"] = checked - row["as_expected"]
    return row


#: Characters of a setting that are shown: a filter may name a thousand links.
_LONGEST = 300
_ORDER = ("crawl", "import", "cluster", "summarize", "score", "export")


def _runs(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """The newest run of each stage, in the order of the chain."""
    fields = ("started_at", "outcome", "counts", "timings", "code_version", "configuration")
    pipeline: list[dict[str, Any]] = [
        {"$sort": {"stage": 1, "started_at": -1}},
        {"$group": {"_id": "$stage", "runs": {"$sum": 1}, **{name: {"$first": f"${name}"} for name in fields}}},
    ]
    rows = []
    for row in database.runs.aggregate(pipeline):
        stage = str(row["_id"])
        kind = stage.partition(":")[0]
        timings = dict(row.get("timings") or {})
        place = _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
        rows.append(
            (place, stage, {
                "stage": stage, "runs": row["runs"], "started_at": _iso(row.get("started_at")),
                "outcome": row.get("outcome"), "counts": _outcomes(row.get("counts") or {}),
                "seconds": timings.pop("total", None), "timings": timings, "code_version": row.get("code_version"),
                "configuration": _settings(row.get("configuration") or {}),
            })
        )  # fmt: skip
    return [row for _, _, row in sorted(rows, key=lambda item: item[:2])]


def _outcomes(counts: Mapping[str, Any]) -> dict[str, int]:
    """What happened at all, by name."""
    return {name: count for name, count in sorted(flat(counts)) if count}


def _settings(configuration: Mapping[str, Any]) -> list[dict[str, str]]:
    """What a run was told, as text; what was left open is left out."""
    told = []
    for name, value in configuration.items():
        if value is None or value in ("", [], {}) or value is False:
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        told.append({"name": name, "value": text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"})
    return told


def _iso(value: Any) -> str | None:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else None


def _next(numbers: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is missing and the command that makes it, in the order of the chain."""
    events = numbers["events"]["count"]
    samples = numbers["samples"]
    steps = (
        (not numbers["headline"]["articles"], "no articles yet", "scrapy crawl ansa -a limit=200"),
        (not events, "no events yet", "synth cluster"),
        (not samples["count"], "no samples yet", "synth summarize"),
        (samples["unscored"] > 0, "samples without scores", "synth score"),
        (not numbers["funnel"]["export"], "nothing exported yet", "synth export --out export"),
        (not numbers["training"], "no training shown", "synth report --training out/tiny-news"),
    )
    return [{"missing": missing, "command": command} for is_missing, missing, command in steps if is_missing]
