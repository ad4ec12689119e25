"""What became of translated rows, in numbers: preserved, doubted, left as they were, paid; and accuracy by language.

The instruction preservation rate is the share of translated rows without a doubt that says that meaning was lost
(`loses_meaning`). Rows that were made anew instead of translated, and rows that were left as they were, are counted
beside it and are no part of it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.ratings.calibration import NOTHING_KNOWN, Calibration, calibration_of, judge_name
from synth.ratings.intervals import wilson_bounds
from synth.samples.sample import CURRENT
from synth.translation.checks import meanings

if TYPE_CHECKING:
    from pymongo.database import Database

#: Tasks whose rows make up a multilingual set, as the Milan group charted them.
TASKS = ("import", "translation")
#: Doubts of a text's form alone: its words may all be there.
FORM_DOUBTS = ("paragraphs_changed", "quotes_changed")
#: What the engine and the way back doubt, beside the checks.
_OTHER_MEANINGS = {
    "mask_lost": "something that must stay as it is did not come back from the engine",
    "round_trip": "translated back, the text is no longer like the source",
}
#: Why a row was left as it was, where the name does not say it.
_LEFT_MEANINGS = {
    "language_bound": "asks about words, letters or grammar of its language, and could not be made anew",
    "untranslated": "all of it came back in the language that it had",
    "unknown_language": "nothing says which language it is in",
    "same_language": "it is in the language wanted",
    "nothing_to_translate": "it is code, numbers or addresses",
    "refusal": "the model declined",
    "refused": "the server held it back",
    "truncated": "the reply reached its longest length, in smaller pieces too (--max-new-tokens)",
    "looping": "the reply repeats itself, in smaller pieces too",
    "empty": "the reply has no text, in smaller pieces too",
    "thinking": "the model only thought aloud",
    "chatter": "the reply is about the task and no translation",
}
EXAMPLES = 10
#: Characters of a text in an example.
_EXCERPT = 300
_TRANSLATIONS: dict[str, Any] = {**CURRENT, "task": "translation"}


def collect_translations(database: Database[dict[str, Any]], *, examples: int = EXAMPLES) -> dict[str, Any] | None:
    """All of it as JSON-serialisable values; None where there are neither imported nor translated rows.

    Returns:
        {translated, preserved, rate, interval, rewritten, left, calls, cost, cost_a_kept_row, engines, doubts,
        left_rows, languages, accuracy}. `interval`: Wilson, 95 %. `cost`: US dollars; None where no price is known.
    """
    languages = _languages(database)
    groups = _groups(database)
    if not languages and not groups:
        return None
    untranslated = _left(database, examples)
    costs = _costs(database)
    engines = [
        _engine(name, rows, costs.get(name), untranslated) for name, rows in _by_engine(groups, untranslated).items()
    ]
    return {
        **_totals(engines), "engines": engines, "doubts": _doubts(database, groups, examples),
        "left_rows": untranslated,
        "languages": languages, "accuracy": _overall(languages),
    }  # fmt: skip


def loses_meaning(doubt: str) -> bool:
    """Whether a doubt says that meaning was lost, and not only that the form is another."""
    return doubt not in FORM_DOUBTS


def wilson(count: int, total: int) -> tuple[float, float] | None:
    """The 95 % interval of a share (Wilson 1927); None of nothing."""
    if not total:
        return None
    low, high = wilson_bounds(count / total, total)
    return round(low, 4), round(high, 4)


def mean_interval(mean: float, deviation: float | None, count: int, most: float = 5.0) -> tuple[float, float] | None:
    """The 95 % interval of a mean by Student's t, within [0, most]; None for a single value.

    Args:
        deviation: standard deviation of the sample.
    """
    from scipy.stats import t

    if count < 2 or deviation is None:
        return None
    half = float(t.ppf(0.975, count - 1)) * deviation / math.sqrt(count)
    return round(max(0.0, mean - half), 4), round(min(most, mean + half), 4)


def _groups(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """Current translations by engine, language, doubts and whether they were made anew: {_id, rows}."""
    group = {
        "engine": {"$ifNull": ["$provenance.model", ""]}, "language": {"$ifNull": ["$language", ""]},
        "doubts": {"$cond": [{"$isArray": ["$doubts"]}, "$doubts", []]},
        "rewritten": {"$ne": [{"$ifNull": ["$provenance.rewritten", ""]}, ""]},
    }  # fmt: skip
    pipeline = [{"$match": _TRANSLATIONS}, {"$group": {"_id": group, "rows": {"$sum": 1}}}]
    return [{**row["_id"], "rows": row["rows"]} for row in database.samples.aggregate(pipeline, allowDiskUse=True)]


def _by_engine(groups: Iterable[Mapping[str, Any]], untranslated: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    engines: dict[str, list[Any]] = defaultdict(list)
    for group in groups:
        engines[group["engine"]].append(group)
    for row in untranslated:
        for engine in row["engines"]:
            engines[engine] = engines[engine]
    return dict(sorted(engines.items()))


def _engine(
    name: str,
    groups: Iterable[Mapping[str, Any]],
    paid: Mapping[str, Any] | None,
    untranslated: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """One engine's rows: preserved, doubts and rows left by reason, and what it cost."""
    groups = list(groups)
    translated = [group for group in groups if not group["rewritten"]]
    rows = sum(group["rows"] for group in translated)
    preserved = sum(group["rows"] for group in translated if not any(map(loses_meaning, group["doubts"])))
    doubts = _count(translated)
    losses = {row["reason"]: row["engines"][name] for row in untranslated if name in row["engines"]}
    return {
        "engine": name, **_rate(preserved, rows), "rewritten": sum(group["rows"] for group in groups) - rows,
        "left": sum(losses.values()), "doubts": doubts, "left_by_reason": losses, "languages": _rates(translated),
        **_prices(paid, preserved),
    }  # fmt: skip


def _rates(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """{language, translated, preserved, rate, interval} of each language."""
    rows: Counter[str] = Counter()
    preserved: Counter[str] = Counter()
    for group in groups:
        rows[group["language"]] += group["rows"]
        preserved[group["language"]] += group["rows"] * (not any(map(loses_meaning, group["doubts"])))
    return [{"language": code, **_rate(preserved[code], rows[code])} for code in sorted(rows)]


def _rate(preserved: int, rows: int) -> dict[str, Any]:
    rate = round(preserved / rows, 4) if rows else None
    return {"translated": rows, "preserved": preserved, "rate": rate, "interval": wilson(preserved, rows)}


def _count(groups: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Doubt -> rows that have it, most frequent first."""
    counts: Counter[str] = Counter()
    for group in groups:
        counts.update(dict.fromkeys(group["doubts"], group["rows"]))
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _prices(paid: Mapping[str, Any] | None, preserved: int) -> dict[str, Any]:
    cost = paid["cost"] if paid else None
    a_row = round(cost / preserved, 6) if cost is not None and preserved else None
    return {"calls": paid["calls"] if paid else 0, "cost": cost, "cost_a_kept_row": a_row}


def _totals(engines: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {
        name: sum(row[name] for row in engines) for name in ("translated", "preserved", "rewritten", "left", "calls")
    }
    prices = [row["cost"] for row in engines if row["cost"] is not None]
    # Rows of engines that cost nothing are no part of what a row costs.
    preserved = sum(row["preserved"] for row in engines if row["cost"] is not None)
    paid = {"calls": sums["calls"], "cost": round(sum(prices), 6) if prices else None}
    return {**_rate(sums["preserved"], sums["translated"]), "rewritten": sums["rewritten"], "left": sums["left"],
            **_prices(paid, preserved)}  # fmt: skip


def _costs(database: Database[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Engine -> {calls, cost} of the calls for its translations, those of superseded ones and of rows left included."""
    left: list[dict[str, Any]] = [
        {"$match": {"untranslated.calls.0": {"$exists": True}}},
        {"$unwind": "$untranslated"},
        {"$project": {"engine": "$untranslated.engine", "calls": {"$ifNull": ["$untranslated.calls", []]}}},
    ]
    pipeline: list[dict[str, Any]] = [
        {"$match": {"task": "translation", "provenance.calls.0": {"$exists": True}}},
        {"$project": {"engine": "$provenance.model", "calls": "$provenance.calls"}},
        {"$unionWith": {"coll": "samples", "pipeline": left}},
        {"$unwind": "$calls"},
        {"$group": {"_id": {"engine": "$engine", "call": "$calls"}}},
        {"$lookup": {"from": "llm_calls", "localField": "_id.call", "foreignField": "hash", "as": "call"}},
        {"$unwind": "$call"},
        {"$group": {"_id": "$_id.engine", "calls": {"$sum": 1}, "cost": {"$sum": "$call.cost"},
                    "priced": {"$sum": {"$cond": [{"$isNumber": "$call.cost"}, 1, 0]}}}},
    ]  # fmt: skip
    return {
        str(row["_id"] or ""): {"calls": row["calls"], "cost": round(row["cost"], 6) if row["priced"] else None}
        for row in database.samples.aggregate(pipeline, allowDiskUse=True)
    }


def _doubts(
    database: Database[dict[str, Any]], groups: Iterable[Mapping[str, Any]], examples: int
) -> list[dict[str, Any]]:
    """[{reason, meaning, loses_meaning, rows, engines, examples}], most frequent first."""
    engines: dict[str, Counter[str]] = defaultdict(Counter)
    for group in groups:
        for doubt in set(group["doubts"]):
            engines[doubt][group["engine"]] += group["rows"]
    sentences = {**meanings(), **_OTHER_MEANINGS}
    return [
        {"reason": doubt, "meaning": sentences.get(doubt, ""), "loses_meaning": loses_meaning(doubt),
         "rows": counts.total(), "engines": dict(sorted(counts.items())),
         "examples": _doubted(database, doubt, examples)}
        for doubt, counts in sorted(engines.items(), key=lambda item: (-item[1].total(), item[0]))
    ]  # fmt: skip


def _doubted(database: Database[dict[str, Any]], doubt: str, count: int) -> list[dict[str, Any]]:
    """Rows with a doubt beside their sources, in the order of their keys."""
    fields = {"key": 1, "language": 1, "question": 1, "answer": 1, "provenance": 1}
    rows = list(database.samples.find({**_TRANSLATIONS, "doubts": doubt}, fields).sort("key", 1).limit(count))
    keys = [(row.get("provenance") or {}).get("translated_from") for row in rows]
    sources = {row["key"]: row for row in database.samples.find({"key": {"$in": keys}}, fields)}
    return [
        {"key": row["key"], "language": row.get("language") or "", "engine": (row.get("provenance") or {}).get("model"),
         "source": _excerpt(sources.get(key)), "translation": _excerpt(row)}
        for row, key in zip(rows, keys, strict=True)
    ]  # fmt: skip


def _left(database: Database[dict[str, Any]], examples: int) -> list[dict[str, Any]]:
    """Rows left as they were: [{reason, meaning, rows, engines, examples}], most frequent first."""
    records: list[dict[str, Any]] = [
        {"$match": {**CURRENT, "untranslated.0": {"$exists": True}}},
        {"$unwind": "$untranslated"},
    ]
    group = {"reason": "$untranslated.reason", "engine": "$untranslated.engine"}
    engines: dict[str, Counter[str]] = defaultdict(Counter)
    for row in database.samples.aggregate([*records, {"$group": {"_id": group, "rows": {"$sum": 1}}}]):
        engines[str(row["_id"].get("reason") or "")][str(row["_id"].get("engine") or "")] += row["rows"]
    return [
        {"reason": reason, "meaning": _LEFT_MEANINGS.get(reason, ""), "rows": counts.total(),
         "engines": dict(sorted(counts.items())), "examples": _left_examples(database, reason, examples)}
        for reason, counts in sorted(engines.items(), key=lambda item: (-item[1].total(), item[0]))
    ]  # fmt: skip


def _left_examples(database: Database[dict[str, Any]], reason: str, count: int) -> list[dict[str, Any]]:
    query = {**CURRENT, "untranslated.reason": reason}
    fields = {"key": 1, "language": 1, "question": 1, "answer": 1, "untranslated": 1}
    return [
        {"key": row["key"], "language": row.get("language") or "", "source": _excerpt(row), **_record(row, reason)}
        for row in database.samples.find(query, fields).sort("key", 1).limit(count)
    ]


def _record(row: Mapping[str, Any], reason: str) -> dict[str, Any]:
    record = next(record for record in row["untranslated"] if record.get("reason") == reason)
    return {"engine": record.get("engine"), "wanted": record.get("language"), "detail": record.get("detail") or ""}


def _excerpt(row: Mapping[str, Any] | None) -> dict[str, str] | None:
    """The beginning of question and answer; None where the row is gone."""
    if row is None:
        return None
    texts = {name: str(row.get(name) or "") for name in ("question", "answer")}
    return {name: text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…" for name, text in texts.items()}


def _languages(database: Database[dict[str, Any]]) -> list[dict[str, Any]]:
    """Imported and translated rows by language, most first: {language, rows, imported, translated, share, judged, mean,
    interval, note}, the accuracy that a judge gave from 0 to 5, and what must be said beside it.
    """
    score = {"$cond": [{"$isNumber": "$accuracy"}, "$accuracy", None]}
    judge = {"model": "$judge.model", "prompt": "$judge.prompt"}
    pipeline: list[dict[str, Any]] = [
        {"$match": {**CURRENT, "task": {"$in": list(TASKS)}}},
        {"$group": {
            "_id": {"$ifNull": ["$language", ""]}, "rows": {"$sum": 1},
            "translated": {"$sum": {"$cond": [{"$eq": ["$task", "translation"]}, 1, 0]}},
            "judged": {"$sum": {"$cond": [{"$isNumber": "$accuracy"}, 1, 0]}},
            "mean": {"$avg": score}, "deviation": {"$stdDevSamp": score},
            "judges": {"$addToSet": {"$cond": [{"$isNumber": "$accuracy"}, judge, None]}},
        }},
        {"$sort": {"rows": -1, "_id": 1}},
    ]  # fmt: skip
    rows = list(database.samples.aggregate(pipeline))
    total = sum(row["rows"] for row in rows)
    calibration = calibration_of(database) if any(row["judged"] for row in rows) else Calibration()
    return [_language(row, total, calibration) for row in rows]


def _language(row: Mapping[str, Any], total: int, calibration: Calibration) -> dict[str, Any]:
    mean = row["mean"]
    judges = [judge_name(judge) for judge in row["judges"] if judge is not None]
    return {
        "language": row["_id"], "rows": row["rows"], "imported": row["rows"] - row["translated"],
        "translated": row["translated"], "share": round(row["rows"] / total, 4), "judged": row["judged"],
        "mean": None if mean is None else round(mean, 4), "deviation": row["deviation"],
        "interval": None if mean is None else mean_interval(mean, row["deviation"], row["judged"]),
        "note": calibration.note(row["_id"], judges) if row["judged"] else "",
    }  # fmt: skip


def _overall(languages: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """{judged, mean, interval, note} of all languages; None where nobody judged. Takes `deviation` out of the rows."""
    rows = [(row["judged"], row["mean"], row.pop("deviation")) for row in languages]
    judged = [(count, mean, deviation or 0.0) for count, mean, deviation in rows if count]
    total = sum(count for count, _, _ in judged)
    if not total:
        return None
    mean = sum(count * mean for count, mean, _ in judged) / total
    squares = sum((count - 1) * deviation**2 + count * (part - mean) ** 2 for count, part, deviation in judged)
    deviation = math.sqrt(squares / (total - 1)) if total > 1 else None
    note = NOTHING_KNOWN if any(row["note"] for row in languages) else ""
    return {"judged": total, "mean": round(mean, 4), "interval": mean_interval(mean, deviation, total), "note": note}
