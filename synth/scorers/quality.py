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

from synth.batched import batched
from synth.samples.field import Field

if TYPE_CHECKING:
    from pymongo.database import Database

FIELDS = (
    Field("quality", "float64", "the scores in one number (docs/scores.md); null without coverage and faithfulness",
          unit="0 to 1", optional=True, card="merged"),
    Field("quality_parts", "string", "what `quality` is made of: the parts that had been measured", many=True,
          values=("coverage", "faithfulness", "similarity", "length", "language", "toxicity"), column=False,
          card="hidden"),
    Field("quality_inputs", "any", "version of the formula of `quality`, and the values that it was computed from: "
          "where these are others than the sample's own, it is computed anew", column=False, card="hidden"),
)  # fmt: skip
#: Weight of each part in the mean.
WEIGHTS = {"coverage": 0.4, "faithfulness": 0.25, "similarity": 0.2, "length": 0.15}
#: Characters from which an answer is long enough: some sixty words.
FULL_LENGTH = 400
_FIELDS = {"coverage": "mean_coverage", "faithfulness": "faithfulness", "similarity": "mean_similarity"}
_INPUTS = (*_FIELDS.values(), "language", "detected_language", "toxicity", "toxicity_calibrated")
_DIGITS = 6
#: Of the formula: whoever changes it raises this, and every `quality` is computed anew.
VERSION = 1


class Quality(NamedTuple):
    """The joined score, and the parts that it is made of."""

    value: float | None
    parts: list[str]


def quality(sample: Mapping[str, Any]) -> Quality:
    """Join the scores that a sample has; None where it has neither coverage nor faithfulness."""
    values = {name: _unit(sample.get(field)) for name, field in _FIELDS.items()}
    if values["coverage"] is None and values["faithfulness"] is None:
        return Quality(None, [])
    answer = sample.get("answer")
    values["length"] = min(1.0, len(answer) / FULL_LENGTH) if isinstance(answer, str) else 0.0
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
    language, detected = sample.get("language"), sample.get("detected_language")
    return None if not language or detected in (None, "unknown") else float(language == detected)


def _harmlessness(sample: Mapping[str, Any]) -> float | None:
    toxicity = _unit(sample.get("toxicity"))
    return None if toxicity is None or sample.get("toxicity_calibrated") is not True else 1.0 - toxicity


def join_scores(database: Database[dict[str, Any]]) -> int:
    """Bring `quality` up to its parts where these are others than it was computed from; how many were computed.

    The store compares: what is up to date is not read from it.
    """
    from pymongo import UpdateOne

    names = ("answer", *_INPUTS)
    pipeline: list[dict[str, Any]] = [
        {"$match": pending_filter()}, {"$project": {**dict.fromkeys(names, 1), "inputs": _inputs()}},
    ]  # fmt: skip
    changed = 0
    for rows in batched(database.samples.aggregate(pipeline, batchSize=_BATCH), _BATCH):
        writes = []
        for sample in rows:
            value, parts = quality(sample)
            row = {"quality": value, "quality_parts": parts, "quality_inputs": sample["inputs"]}
            writes.append(UpdateOne({"_id": sample["_id"]}, {"$set": row}))
        changed += database.samples.bulk_write(writes, ordered=False).matched_count
    return changed


def pending_filter() -> dict[str, Any]:
    """The samples whose `quality` is of other values, or of another version; not those that have no part."""
    number = [{field: {"$type": "number"}} for field in ("mean_coverage", "faithfulness", "quality")]
    return {"$or": number, "$expr": {"$ne": ["$quality_inputs", _inputs()]}}


def _inputs() -> list[Any]:
    """In the store's words, what `quality` reads of a sample: null for what is missing."""
    text = {"$cond": [{"$eq": [{"$type": "$answer"}, "string"]}, "$answer", ""]}
    length = {"$min": [FULL_LENGTH, {"$strLenCP": text}]}
    return [VERSION, length, *({"$ifNull": [f"${field}", None]} for field in _INPUTS)]


#: Updates in one request.
_BATCH = 1000
