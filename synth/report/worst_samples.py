"""Which samples are the worst, and why: a ranking by points that anyone can add up again.

A sample gets from 0 to 1 point for each of four things, and what was not measured gives none:

    unsupported facts   n / (n + 1) for n facts that no source has: the first weighs as much as all that follow
    accuracy            (5 - accuracy) / 5
    toxicity            the score itself, where the model was made for the language
    similarity          1 - min_similarity: a source that the answer leaves aside

Most points first; equal points by key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

#: Samples shown.
WORST = 10
#: Points from which on a thing is named as a reason; the largest always is.
_TELLING = 0.5


def points() -> dict[str, Any]:
    """Expressions over the fields of `synth.report.sample_statistics.SLIM`: name -> points."""
    return {
        "facts": _known("$facts", {"$divide": ["$facts", {"$add": ["$facts", 1]}]}),
        "accuracy": _known("$accuracy", {"$divide": [{"$subtract": [5, "$accuracy"]}, 5]}),
        "toxicity": {"$cond": [{"$eq": ["$calibrated", False]}, 0, _known("$toxicity", "$toxicity")]},
        "similarity": _known("$least", {"$subtract": [1, "$least"]}),
    }


def _known(field: str, value: Any) -> dict[str, Any]:
    """0 to 1, and 0 where the field is no number."""
    return {"$cond": [{"$isNumber": field}, {"$min": [1, {"$max": [0, value]}]}, 0]}


def facet() -> list[dict[str, Any]]:
    """The worst samples as {key, points: {name: points}, sum}."""
    return [
        {"$project": {"_id": 0, "key": 1, "points": points()}},
        {"$set": {"sum": {"$add": [f"$points.{name}" for name in points()]}}},
        {"$match": {"sum": {"$gt": 0}}},
        {"$sort": {"sum": -1, "key": 1}},
        {"$limit": WORST},
    ]


def reasons(sample: Mapping[str, Any], points_of: Mapping[str, float], accuracy_note: str = "") -> list[dict[str, Any]]:
    """[{name, points, text}]: why a sample is among the worst, the weightiest first.

    accuracy_note: what must be said beside the judge's score, if anything.
    """
    ordered = sorted(points_of.items(), key=lambda item: -item[1])
    weighty = [(name, value) for name, value in ordered if value >= _TELLING] or ordered[:1]
    texts = {"facts": _facts, "accuracy": _accuracy, "toxicity": _toxicity, "similarity": _similarity}
    rows: list[dict[str, Any]] = [
        {"name": name, "points": round(value, 3), "text": texts[name](sample)} for name, value in weighty if value
    ]
    for row in rows:
        if row["name"] == "accuracy" and accuracy_note:
            row["text"] += f" ({accuracy_note})"
    return rows


def _facts(sample: Mapping[str, Any]) -> str:
    kinds = Counter(map(str, sample.get("unsupported_kinds") or []))
    count = len(sample.get("unsupported") or [])
    kinds_text = ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in sorted(kinds.items()))
    return f"{count} fact{'s' if count != 1 else ''} that no source has" + (f" ({kinds_text})" if kinds_text else "")


def _accuracy(sample: Mapping[str, Any]) -> str:
    return f"judged {sample['accuracy']:.3g} of 5 for accuracy"


def _toxicity(sample: Mapping[str, Any]) -> str:
    return f"toxicity {sample['toxicity']:.2f}"


def _similarity(sample: Mapping[str, Any]) -> str:
    values: Sequence[Any] = sample.get("similarity") or []
    least = sample["min_similarity"]
    source = f"source {values.index(least) + 1}" if least in values and len(values) > 1 else "its source"
    return f"similarity to {source} only {least:.2f}"
