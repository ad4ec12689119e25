"""How far people agree among themselves: on decisions and on scores, by language, and each rater beside the others."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.ratings.agreement import by_language
from synth.ratings.calibration import CLUSTER_FIELDS, DIMENSIONS, samples_of, score_of
from synth.ratings.intervals import ENOUGH_CLUSTERS, clusters_of, count, interval
from synth.ratings.marks import DECISIONS
from synth.ratings.measures import Marks, alpha, marks_of, mean
from synth.ratings.row_leases import ADJUDICATION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pymongo.database import Database

    Places = NDArray[np.int64]

#: What people mark -> the scale of it. An edit is no more than an acceptance and no less than a rejection: decisions
#: have no order.
SCALES = {"decision": "nominal", **dict.fromkeys(DIMENSIONS, "ordinal")}
#: Why there is no alpha, and no interval of it.
NO_PAIR = "undefined: no item has marks of two raters"
NO_VARIETY = "undefined: all marks are the same"
NO_DISAGREEMENT = "no interval: no item on which raters differ"
ONE_EVENT = "no interval: one event decides"
FEW = f"no interval: fewer than {ENOUGH_CLUSTERS} events"
#: Columns of the tables of these rows.
AMONG_PEOPLE = ("dimension", "language", "n", "events", "raters", "marks", "identical", "alpha", "note")
OF_RATERS = ("dimension", "rater", "n", "differs", "bias", "alpha_without")


@dataclass(frozen=True)
class Marked:
    """An item of a language and what each rater marked it with."""

    sample: Mapping[str, Any]
    marks: Mapping[str, Any]

    @property
    def language(self) -> str:
        return str(self.sample.get("language") or "")


def people_agreement(items: Sequence[Marked], scale: str) -> dict[str, Any]:
    """How far all raters of some items agree.

    Returns:
        {n (items with marks of two raters), events, raters, marks (all of these items), identical (share of the items
        on which all marks are the same), alpha (Krippendorff's), alpha_interval, note (what is not defined, and why)}.
    """
    several = [item for item in items if len(item.marks) > 1]
    table = marks_of([list(item.marks.values()) for item in several])
    clusters = clusters_of([item.sample for item in several])
    value = float(alpha(table, scale)) if several else math.nan
    row: dict[str, Any] = {
        "n": len(several), "events": count(clusters), "raters": len({who for item in several for who in item.marks}),
        "marks": sum(len(item.marks) for item in several),
        "identical": _mean([float(len(set(item.marks.values())) == 1) for item in several]),
        "alpha": None if math.isnan(value) else round(value, 4), "alpha_interval": None,
    }  # fmt: skip
    if math.isnan(value):
        return row | {"note": NO_VARIETY if several else NO_PAIR}
    row["alpha_interval"] = interval(lambda weights: alpha(table, scale, weights), clusters)
    return row | {"note": _why_no_interval(row, clusters)}


def _why_no_interval(row: Mapping[str, Any], clusters: Places) -> str:
    if row["alpha_interval"]:
        return ""
    return FEW if count(clusters) < ENOUGH_CLUSTERS else NO_DISAGREEMENT if row["identical"] == 1 else \
        ONE_EVENT  # fmt: skip


def rater_rows(items: Sequence[Marked], scale: str) -> list[dict[str, Any]]:
    """Each rater beside those who marked the same items, the one who differs most first.

    Returns:
        [{rater, n (items that others marked too), differs (decisions: share of the others' marks that are another;
        scores: mean distance to the others' mean), bias (scores: his minus the others' mean), bias_interval,
        alpha_without (of the others alone: higher than that of all where he lowers it)}]
    """
    several = [item for item in items if len(item.marks) > 1]
    table = marks_of([list(item.marks.values()) for item in several])
    raters = sorted({who for item in several for who in item.marks})
    rows = [_rater(who, [item for item in several if who in item.marks], scale) for who in raters]
    for row in rows:
        row["alpha_without"] = _alpha_without(several, row["rater"], scale) if len(table) else None
    return sorted(rows, key=lambda row: (-row["differs"], row["rater"]))


def _rater(who: str, items: Sequence[Marked], scale: str) -> dict[str, Any]:
    import numpy

    row: dict[str, Any] = {"rater": who, "n": len(items), "bias": None, "bias_interval": None}
    rests = [[mark for rater, mark in item.marks.items() if rater != who] for item in items]
    own = [item.marks[who] for item in items]
    if scale == "nominal":
        shares = [sum(mark != mine for mark in rest) / len(rest) for mine, rest in zip(own, rests, strict=True)]
        return row | {"differs": round(math.fsum(shares) / len(shares), 4)}
    apart = numpy.asarray([mine - math.fsum(rest) / len(rest) for mine, rest in zip(own, rests, strict=True)])
    clusters = clusters_of([item.sample for item in items])
    return row | {
        "differs": round(float(numpy.abs(apart).mean()), 4), "bias": round(float(apart.mean()), 4),
        "bias_interval": interval(lambda weights: mean(apart, weights), clusters, coefficient=False),
    }  # fmt: skip


def _alpha_without(items: Sequence[Marked], who: str, scale: str) -> float | None:
    table: Marks = marks_of([[mark for rater, mark in item.marks.items() if rater != who] for item in items])
    value = float(alpha(table, scale)) if len(table) else math.nan
    return None if math.isnan(value) else round(value, 4)


def _mean(values: Sequence[float]) -> float | None:
    return round(math.fsum(values) / len(values), 4) if values else None


# ---- from the store


def people_of(
    database: Database[dict[str, Any]], query: Mapping[str, Any] | None = None
) -> dict[str, list[dict[str, Any]]]:
    """{people: rows of people_agreement by dimension and language, raters: rows of rater_rows by dimension}.

    A row states `between` (people or rater), dimension, language and scale. What nobody marked has no row.
    """
    marks = dict(_marks_by_dimension(database))
    fields = dict.fromkeys((*CLUSTER_FIELDS, "language"), 1)
    keys = sorted({item for by_item in marks.values() for item in by_item})
    samples = {sample["key"]: sample for sample in samples_of(database, keys, fields=fields, query=query)}
    rows: dict[str, list[dict[str, Any]]] = {"people": [], "raters": []}
    for name, by_item in marks.items():
        scale = SCALES[name]
        items = [Marked(samples[item], by_rater) for item, by_rater in sorted(by_item.items()) if item in samples]
        languages = list(by_language([(item.language, item) for item in items]))
        for language, some in languages:
            head = {"between": "people", "dimension": name, "language": language, "scale": scale}
            rows["people"].append({**head, **people_agreement(some, scale)})
        every = languages[-1][0] if languages else ""
        head = {"between": "rater", "dimension": name, "language": every, "scale": scale}
        rows["raters"] += [{**head, **row} for row in rater_rows(items, scale)]
    return rows


def _marks_by_dimension(database: Database[dict[str, Any]]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """(dimension, item -> rater -> mark) of what anybody marked.

    Marks are compared where they are of one text: of an item that was edited meanwhile, those of the text that most
    raters read. Who decided between raters saw their marks first, and is no independent one.
    """
    adjudications = set(database.marks.distinct("_id", {"state": ADJUDICATION}))
    marks: dict[str, dict[str, dict[str, dict[str, Any]]]] = {name: {} for name in SCALES}
    fields = ("item", "rater", "decision", "revision", "mark", "original_scores", *DIMENSIONS)
    for row in database.ratings.find({}, dict.fromkeys(fields, 1)):
        if row.get("mark") in adjudications or not (row.get("item") and row.get("rater")):
            continue
        for name, text, mark in _marks_in(row):
            by_text = marks[name].setdefault(str(row["item"]), {})
            by_text.setdefault(text, {})[str(row["rater"])] = mark
    for name, by_item in marks.items():
        if by_item:
            yield name, {item: max(by_text.values(), key=len) for item, by_text in by_item.items()}


def _marks_in(row: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(dimension, name of the text, mark) of a row of `ratings`; a row that was passed over is no mark."""
    if row.get("decision") in DECISIONS and row["decision"] != "skip":
        yield "decision", str(row.get("revision") or ""), row["decision"]
    # Scores of a text that was edited since stand aside; they are still of one text.
    aside = row.get("original_scores") or {}
    for name in DIMENSIONS:
        if (score := score_of(row.get(name))) is not None:
            yield name, "", score
        elif (score := score_of(aside.get(name))) is not None:
            yield name, str(aside.get("revision") or "aside"), score
