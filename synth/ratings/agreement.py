"""How far scores can be trusted: a judge with itself over repeats, and a judge with people.

Kappa and alpha are ours (`measures`): scikit-learn's kappa takes no scores between whole numbers, and neither takes the
weights that an interval of 10,000 rows is made with at once. ICC is ours, since by the F of `scipy.stats.f_oneway` that
of repeats that never differ would be infinity by infinity where it is 1.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.ratings.calibration import (
    CLUSTER_FIELDS,
    DIMENSIONS,
    ENOUGH_ROWS,
    Common,
    common_rows,
    samples_of,
    scores_by_item,
    unknown,
)
from synth.ratings.intervals import ENOUGH_CLUSTERS, clusters_of, count, interval, share_interval
from synth.ratings.measures import alpha, marks_of, mean, spearman, weighted_kappa

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pymongo.database import Database

    Scores = NDArray[np.float64]
    Places = NDArray[np.int64]

#: Two scores from 0 to 5 that are as near as this say the same.
NEAR = 1.0


def icc(groups: Sequence[Sequence[float]]) -> float | None:
    """ICC(1): the share of the variance that lies between items (one-way analysis of variance, unequal sizes allowed).

    None where all scores are the same, or there are not two items and an item with two scores.
    """
    import numpy

    sets = [numpy.asarray(group, float) for group in groups if len(group)]
    total, count = sum(len(scores) for scores in sets), len(sets)
    if count < 2 or total == count:
        return None
    grand = sum(scores.sum() for scores in sets) / total
    between = sum(len(scores) * (scores.mean() - grand) ** 2 for scores in sets) / (count - 1)
    within = sum(len(scores) * scores.var() for scores in sets) / (total - count)
    size = (total - sum(len(scores) ** 2 for scores in sets) / total) / (count - 1)
    spread = between + (size - 1) * within
    return float((between - within) / spread) if spread > 1e-12 else None


def alpha_of(groups: Sequence[Sequence[Any]], scale: str) -> float | None:
    """Krippendorff's alpha of the marks of each item; None where all marks are the same, or no item has two."""
    value = float(alpha(marks_of(groups), scale))
    return None if math.isnan(value) else value


# ---- tables


def repeatability(groups: Sequence[Sequence[float]]) -> dict[str, Any]:
    """How alike the scores of one item are, over items with at least two.

    Returns:
        {n, repeats (mean), identical (share of items whose scores are all the same), mean_difference (absolute, over
        all pairs of an item, mean over items), icc, alpha}; None where something is not defined.
    """
    several = [list(group) for group in groups if len(group) > 1]
    apart = [_mean([abs(a - b) for i, a in enumerate(scores) for b in scores[:i]]) for scores in several]
    return {
        "n": len(several),
        "repeats": _rounded(_mean([len(scores) for scores in several])),
        "identical": _rounded(_mean([float(len(set(scores)) == 1) for scores in several])),
        "mean_difference": _rounded(_mean([value for value in apart if value is not None])),
        "icc": _rounded(icc(several)),
        "alpha": _rounded(alpha_of(several, "interval")),
    }


def agreement(rows: Sequence[tuple[float, float]], clusters: Places | None = None) -> dict[str, Any]:
    """Of (judge, people) scores of each sample.

    Args:
        clusters: [n], from 0: rows of the same event, article or original; each its own where nothing is said.

    Returns:
        {n, events, judge, people (means), bias (judge minus people), within_one (share), kappa (quadratic weights),
        spearman, and NAME_interval of each of the last four, calibrated, note}; below ENOUGH_ROWS rows every number is
        None and the note says so.
    """
    import numpy

    clusters = numpy.arange(len(rows)) if clusters is None else clusters
    row: dict[str, Any] = {"n": len(rows), "events": count(clusters), "judge": None, "people": None}
    names = ("bias", "within_one", "kappa", "spearman")
    row |= {name: None for each in names for name in (each, f"{each}_interval")}
    if len(rows) < ENOUGH_ROWS:
        return row | {"calibrated": False, "note": unknown(len(rows))}
    judge, people = (numpy.asarray([pair[side] for pair in rows], float) for side in (0, 1))
    near = (numpy.abs(judge - people) <= NEAR + 1e-9).astype(float)
    row |= {"judge": _rounded(float(judge.mean())), "people": _rounded(float(people.mean()))}
    row |= {
        "bias": _rounded(float((judge - people).mean())), "within_one": _rounded(float(near.mean())),
        "bias_interval": interval(lambda weights: mean(judge - people, weights), clusters, coefficient=False),
        "within_one_interval": share_interval(near, clusters),
    }  # fmt: skip
    for name, measure in (("kappa", weighted_kappa), ("spearman", spearman)):
        row[name] = _rounded(float(measure(judge, people, numpy.ones(len(rows)))))
        row[f"{name}_interval"] = interval(lambda w, measure=measure: measure(judge, people, w), clusters)  # type: ignore[misc]
    few = f"no interval: fewer than {ENOUGH_CLUSTERS} events" if count(clusters) < ENOUGH_CLUSTERS else ""
    return row | {"calibrated": True, "note": few}


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


# ---- from the store


def repeatability_of(
    database: Database[dict[str, Any]], query: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """A row for each dimension and language ("all": every language) with samples that were judged more than once."""
    fields = {"language": 1, **{f"judge.{name}": 1 for name in DIMENSIONS}}
    rows = list(database.samples.find({"$and": [{"judge": {"$type": "object"}}, dict(query or {})]}, fields))
    tables = []
    for name in DIMENSIONS:
        judged = [(row.get("language", ""), scores) for row in rows if len(scores := row["judge"].get(name) or []) > 1]
        for language, groups in by_language(judged):
            tables.append({"dimension": name, "language": language, **repeatability(groups)})
    return tables


def agreement_of(database: Database[dict[str, Any]], query: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """A row for each dimension, judge and language of the samples that both the judge and people scored.

    People's score of a sample is the mean over raters; `raters` how many there are, `people_alpha` how far they agree
    among themselves (Krippendorff's alpha for ordered marks, over samples with two raters or more): no judge can be
    asked for more.
    """
    ratings = scores_by_item(database)
    fields = dict.fromkeys((*CLUSTER_FIELDS, "language", "judge.model", "judge.prompt", *DIMENSIONS), 1)
    samples = list(samples_of(database, list(ratings), fields=fields, query=query))
    tables = []
    for name in DIMENSIONS:
        judges: dict[str, list[Common]] = defaultdict(list)
        for row in common_rows(samples, ratings, name):
            judges[row.judge].append(row)
        for judge in sorted(judges, key=lambda judge: (-len(judges[judge]), judge)):
            for language, rows in by_language([(row.language, row) for row in judges[judge]]):
                tables.append({"between": "judge", "dimension": name, "language": language, **_compared(judge, rows)})
    return tables


def _compared(judge: str, rows: Sequence[Common]) -> dict[str, Any]:
    """The row of one judge and language."""
    pairs = [(row.score, math.fsum(row.people.values()) / len(row.people)) for row in rows]
    row = agreement(pairs, clusters_of([row.sample for row in rows]))
    among = alpha_of([list(row.people.values()) for row in rows], "ordinal") if row["calibrated"] else None
    raters = len({who for row in rows for who in row.people})
    return {"judged_by": judge, **row, "raters": raters, "people_alpha": _rounded(among)}


def by_language(rows: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """(language, what belongs to it), the languages in order and then all, where there is more than one."""
    languages = sorted({language for language, _ in rows})
    for language in languages:
        yield language, [value for code, value in rows if code == language]
    if len(languages) > 1:
        yield "all", [value for _, value in rows]


# ---- in words

REPEATED = ("dimension", "language", "n", "repeats", "identical", "mean_difference", "icc", "alpha")
AGREED = (
    "dimension", "language", "n", "events", "judge", "people", "bias", "within_one", "kappa", "spearman", "raters",
    "people_alpha", "note",
)  # fmt: skip


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The rows under their heading, numbers to the right, each with its interval; a last column `note` to the left."""
    lines = [[name.replace("_", " ") for name in columns], *([_cell(row, name) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    to_left = [i < 2 or name == "note" for i, name in enumerate(columns)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" if is_left else f"{cell:>{width}}" for cell, width, is_left in zip(
            line, widths, to_left, strict=True)).rstrip()
        for line in lines
    )  # fmt: skip


def _cell(row: Mapping[str, Any], name: str) -> str:
    value, ends = row[name], row.get(f"{name}_interval")
    if value is None:
        return "-"
    # Names come from files: what is no sign may drive a terminal.
    plain = "".join(sign if sign.isprintable() else " " for sign in str(value))
    text = f"{value:,.3f}" if isinstance(value, float) else plain
    return f"{text} ({ends[0]:.2f} to {ends[1]:.2f})" if ends else text
