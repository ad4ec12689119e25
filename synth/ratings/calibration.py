"""Whether a judge's scores of a language were compared with people's: what everything that shows such a score asks.

A judge is a model and a prompt, and its scores of one language say nothing of those of another. From thirty samples on
that both scored its agreement can be stated; below, it is unknown, and whoever shows the score says so.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pymongo.database import Database

#: What is scored from 0 to 5, by a judge and by people.
DIMENSIONS = ("accuracy", "helpfulness")
#: Samples of a language that judge and people scored, below which nothing is said of their agreement: at 30 the 95 %
#: interval of a kappa of .7 is .4 wide.
ENOUGH_ROWS = 30
#: What is said beside a score where nobody looked.
NOTHING_KNOWN = "agreement with people unknown"
#: Items that are asked for at once.
_CHUNK = 10_000
#: What `intervals.clusters_of` reads of a sample.
CLUSTER_FIELDS = ("key", "event", "sources.link", "provenance.translated_from")


def unknown(rows: int) -> str:
    """What is said of an agreement that too few rows tell."""
    return f"unknown ({rows} of {ENOUGH_ROWS})"


class Common(NamedTuple):
    """A sample that a judge and people scored: the judge's score, and that of each rater."""

    sample: Mapping[str, Any]
    judge: str
    language: str
    score: float
    people: Mapping[str, float]


@dataclass(frozen=True)
class Calibration:
    """How many samples judge and people both scored: (dimension, judge, language) -> samples."""

    rows: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def note(self, language: str, judges: Iterable[str] | None = None, dimension: str = "accuracy") -> str:
        """What must be said beside a judge's score of a language, as the end of a sentence; "" where nothing must.

        Args:
            judges: those whose scores are shown (`judge_name`); None: any that is known of, the least compared counts.
        """
        rows = self.compared(language, judges, dimension)
        return "" if rows >= ENOUGH_ROWS else f"agreement with people {unknown(rows)}"

    def note_of(self, sample: Mapping[str, Any], dimension: str = "accuracy") -> str:
        """The note on a sample's own score."""
        return self.note(str(sample.get("language") or ""), [judge_name(sample.get("judge"))], dimension)

    def compared(self, language: str, judges: Iterable[str] | None = None, dimension: str = "accuracy") -> int:
        """Samples of a language that people scored as well as the judge; of several judges the fewest."""
        every = {judge for name, judge, _ in self.rows if name == dimension} if judges is None else set(judges)
        return min((self.rows.get((dimension, judge, language), 0) for judge in every), default=0)


def judge_name(judge: Any) -> str:
    """Model and prompt of a sample's field `judge`; "" for a score of which nobody says who gave it."""
    if not isinstance(judge, Mapping):
        return ""
    return " ".join(str(judge[name]) for name in ("model", "prompt") if judge.get(name))


def calibration_of(database: Database[dict[str, Any]]) -> Calibration:
    """Of the whole store; costs as much as there are ratings, however many samples there are."""
    ratings = scores_by_item(database)
    fields = dict.fromkeys(("key", "language", "judge.model", "judge.prompt", *DIMENSIONS), 1)
    samples = list(samples_of(database, list(ratings), fields=fields))
    counts = Counter(
        (name, row.judge, row.language) for name in DIMENSIONS for row in common_rows(samples, ratings, name)
    )
    return Calibration(counts)


def common_rows(
    samples: Iterable[Mapping[str, Any]], ratings: Mapping[str, Mapping[str, Mapping[str, Any]]], dimension: str
) -> Iterator[Common]:
    """The samples that a judge and people scored in a dimension."""
    for sample in samples:
        score = score_of(sample.get(dimension))
        scores = {who: score_of(row.get(dimension)) for who, row in ratings[sample["key"]].items()}
        people = {who: value for who, value in scores.items() if value is not None}
        if score is not None and people:
            yield Common(sample, judge_name(sample.get("judge")), str(sample.get("language") or ""), score, people)


def scores_by_item(database: Database[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Item -> rater -> the row of `ratings`, of rows with a score."""
    rows: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    scored = {"$or": [{name: {"$type": "number"}} for name in DIMENSIONS]}
    for row in database.ratings.find(scored, {"item": 1, "rater": 1, **dict.fromkeys(DIMENSIONS, 1)}):
        if row.get("item") and row.get("rater"):
            rows[str(row["item"])][str(row["rater"])] = row
    return dict(rows)


def samples_of(
    database: Database[dict[str, Any]], keys: list[str], *, fields: Mapping[str, int],
    query: Mapping[str, Any] | None = None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The samples of these keys that a filter names, whatever became of them."""
    for start in range(0, len(keys), _CHUNK):
        limits = [{"key": {"$in": keys[start : start + _CHUNK]}}, dict(query or {})]
        yield from database.samples.find({"$and": limits}, dict(fields))


def score_of(value: Any) -> float | None:
    """A score as a number; None for what is none."""
    # NaN is unequal to itself.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value == value else None
