"""One number that joins the scores of a sample. It says nothing that its parts do not say, and never stands for them.

    quality = (sum of weight x part) / (sum of the weights of the parts that there are) x language x harmlessness

The parts, each 0 to 1 and none with a negative weight, are `mean_coverage` (content), `faithfulness` (truth),
`mean_similarity` (copying) and the answer's length up to FULL_LENGTH characters. `language` is 0 where the answer was
found to be in another language than was asked for, and `harmlessness` 1 - toxicity where the model was made for the
language. What was not measured is left out, and `quality_parts` says what was there.

WEIGHTS are fitted where people judged (benchmarks/scores/quality_tables.py); the two factors are set: no one wants an
answer in the wrong language or an insult, however well it tells its sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from synth.samples.field import Field

if TYPE_CHECKING:
    from pymongo.database import Database

FIELDS = (
    Field("quality", "float64", "the scores in one number (docs/scores.md); null without coverage and faithfulness",
          unit="0 to 1", optional=True, card="merged"),
    Field("quality_parts", "string", "what `quality` is made of: the parts that had been measured", many=True,
          values=("coverage", "faithfulness", "similarity", "length", "language", "toxicity"), column=False,
          card="hidden"),
)  # fmt: skip
#: Weight of each part in the mean.
WEIGHTS = {"coverage": 0.4, "faithfulness": 0.25, "similarity": 0.2, "length": 0.15}
#: Characters from which an answer is long enough: some sixty words.
FULL_LENGTH = 400
_FIELDS = {"coverage": "mean_coverage", "faithfulness": "faithfulness", "similarity": "mean_similarity"}
_DIGITS = 6


class Quality(NamedTuple):
    """The joined score, and the parts that it is made of."""

    value: float | None
    parts: list[str]


def quality(sample: Mapping[str, Any]) -> Quality:
    """Join the scores that a sample has; None where it has neither coverage nor faithfulness."""
    values = {name: _unit(sample.get(field)) for name, field in _FIELDS.items()}
    if values["coverage"] is None and values["faithfulness"] is None:
        return Quality(None, [])
    values["length"] = min(1.0, len(sample.get("answer") or "") / FULL_LENGTH)
    present = {name: value for name, value in values.items() if value is not None}
    total = sum(WEIGHTS[name] for name in present)
    mean = sum(WEIGHTS[name] * value for name, value in present.items()) / total
    factors = {"language": _language(sample), "toxicity": _harmlessness(sample)}
    for factor in factors.values():
        mean *= 1.0 if factor is None else factor
    parts = [*present, *(name for name, factor in factors.items() if factor is not None)]
    return Quality(round(mean, _DIGITS), [name for name in FIELDS[1].values if name in parts])


def _unit(value: Any) -> float | None:
    """A number within 0 to 1; None for what is none."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    return min(1.0, max(0.0, float(value))) if number else None


def _language(sample: Mapping[str, Any]) -> float | None:
    """1 right, 0 wrong, None where nobody knows."""
    wanted, detected = sample.get("language"), sample.get("detected_language")
    return None if not wanted or detected in (None, "unknown") else float(wanted == detected)


def _harmlessness(sample: Mapping[str, Any]) -> float | None:
    toxicity = _unit(sample.get("toxicity"))
    return None if toxicity is None or sample.get("toxicity_calibrated") is not True else 1.0 - toxicity


def join_scores(database: Database[dict[str, Any]]) -> int:
    """Bring `quality` of every sample up to its parts; how many changed. One reading of what it is made of."""
    from pymongo import UpdateOne

    fields = ("answer", "language", "detected_language", "toxicity", "toxicity_calibrated", *_FIELDS.values())
    known = {"$or": [{field: {"$type": "number"}} for field in ("mean_coverage", "faithfulness")]}
    names = dict.fromkeys((*fields, "quality", "quality_parts"), 1)
    writes: list[UpdateOne] = []
    changed = 0
    for sample in database.samples.find(known, names):
        value, parts = quality(sample)
        if sample.get("quality") != value or sample.get("quality_parts") != parts:
            writes.append(UpdateOne({"_id": sample["_id"]}, {"$set": {"quality": value, "quality_parts": parts}}))
        if len(writes) == _BATCH:
            changed += database.samples.bulk_write(writes, ordered=False).modified_count
            writes = []
    return changed + (database.samples.bulk_write(writes, ordered=False).modified_count if writes else 0)


#: Updates in one request.
_BATCH = 1000
