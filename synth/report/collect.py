"""Every number of the report, in one place: the page and `--json` say the same.

Sums are made by MongoDB; what comes back is small however large the store is. Nothing here writes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.mongo import code_version
from synth.commands import commands
from synth.fragments.statistics import collect_fragments
from synth.ratings.calibration import NOTHING_KNOWN, calibration_of
from synth.ratings.people import people_of
from synth.report.costs import collect_costs
from synth.report.funnel import collect_funnel, flat
from synth.report.quality import accuracy, checks, collect_agreement, faithfulness, toxicity
from synth.report.sample_cards import collect_cards
from synth.report.sample_statistics import (
    LARGE,
    collect_samples,
    coverage,
    measured,
    rounded,
    sample_days,
    sample_sites,
    similarity,
)
from synth.report.time_bins import by_day, day_of
from synth.report.training import collect_training
from synth.translation_report import collect_translations

if TYPE_CHECKING:
    from pymongo.database import Database

#: Examples of each doubt on the page; `synth translate --report` shows ten.
_EXAMPLES = 3
#: The keys of `synth report --json`, in their order. A part that was not measured is null.
KEYS = {
    "made_at": "ISO instant", "code_version": "what made the page", "database": "name of the store",
    "seed": "draws the random samples",
    "headline": "{articles, newspapers, events, in_events, samples, languages, mean_similarity, mean_coverage, "
    "clean_share, mean_accuracy, accuracy_note, cost, first_day, last_day}",
    "next": "[{missing, command}] in the order of the chain",
    "funnel": "{steps: [{name, unit, count, losses: [{reason, count}]}], export}",
    "newspapers": "[{source_site, languages, articles, opted_out, teasers, samples}]",
    "days": "articles: {unit, labels, series: {newspaper: counts}, first, last}",
    "events": "{count, largest, languages, sizes: [{size, or_more, events}]}",
    "languages": "[{language, articles, events, samples, detected, mean_similarity, as_expected, other}]",
    "samples": "{count, unscored, compression, made_by: [{task, prompt, model, samples}], days: as above by language}",
    "coverage": "{samples, mean, least, untold, quality}",
    "similarity": "{samples, embedders, mean, p10, p50, p90, mean_bins, std_bins, variability, by_sources, …}",
    "faithfulness": "{samples, clean, clean_share, facts, extractive: the same of copied answers, mean, "
    "entailment: [{model, samples, mean}], unchecked, "
    "kinds: [{kind, samples, facts}], by_model, "
    "by_language, mean_min_support, support_bins, …}",
    "toxicity": "{samples, unmeasured, high_from, groups: [{model, calibrated, samples, languages, fields: [{field, "
    "samples, mean, p50, p95, max, high}]}]}",
    "accuracy": "{samples, unread, unjudged, mean, bins, helpfulness, uncalibrated, by_language, judges, repeats, "
    "agreement}",
    "people": "{people, raters}: how far those agree who marked samples",
    "instructions": "{ways, comparisons} as `synth reverse --report` has them",
    "translations": "{translated, preserved, rate, interval, rewritten, left, cost_a_kept_row, engines, doubts, "
    "left_rows, languages, accuracy} of imported and translated rows",
    "checks": "[{name, samples, found, kinds, command}] of duplicates, contaminated, personal_data",
    "costs": "{calls, prompt_tokens, completion_tokens, cost, unpriced, uncounted, stages: [the same by stage, model]}",
    "runs": "the newest run of each stage",
    "training": "{run, settings, summary, curve, texts} of --training",
    "cards": "{worst, random}: the samples shown, `why` for each of the worst",
}  # fmt: skip


def collect(
    database: Database[dict[str, Any]], *, seed: int = 0, training: Path | None = None, now: datetime | None = None
) -> dict[str, Any]:
    """All of KEYS as JSON-serialisable values; the same store and seed give the same, but `made_at`.

    Raises:
        NewsmillError: `training` names no folder, or its files cannot be read.
    """
    facets = collect_samples(database)
    count = facets["count"]
    articles, events = _articles(database), _events(database)
    newspapers = _newspapers(articles, sample_sites(facets))
    calibration = calibration_of(database)
    judged = accuracy(facets, count, calibration)
    numbers = {
        "made_at": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        "code_version": code_version(),
        "database": database.name,
        "seed": seed,
        "funnel": collect_funnel(database, measured(facets)),
        "newspapers": newspapers,
        "days": by_day(
            ((row["day"], row["site"], row["articles"]) for row in articles if row["day"]),
            [row["source_site"] for row in newspapers],
        ),
        "events": events,
        "languages": _languages(articles, events["languages"], facets),
        "samples": {name: facets[name] for name in ("count", "unscored", "compression", "made_by")}
        | {"days": sample_days(facets)},
        "similarity": similarity(facets),
        "coverage": coverage(facets),
        "faithfulness": faithfulness(facets, count),
        "toxicity": toxicity(facets, count),
        "accuracy": judged and {**judged, "agreement": collect_agreement(database)},
        "people": _people(database),
        "instructions": _instructions(database),
        "translations": collect_translations(database, examples=_EXAMPLES),
        "checks": checks(database, facets, count),
        "costs": collect_costs(database),
        "runs": _runs(database),
        "training": collect_training(training) if training else None,
        "cards": collect_cards(database, seed, facets["worst"], calibration),
    }
    numbers["headline"] = _headline(numbers)
    numbers["next"] = _next(numbers)
    return {name: numbers[name] for name in KEYS}


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
        "mean_coverage": (numbers["coverage"] or {}).get("mean"),
        "clean_share": (numbers["faithfulness"] or {}).get("clean_share"),
        "mean_accuracy": (numbers["accuracy"] or {}).get("mean"),
        "accuracy_note": NOTHING_KNOWN if (numbers["accuracy"] or {}).get("uncalibrated") else "",
        "cost": (numbers["costs"] or {}).get("cost"),
        "first_day": days["first"],
        "last_day": days["last"],
    }


def _people(database: Database[dict[str, Any]]) -> dict[str, Any] | None:
    """How far people agree among themselves; None where nobody marked a sample."""
    rows = people_of(database)
    return rows if rows["people"] else None


def _instructions(database: Database[dict[str, Any]]) -> dict[str, Any] | None:
    """What became of fragments; None where there are none."""
    numbers = collect_fragments(database)
    return numbers if numbers["ways"] else None


def _articles(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """The articles in one pass: {site, language, day or None, articles, opted_out, teasers}."""
    day = {"$cond": [{"$eq": [{"$type": "$date"}, "date"]}, day_of("$date", "$source_site", "source_site"), None]}
    group = {
        "_id": {"site": "$source_site", "language": "$language", "day": day}, "articles": {"$sum": 1},
        "opted_out": {"$sum": {"$cond": [{"$eq": ["$permission.opt_out", True]}, 1, 0]}},
        "teasers": {"$sum": {"$cond": [{"$eq": ["$access", "teaser"]}, 1, 0]}},
    }  # fmt: skip
    return [
        {**row, "site": key.get("site") or "unknown", "language": key.get("language") or "", "day": key.get("day")}
        for row in database.articles.aggregate([{"$group": group}], allowDiskUse=True)
        if (key := row.pop("_id")) is not None
    ]


def _newspapers(rows: Iterable[Mapping[str, Any]], samples: Mapping[str, int]) -> list[dict[str, Any]]:
    """Articles of each newspaper, and samples that have one among their sources, most articles first."""
    table: dict[str, dict[str, Any]] = {}
    for row in rows:
        site = row["site"]
        row_of_site = table.setdefault(site, {"source_site": site, "articles": 0, "languages": set(), "opted_out": 0,
                                       "teasers": 0, "samples": samples.get(site, 0)})  # fmt: skip
        for name in ("articles", "opted_out", "teasers"):
            row_of_site[name] += row[name]
        row_of_site["languages"] |= {row["language"]} - {""}
    newspapers = [{**row_of_site, "languages": sorted(row_of_site["languages"])} for row_of_site in table.values()]
    return sorted(newspapers, key=lambda row: (-row["articles"], row["source_site"]))


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


def _languages(
    articles: Iterable[Mapping[str, Any]], events: Mapping[str, int], samples: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Per language: articles, events, samples, and what language their answers were found to be in."""
    table: dict[str, dict[str, Any]] = {}

    def row_of(language: str | None) -> dict[str, Any]:
        empty = {"articles": 0, "events": 0, "samples": 0, "detected": {}, "scored": 0, "sum": 0.0}
        return table.setdefault(language or "", {"language": language or "", **empty})

    for row in articles:
        row_of(row["language"])["articles"] += row["articles"]
    for language, count in events.items():
        row_of(language)["events"] += count
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
    row["mean_similarity"] = rounded(total / scored) if scored else None
    row["detected"] = dict(sorted(row["detected"].items(), key=lambda item: (-item[1], item[0])))
    checked = sum(row["detected"].values())
    row["as_expected"] = row["detected"].get(row["language"], 0)
    row["other"] = checked - row["as_expected"]
    return row


#: Characters of a setting that are shown: a filter may name a thousand links.
_LONGEST = 300
#: Where the recipe of the README's walk leaves its training.
_TRAINING = Path("out/tiny-news")
#: Places in the chain of what is no command of synth, or was none yet.
_OTHER_POSITIONS = {"crawl": 0, "translate": 31, "reverse": 32}


def _position(stage: str) -> int:
    """Place of a stage in the chain; what pipelines do not run comes last."""
    command = commands().get(stage)
    return command.position if command and (command.step or stage == "takedown") else _OTHER_POSITIONS.get(stage, 1000)


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
        rank = _position(kind)
        rows.append(
            (rank, stage, {
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
    """The settings of a run, as text; those without a value are left out."""
    settings = []
    for name, value in configuration.items():
        if value is None or value in ("", [], {}) or value is False:
            continue
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        settings.append({"name": name, "value": text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"})
    return settings


def _iso(value: Any) -> str | None:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else None


def _next(numbers: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is missing and the command that makes it, in the order of the chain: the lines that its steps end with.

    A training is missing where one can be shown: its folder is there.
    """
    samples = numbers["samples"]
    duplicates = next(check for check in numbers["checks"] if check["name"] == "duplicates")
    chain = commands()
    steps = (
        (not numbers["headline"]["articles"], "no articles yet", "scrapy crawl ansa -a limit=200"),
        (not numbers["events"]["count"], "no events yet", chain["import"].following),
        (not samples["count"], "no samples yet", chain["cluster"].following),
        (samples["unscored"] > 0, "samples without scores", chain["summarize"].following),
        (not duplicates["samples"], "duplicates not looked for", chain["score"].following),
        (not numbers["funnel"]["export"], "nothing exported yet", chain["dedupe"].following),
        (not numbers["training"] and _TRAINING.is_dir(), "no training shown", f"synth report --training {_TRAINING}"),
    )
    return [{"missing": message, "command": command} for is_missing, message, command in steps if is_missing]
