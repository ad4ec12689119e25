"""What the scores say of the samples: facts without a source, toxicity, the judge, copies, leaks and personal data.

Every figure says how many samples it was measured on. What nobody measured is None, never zero.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.llm.model_cards import is_extractive
from synth.ratings.calibration import Calibration, judge_name
from synth.samples.schema import toxicity_fields

if TYPE_CHECKING:
    from pymongo.database import Database

TOXICITIES = toxicity_fields()
#: Bars of the histogram of min_support, over [0, 1].
SUPPORT_BINS = 20
#: A toxicity from here on counts as high: where Detoxify's authors and its users cut.
HIGH = 0.5

Row = Mapping[str, Any]


def number(field: str) -> dict[str, Any]:
    """Expression: the field where it is a number, else null; NaN, which sorts below all numbers, is none."""
    return {"$cond": [{"$and": [{"$isNumber": field}, {"$gte": [field, -1e300]}]}, field, None]}


def _size(field: str) -> dict[str, Any]:
    """Expression: the length of a list; null where it is none, which means that nobody looked."""
    return {"$cond": [{"$isArray": [field]}, {"$size": field}, None]}


def _several(field: str) -> dict[str, Any]:
    """Expression: the values of a list, each once."""
    return {"$cond": [{"$isArray": [field]}, {"$setUnion": [field, []]}, []]}


#: The fields that the facets below read.
FIELDS: dict[str, Any] = {
    "facts": _size("$unsupported"),
    "kinds": {"$cond": [{"$isArray": ["$unsupported_kinds"]}, "$unsupported_kinds", []]},
    "support": number("$min_support"), "faithful": number("$faithfulness"),
    "entailed": number("$entailment"), "entailed_by": "$entailment_model",
    **{name: number(f"${name}") for name in TOXICITIES},
    "toxicity_model": 1, "calibrated": "$toxicity_calibrated",
    "accuracy": number("$accuracy"), "helpfulness": number("$helpfulness"), "judge": {
        "model": "$judge.model", "prompt": "$judge.prompt", "repeats": "$judge.repeats",
    },
    "judged": {"$or": [{"$ne": [number("$accuracy"), None]}, {"$eq": [{"$type": "$judge"}, "object"]}]},
    "replies": "$judge.accuracy",
    "duplicate": {"$cond": [
        {"$eq": [{"$type": "$duplicate_of"}, "string"]}, {"$ifNull": ["$duplicate_kind", "unnamed"]}, None,
    ]},
    "leaks": _size("$contaminated"), "leak_sets": _several("$contaminated.set"),
    "personal": _size("$personal_data"), "personal_kinds": _several("$personal_data.kind"),
}  # fmt: skip


def _is(field: str) -> dict[str, Any]:
    return {"$match": {field: {"$type": "number"}}}


def _share(field: str) -> dict[str, Any]:
    """Accumulator: how many samples have a list that is not empty."""
    return {"$sum": {"$cond": [{"$gt": [field, 0]}, 1, 0]}}


def _counted(field: str) -> list[dict[str, Any]]:
    return [{"$unwind": f"${field}"}, {"$group": {"_id": f"${field}", "n": {"$sum": 1}}}]


def facets() -> dict[str, list[dict[str, Any]]]:
    """Groups over FIELDS, by name."""
    single = {"$sum": 1}
    bin_number = {"$toInt": {"$min": [SUPPORT_BINS - 1, {"$floor": {"$multiply": ["$support", SUPPORT_BINS]}}]}}
    return {
        "faith": [_is("facts"), {"$group": {
            "_id": {"language": "$language", "model": "$model", "prompt": "$prompt"}, "samples": single,
            "flawed": _share("$facts"), "facts": {"$sum": "$facts"},
            "scored": {"$sum": {"$cond": [{"$isNumber": "$faithful"}, 1, 0]}}, "score": {"$sum": "$faithful"},
        }}],
        "fact_kinds": [{"$match": {"facts": {"$gt": 0}}}, {"$project": {"kinds": 1}}, *_counted("kinds")],
        "flawed_kinds": [
            {"$match": {"facts": {"$gt": 0}}}, {"$project": {"kinds": {"$setUnion": ["$kinds", []]}}},
            *_counted("kinds"),
        ],
        "supports": [_is("support"), {"$group": {"_id": bin_number, "n": single, "sum": {"$sum": "$support"}}}],
        "entailments": [_is("entailed"), {"$group": {
            "_id": {"by": "$entailed_by", "model": "$model"}, "n": single, "sum": {"$sum": "$entailed"},
        }}],
        **_toxicity_facets(),
        "accuracies": [_is("accuracy"), {"$group": {
            "_id": {"language": "$language", "score": {"$round": [{"$multiply": ["$accuracy", 2]}]}},
            "n": single, "sum": {"$sum": "$accuracy"},
        }}],
        "helpful": [_is("helpfulness"), {"$group": {"_id": "$language", "n": single, "sum": {"$sum": "$helpfulness"}}}],
        "judges": [{"$match": {"judged": True}}, {"$group": {
            "_id": {"judge": "$judge", "language": "$language"}, "samples": single,
            "scored": {"$sum": {"$cond": [{"$isNumber": "$accuracy"}, 1, 0]}},
        }}],
        "repeated": [
            {"$match": {"replies.1": {"$exists": True}}},
            {"$project": {"spread": {"$stdDevPop": "$replies"}}},
            {"$match": {"spread": {"$type": "number"}}},
            {"$group": {"_id": None, "n": single, "spread": {"$avg": "$spread"},
                        "same": {"$sum": {"$cond": [{"$eq": ["$spread", 0]}, 1, 0]}}}},
        ],
        **_check_facets(),
    }  # fmt: skip


def _toxicity_facets() -> dict[str, list[dict[str, Any]]]:
    who = {"model": {"$ifNull": ["$toxicity_model", ""]}, "calibrated": {"$ne": ["$calibrated", False]}}
    measured = {"$match": {"$or": [{name: {"$type": "number"}} for name in TOXICITIES]}}
    return {
        "toxic_groups": [measured, {"$group": {"_id": {**who, "language": "$language"}, "n": {"$sum": 1}}}],
        # To three digits, as they are shown: the quantile of rounded numbers is the rounded quantile.
        "toxic_scores": [
            measured,
            {"$project": {"who": who, "score": [f"${name}" for name in TOXICITIES]}},
            {"$unwind": {"path": "$score", "includeArrayIndex": "field"}},
            {"$match": {"score": {"$type": "number"}}},
            {"$group": {"_id": {"who": "$who", "field": "$field", "score": {"$round": ["$score", 3]}},
                        "n": {"$sum": 1}, "sum": {"$sum": "$score"}}},
        ],
    }  # fmt: skip


def _check_facets() -> dict[str, list[dict[str, Any]]]:
    checked_counts = {name: {"$sum": {"$cond": [{"$isNumber": f"${name}"}, 1, 0]}} for name in ("leaks", "personal")}
    return {
        "checks": [{"$group": {
            "_id": None, "leaks_checked": checked_counts["leaks"], "personal_checked": checked_counts["personal"],
            "leaks": _share("$leaks"), "personal": _share("$personal"),
        }}],
        "copies": [{"$match": {"duplicate": {"$type": "string"}}}, {"$group": {"_id": "$duplicate", "n": {"$sum": 1}}}],
        "leak_sets": [{"$match": {"leaks": {"$gt": 0}}}, {"$project": {"leak_sets": 1}}, *_counted("leak_sets")],
        "personal_kinds": [
            {"$match": {"personal": {"$gt": 0}}}, {"$project": {"personal_kinds": 1}}, *_counted("personal_kinds"),
        ],
    }  # fmt: skip


def faithfulness(facets_by_name: Mapping[str, Any], count: int) -> dict[str, Any] | None:
    """Facts that no source has: how many samples are without, which kinds, by whom; None where nobody looked.

    Answers of the offline summariser are their sources' own sentences: they stand apart, in `extractive`, and no share
    or mean praises them.
    """
    rows = facets_by_name["faith"]
    if not rows:
        return None
    samples = {row["_id"]: row["n"] for row in facets_by_name["flawed_kinds"]}
    kinds = sorted(facets_by_name["fact_kinds"], key=lambda row: (-samples.get(row["_id"], 0), str(row["_id"])))
    copied = [row for row in rows if is_extractive(str(row["_id"].get("model") or ""))]
    authored = [row for row in rows if row not in copied]
    total = _told(authored)
    supports = {row["_id"]: row["n"] for row in facets_by_name["supports"]}
    measured = sum(supports.values())
    return {
        **total, "extractive": _told(copied) if copied else None, "mean": _mean_score(authored),
        "entailment": _entailments(facets_by_name["entailments"]),
        "unchecked": count - sum(row["samples"] for row in rows),
        "kinds": [{"kind": row["_id"], "samples": samples.get(row["_id"], 0), "facts": row["n"]} for row in kinds],
        "by_model": _grouped(rows, "model", "prompt"), "by_language": _grouped(rows, "language"),
        "mean_min_support": _mean(sum(row["sum"] for row in facets_by_name["supports"]), measured),
        "support_bin_width": 1 / SUPPORT_BINS,
        "support_bins": [supports.get(i, 0) for i in range(SUPPORT_BINS)] if measured else [],
    }  # fmt: skip


def _mean_score(rows: Sequence[Row]) -> float | None:
    """The mean faithfulness of the samples that have one."""
    return _mean(sum(row["score"] for row in rows), sum(row["scored"] for row in rows))


def _entailments(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Of each model of inference how many answers it measured, and their mean; extractive ones left out here, too."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if not is_extractive(str(row["_id"].get("model") or "")):
            groups[str(row["_id"].get("by") or "")].append(row)
    counts = {by: sum(row["n"] for row in group) for by, group in groups.items()}
    return [
        {"model": by, "samples": counts[by], "mean": _mean(sum(row["sum"] for row in groups[by]), counts[by])}
        for by in sorted(groups, key=lambda by: (-counts[by], by))
    ]


def _told(rows: Iterable[Row]) -> dict[str, Any]:
    rows = list(rows)
    samples, flawed, facts = (sum(row[name] for row in rows) for name in ("samples", "flawed", "facts"))
    return {
        "samples": samples, "clean": samples - flawed, "clean_share": _mean(samples - flawed, samples), "facts": facts,
    }  # fmt: skip


def _grouped(rows: Iterable[Row], *names: str) -> list[dict[str, Any]]:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(str(row["_id"].get(name) or "") for name in names)].append(row)
    rows_of_groups = [{**dict(zip(names, key, strict=True)), **_told(group)} for key, group in groups.items()]
    return sorted(rows_of_groups, key=lambda row: (-row["samples"], *(row[name] for name in names)))


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 6) if count else None


def toxicity(facets_by_name: Mapping[str, Any], count: int) -> dict[str, Any] | None:
    """For each model, and whether it was made for the language, its seven scores; None where nothing was measured.

    A score that the model does not give has `samples` 0 and no other number.
    """
    groups: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    for row in facets_by_name["toxic_groups"]:
        groups[(row["_id"]["calibrated"], str(row["_id"]["model"]))][row["_id"].get("language") or ""] += row["n"]
    if not groups:
        return None
    scores: dict[tuple[bool, str, int], list[Row]] = defaultdict(list)
    for row in facets_by_name["toxic_scores"]:
        who = row["_id"]["who"]
        scores[(who["calibrated"], str(who["model"]), int(row["_id"]["field"]))].append(row)
    measured = sum(sum(languages.values()) for languages in groups.values())
    return {
        "samples": measured, "unmeasured": count - measured, "high_from": HIGH,
        "groups": [
            {"model": model, "calibrated": calibrated, "samples": sum(languages.values()),
             "languages": dict(sorted(languages.items())),
             "fields": [_scores(name, scores[(calibrated, model, i)]) for i, name in enumerate(TOXICITIES)]}
            for (calibrated, model), languages in sorted(groups.items(), key=lambda item: (not item[0][0], item[0][1]))
        ],
    }  # fmt: skip


def _scores(field: str, rows: Iterable[Row]) -> dict[str, Any]:
    counts: Counter[float] = Counter()
    total = 0.0
    for row in rows:
        counts[row["_id"]["score"]] += row["n"]
        total += row["sum"]
    n = counts.total()
    return {
        "field": field, "samples": n, "mean": _mean(total, n), "p50": _quantile(counts, 0.5),
        "p95": _quantile(counts, 0.95), "max": max(counts, default=None),
        "high": sum(times for score, times in counts.items() if score >= HIGH) if n else None,
    }  # fmt: skip


def _quantile(counts: Counter[float], share: float) -> float | None:
    """The lowest value that at least this share of the values does not exceed; None of nothing."""
    remaining = share * counts.total()
    for value in sorted(counts):
        remaining -= counts[value]
        if remaining <= 1e-9:
            return value
    return None


def accuracy(
    facets_by_name: Mapping[str, Any],
    count: int,
    calibration: Calibration = Calibration(),  # noqa: B008  it cannot change
) -> dict[str, Any] | None:
    """What the judge gave: a histogram in half points, means by language, repeatability; None where none was asked.

    `note` is what must be said beside the scores of a language, `uncalibrated` the languages of which something must.
    """
    if not facets_by_name["judges"]:
        return None
    languages: dict[str, Counter[int]] = defaultdict(Counter)
    sums: Counter[str] = Counter()
    for row in facets_by_name["accuracies"]:
        language = row["_id"].get("language") or ""
        languages[language][int(row["_id"]["score"])] += row["n"]
        sums[language] += row["sum"]
    helpful = {row["_id"] or "": (row["n"], row["sum"]) for row in facets_by_name["helpful"]}
    judged, scored = (sum(row[name] for row in facets_by_name["judges"]) for name in ("samples", "scored"))
    repeated = next(iter(facets_by_name["repeated"]), None)
    judges, judges_of = _judges(facets_by_name["judges"])
    return {
        "samples": scored, "unread": judged - scored, "unjudged": count - judged,
        "mean": _mean(sums.total(), scored), "bin_width": 0.5,
        "bins": [sum(row[i] for row in languages.values()) for i in range(11)],
        "helpfulness": _mean(sum(total for _, total in helpful.values()), sum(n for n, _ in helpful.values())),
        "by_language": [
            {"language": name, "samples": row.total(), "mean": _mean(sums[name], row.total()),
             "bins": [row[i] for i in range(11)],
             "helpfulness": _mean(helpful[name][1], helpful[name][0]) if name in helpful else None,
             **_notes(calibration, name, judges_of[name])}
            for name, row in sorted(languages.items(), key=lambda item: (-item[1].total(), item[0]))
        ],
        "uncalibrated": sorted(name for name in languages if calibration.note(name, judges_of[name])),
        "judges": judges,
        "repeats": {"samples": repeated["n"], "same_share": _mean(repeated["same"], repeated["n"]),
                    "mean_spread": round(repeated["spread"] or 0, 6)} if repeated else None,
    }  # fmt: skip


def _notes(calibration: Calibration, language: str, judges: set[str]) -> dict[str, str]:
    return {"note": calibration.note(language, judges),
            "helpfulness_note": calibration.note(language, judges, "helpfulness")}  # fmt: skip


def _judges(rows: Iterable[Row]) -> tuple[list[dict[str, Any]], dict[str, set[str]]]:
    """(judges, most samples first; language -> names of its judges)."""
    counts: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    judges_of: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        judge = row["_id"].get("judge") or {}
        key = tuple(judge.get(name) for name in ("model", "prompt", "repeats"))
        counts[key].update({"samples": row["samples"], "scored": row["scored"]})
        judges_of[row["_id"].get("language") or ""].add(judge_name(judge))
    judges = [dict(zip(("model", "prompt", "repeats"), key, strict=True)) | dict(row) for key, row in counts.items()]
    return sorted(judges, key=lambda row: (-row["samples"], str(row))), judges_of


def checks(database: Database[dict[str, Any]], facets_by_name: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """[{name, samples, found, kinds, command}]: `samples` is how many were looked at, None where nobody looked."""
    sums: Mapping[str, int] = next(iter(facets_by_name["checks"]), Counter())
    copies = {row["_id"]: row["n"] for row in facets_by_name["copies"]}
    # A sample that is no copy carries no mark: only a run shows that it was checked.
    was_checked = bool(copies) or database.runs.find_one({"stage": "dedupe", "outcome": "done"}, {"_id": 1}) is not None
    rows = (
        ("duplicates", count if was_checked else None, sum(copies.values()), copies, "synth dedupe"),
        ("contaminated", sums["leaks_checked"] or None, sums["leaks"], _kinds(facets_by_name["leak_sets"]),
         "synth dedupe --against FILE"),
        ("personal_data", sums["personal_checked"] or None, sums["personal"], _kinds(facets_by_name["personal_kinds"]),
         "synth score"),
    )  # fmt: skip
    return [
        {"name": name, "samples": samples, "found": number if samples else None, "command": command,
         "kinds": dict(sorted(kinds.items(), key=lambda item: (-item[1], str(item[0]))))}
        for name, samples, number, kinds, command in rows
    ]  # fmt: skip


def _kinds(rows: Iterable[Row]) -> dict[str, int]:
    return {str(row["_id"]): row["n"] for row in rows}


def collect_agreement(database: Database[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Rows of `ratings.agreement.agreement_of`, by dimension and language; None where nobody rated what was judged."""
    if database.ratings.find_one({}, {"_id": 1}) is None:
        return None
    from synth.ratings.agreement import agreement_of

    return [row for row in agreement_of(database) if row["n"]] or None
