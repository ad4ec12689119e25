"""How far scores can be trusted: a judge with itself over repeats, a judge with people, people among themselves.

Rank correlation and intervals are scipy's. Kappa, alpha and ICC are ours: scipy has none of them, scikit-learn's kappa
takes no scores between whole numbers, and by the F of `scipy.stats.f_oneway` the ICC of repeats that never differ would
be infinity by infinity where it is 1.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pymongo.database import Database

    Scores = NDArray[np.float64]

DIMENSIONS = ("accuracy", "helpfulness")
#: Resamples of a bootstrap; a percentile of 2,000 is steady to about a hundredth.
RESAMPLES = 2000
#: Samples below which an interval would promise too much.
_ENOUGH = 10


# ---- coefficients


def weighted_kappa(first: Scores, second: Scores) -> Scores:
    """Cohen's kappa with quadratic weights over the last axis; NaN where neither side varies.

    In closed form, 1 - E(a-b)^2 / (var a + var b + (mean a - mean b)^2): the same figure as from the table of counts,
    and scores between whole numbers (means of repeats or raters) need no rounding.
    """
    import numpy

    apart = first.mean(-1) - second.mean(-1)
    chance = first.var(-1) + second.var(-1) + apart**2
    with numpy.errstate(divide="ignore", invalid="ignore"):
        kappa: Scores = 1 - ((first - second) ** 2).mean(-1) / chance
    # Both sides always the same number: nothing to agree on.
    return numpy.where(chance > 1e-12, kappa, numpy.nan)


def spearman(first: Scores, second: Scores) -> Scores:
    """Spearman's rank correlation over the last axis, ties by their mean rank; NaN where a side does not vary.

    Pearson's of the ranks, since `scipy.stats.spearmanr` correlates the rows of two tables all with all.
    """
    from scipy.stats import pearsonr, rankdata

    with _no_warnings():
        correlation: Scores = pearsonr(rankdata(first, axis=-1), rankdata(second, axis=-1), axis=-1).statistic
    return correlation


def interval(
    measure: Callable[[Scores, Scores], Scores], first: Scores, second: Scores, resamples: int = RESAMPLES
) -> list[float] | None:
    """The 95 % percentile bootstrap interval of a measure of pairs (seeded); None for fewer than ten pairs.

    Of the draws where the measure is defined; scipy's own interval is NaN as soon as one draw does not vary.
    """
    import numpy
    from scipy.stats import bootstrap

    if len(first) < _ENOUGH:
        return None
    # In parts of about a million numbers: 2,000 copies of 100,000 pairs fit no memory.
    part = max(1, 1_000_000 // len(first))
    with _no_warnings():
        draws = bootstrap(
            (first, second), lambda x, y, axis: measure(x, y), paired=True, vectorized=True,  # noqa: ARG005
            n_resamples=resamples, batch=part, method="percentile", rng=numpy.random.default_rng(0),
        ).bootstrap_distribution  # fmt: skip
        low, high = numpy.nanquantile(draws, [0.025, 0.975])
    return None if math.isnan(low) else [round(float(low), 4), round(float(high), 4)]


@contextmanager
def _no_warnings() -> Iterator[None]:
    """That a side or a draw does not vary is no news: the result is NaN, and says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


def alpha(groups: Sequence[Sequence[float]]) -> float | None:
    """Krippendorff's alpha for interval data; groups: the scores of one item each, of any number (single ones do not
    count). None where all scores are the same, or no item has two.
    """
    import numpy

    pairable = [numpy.asarray(group, float) for group in groups if len(group) > 1]
    if not pairable:
        return None
    every = numpy.concatenate(pairable)
    # Sum of squared differences over ordered pairs = 2 m * sum of squares around the mean.
    observed = sum(2 * len(scores) * len(scores) * scores.var() / (len(scores) - 1) for scores in pairable) / len(every)
    expected = 2 * len(every) * every.var() / (len(every) - 1)
    return 1 - float(observed / expected) if expected > 1e-12 else None


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
        "alpha": _rounded(alpha(several)),
    }


def agreement(pairs: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Of (judge, people) pairs: {n, judge, people (means), kappa, kappa_interval, spearman, spearman_interval}."""
    import numpy

    first, second = (numpy.asarray([pair[side] for pair in pairs], float) for side in (0, 1))
    row: dict[str, Any] = {"n": len(pairs), "judge": None, "people": None}
    if len(pairs):
        row |= {"judge": _rounded(float(first.mean())), "people": _rounded(float(second.mean()))}
    for name, measure in (("kappa", weighted_kappa), ("spearman", spearman)):
        row[name] = _rounded(float(measure(first, second))) if len(pairs) > 1 else None
        row[f"{name}_interval"] = interval(measure, first, second) if row[name] is not None else None
    return row


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
        for language, groups in _by_language(judged):
            tables.append({"dimension": name, "language": language, **repeatability(groups)})
    return tables


def agreement_of(database: Database[dict[str, Any]], query: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """A row for each dimension and language of the samples that both the judge and people scored.

    People's score of a sample is the mean over raters; `raters` how many there are, `people_alpha` how far they agree
    among themselves (Krippendorff's alpha over samples with two raters or more): no judge can be asked for more.
    """
    tables = []
    rated = _rated(database)
    fields = {"key": 1, "language": 1, **dict.fromkeys(DIMENSIONS, 1)}
    limits = [{"key": {"$in": list(rated)}}, dict(query or {})]
    samples = list(database.samples.find({"$and": limits}, fields))
    for name in DIMENSIONS:
        both = []
        for sample in samples:
            people = {who: scores[name] for who, scores in rated[sample["key"]].items() if scores.get(name) is not None}
            if people and sample.get(name) is not None:
                both.append((sample.get("language") or "", (float(sample[name]), people)))
        for language, some in _by_language(both):
            pairs = [(judge, math.fsum(people.values()) / len(people)) for judge, people in some]
            among = {
                "raters": len({who for _, people in some for who in people}),
                "people_alpha": _rounded(alpha([list(people.values()) for _, people in some])),
            }
            tables.append({"dimension": name, "language": language, **agreement(pairs), **among})
    return tables


def _rated(database: Database[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Item -> rater -> scores."""
    scores_of: dict[str, dict[str, dict[str, Any]]] = {}
    for row in database.ratings.find({}, {"item": 1, "rater": 1, **dict.fromkeys(DIMENSIONS, 1)}):
        scores_of.setdefault(row["item"], {})[row["rater"]] = row
    return scores_of


def _by_language(rows: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, list[Any]]]:
    """(language, what belongs to it), the languages in order and then all, where there is more than one."""
    languages = sorted({language for language, _ in rows})
    for language in languages:
        yield language, [value for code, value in rows if code == language]
    if len(languages) > 1:
        yield "all", [value for _, value in rows]


# ---- in words

REPEATED = ("dimension", "language", "n", "repeats", "identical", "mean_difference", "icc", "alpha")
AGREED = (
    "dimension", "language", "n", "judge", "people", "kappa", "kappa_interval", "spearman", "spearman_interval",
    "raters", "people_alpha",
)  # fmt: skip


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The rows under their heading, numbers to the right."""
    lines = [[name.replace("_", " ") for name in columns], *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" if i < 2 else f"{cell:>{width}}" for i, (cell, width) in enumerate(
            zip(line, widths, strict=True))).rstrip()
        for line in lines
    )  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list):
        return f"{value[0]:.2f} to {value[1]:.2f}"
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
