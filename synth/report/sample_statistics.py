"""The current samples in one pass: MongoDB reads each once, keeps the few bytes that figures need, and groups those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from synth.report import quality
from synth.report import worst_samples as worst
from synth.report.time_bins import by_day, day_of
from synth.samples.sample import CURRENT

if TYPE_CHECKING:
    from pymongo.database import Database

#: Bars of the similarity histogram, over [0, 1]; a cosine below 0 counts in the first.
SIMILARITY_BINS = 20
#: Bars of the variability histogram, over [0, 0.5]: the standard deviation of numbers in [0, 1] is at most 0.5.
STD_BINS = 20
#: Event sizes from here on share one bar, as do numbers of sources.
LARGE = 8


def _length(field: str) -> dict[str, Any]:
    text = {"$cond": [{"$eq": [{"$type": field}, "string"]}, field, ""]}
    return {"$strLenCP": text}


_SOURCES = {"$cond": [{"$isArray": ["$sources"]}, "$sources", []]}
_SITES = {"$map": {"input": _SOURCES, "in": {"$ifNull": ["$$this.source_site", "unknown"]}}}
#: A source of which an answer tells less is left aside, or of another event: those have .05 to .15 (docs/scores.md).
UNTOLD = 0.2
#: As `synth.scorers.similarity.name_of_similarity` writes it.
_SIMILARITY_NAME = {
    "$cond": [
        {"$eq": ["$similarity_measure", "angular"]}, {"$concat": ["$similarity_embedder", ", angular"]},
        "$similarity_embedder",
    ]
}  # fmt: skip
#: What a sample is reduced to: sums need these few bytes, not its texts.
SLIM: dict[str, Any] = {
    "key": 1, "language": 1, "detected": "$detected_language", "task": 1, "prompt": "$provenance.prompt",
    "model": "$provenance.model", "date": 1, "mean": quality.number("$mean_similarity"),
    "least": quality.number("$min_similarity"), "std": quality.number("$similarity_std"),
    "coverage": quality.number("$mean_coverage"), "least_coverage": quality.number("$min_coverage"),
    "quality": quality.number("$quality"), "embedder": _SIMILARITY_NAME, "sources": {"$size": _SOURCES},
    "sites": {"$setUnion": [_SITES, []]},
    "answer_length": _length("$answer"),
    "source_length": {"$sum": {"$map": {"input": _SOURCES, "in": _length("$$this.content")}}},
    **quality.FIELDS,
}  # fmt: skip
_SCORED = {"$match": {"mean": {"$type": "number"}}}


def collect_samples(database: Database[dict[str, Any]]) -> dict[str, Any]:
    """Groups of the current samples, by name of the facet, and `count`, `unscored`, `compression`, `made_by`."""
    groups = {**_facets(), **quality.facets(), "worst": worst.facet()}
    pipeline = [{"$match": CURRENT}, {"$project": SLIM}, {"$facet": groups}]
    facets = next(iter(database.samples.aggregate(pipeline, allowDiskUse=True)))
    total: dict[str, Any] = next(iter(facets["total"]), {})
    count, scored = total.get("count", 0), total.get("scored", 0)
    facets["total"] = total
    facets["count"], facets["unscored"] = count, count - scored
    facets["compression"] = rounded(total.get("compression"))
    facets["made_by"] = sorted(
        ({**row["_id"], "samples": row["samples"]} for row in facets["made_by"]),
        key=lambda row: (-row["samples"], str(row)),
    )
    return facets


def _bin(field: str, width: float, bins: int) -> dict[str, Any]:
    """Expression: number of the histogram bar, clamped to 0..bins-1."""
    # Floats just below a bar's edge belong above it: 0.15 / 0.05 is 2.9999….
    bin_number = {"$floor": {"$add": [{"$divide": [field, width]}, 1e-9]}}
    return {"$toInt": {"$min": [bins - 1, {"$max": [0, bin_number]}]}}


def _facets() -> dict[str, list[dict[str, Any]]]:
    """Groups over SLIM, by name."""
    single = {"$sum": 1}
    width, std_width = 1 / SIMILARITY_BINS, 0.5 / STD_BINS
    is_scored = {"$cond": [{"$isNumber": "$mean"}, 1, 0]}
    ratio = {"$cond": [{"$gt": ["$source_length", 0]}, {"$divide": ["$answer_length", "$source_length"]}, None]}
    average = {"samples": single, "mean": {"$avg": "$mean"}, "least": {"$avg": "$least"}}
    return {
        "total": [{"$group": {
            "_id": None, "count": single, "scored": {"$sum": is_scored}, "compression": {"$avg": ratio},
            "mean": {"$avg": "$mean"}, "embedders": {"$addToSet": "$embedder"},
        }}],
        "languages": [{"$group": {
            "_id": {"language": "$language", "detected": "$detected"}, "samples": single,
            "scored": {"$sum": is_scored}, "sum": {"$sum": "$mean"},
        }}],
        "made_by": [{"$group": {
            "_id": {name: {"$ifNull": [f"${name}", ""]} for name in ("task", "prompt", "model")}, "samples": single,
        }}],
        "days": [{"$match": {"date": {"$type": "date"}}}, {"$group": {
            "_id": {"day": day_of("$date", "$language", "language"), "language": "$language"}, "n": single,
        }}],
        "sites": [{"$unwind": "$sites"}, {"$group": {"_id": "$sites", "n": single}}],
        "exact": [_SCORED, {"$group": {"_id": {"$round": ["$mean", 4]}, "n": single}}],
        "means": [_SCORED, {"$group": {"_id": _bin("$mean", width, SIMILARITY_BINS), "n": single}}],
        "leasts": [
            {"$match": {"least": {"$type": "number"}}},
            {"$group": {"_id": _bin("$least", width, SIMILARITY_BINS), "n": single}},
        ],
        "stds": [
            {"$match": {"std": {"$type": "number"}, "sources": {"$gte": 2}}},
            {"$group": {"_id": _bin("$std", std_width, STD_BINS), "n": single}},
        ],
        "variability": [
            {"$match": {"std": {"$type": "number"}, "sources": {"$gte": 2}}},
            {"$group": {"_id": None, "samples": single, "mean": {"$avg": "$std"}, "largest": {"$max": "$std"}}},
        ],
        "coverage": [{"$match": {"coverage": {"$type": "number"}}}, {"$group": {
            "_id": None, "samples": single, "mean": {"$avg": "$coverage"}, "least": {"$avg": "$least_coverage"},
            "untold": {"$sum": {"$cond": [{"$lt": ["$least_coverage", UNTOLD]}, 1, 0]}},
            "quality": {"$avg": "$quality"},
        }}],
        "by_sources": [_SCORED, {"$group": {"_id": {"$min": ["$sources", LARGE]}, **average}}, {"$sort": {"_id": 1}}],
    }  # fmt: skip


def rounded(value: Any) -> Any:
    """A float to six digits; anything else as it is."""
    return round(value, 6) if isinstance(value, float) else value


def measured(facets: Mapping[str, Any]) -> dict[str, int]:
    """How many current samples there are, were scored, were judged, and were answered with no score."""
    judged_samples, judged = (sum(row[name] for row in facets["judges"]) for name in ("samples", "scored"))
    count = facets["count"]
    return {"count": count, "scored": count - facets["unscored"], "judged": judged, "unread": judged_samples - judged}


def sample_days(facets: Mapping[str, Any]) -> dict[str, Any]:
    """Samples per day and language; a sample's day is that of its event's newest article."""
    rows = [(row["_id"]["day"], row["_id"].get("language") or "", row["n"]) for row in facets["days"]]
    names = sorted({name for _, name, _ in rows}, key=lambda name: (-sum(n for _, own, n in rows if own == name), name))
    return by_day(rows, names)


def sample_sites(facets: Mapping[str, Any]) -> dict[str, int]:
    """Newspaper -> samples that it is a source of."""
    return {str(row["_id"] or "unknown"): row["n"] for row in facets["sites"]}


def similarity(facets: Mapping[str, Any]) -> dict[str, Any] | None:
    """Distribution of the similarities; None where nothing is scored."""
    scored = facets["count"] - facets["unscored"]
    if not scored:
        return None
    variability = next(iter(facets["variability"]), None)
    return {
        "samples": scored,
        "embedders": sorted(filter(None, facets["total"]["embedders"])),
        "mean": rounded(facets["total"]["mean"]),
        **_quantiles(facets["exact"], scored),
        "bin_width": 1 / SIMILARITY_BINS,
        "mean_bins": _bars(facets["means"], SIMILARITY_BINS),
        "min_bins": _bars(facets["leasts"], SIMILARITY_BINS),
        "std_bin_width": 0.5 / STD_BINS,
        "std_bins": _bars(facets["stds"], STD_BINS),
        "variability": {name: rounded(variability[name]) for name in ("samples", "mean", "largest")}
        if variability
        else None,
        "by_sources": [
            {"sources": row["_id"], "or_more": row["_id"] == LARGE, "samples": row["samples"],
             "mean": rounded(row["mean"]), "min": rounded(row["least"])}
            for row in facets["by_sources"]
        ],
    }  # fmt: skip


def coverage(facets: Mapping[str, Any]) -> dict[str, Any] | None:
    """How much of the sources the answers tell, and their `quality`; None where nobody looked."""
    row = next(iter(facets["coverage"]), None)
    return row and {name: rounded(row[name]) for name in ("samples", "mean", "least", "untold", "quality")}


def _quantiles(rows: Iterable[Mapping[str, Any]], scored: int) -> dict[str, float]:
    """10th, 50th and 90th percentile of mean_similarity to four digits (the lower of two middle values)."""
    shares = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
    quantiles: dict[str, float] = {}
    passed = 0
    for row in sorted(rows, key=lambda row: row["_id"]):
        passed += row["n"]
        for name, share in shares.items():
            if name not in quantiles and passed > int((scored - 1) * share):
                quantiles[name] = row["_id"]
    return quantiles


def _bars(rows: Iterable[Mapping[str, Any]], bins: int) -> list[int]:
    heights = {row["_id"]: row["n"] for row in rows}
    return [heights.get(i, 0) for i in range(bins)]
