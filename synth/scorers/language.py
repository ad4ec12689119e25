"""Which language an answer is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from synth.language import UNKNOWN
from synth.samples.field import Field
from synth.scorers import Batch, Scorer, Scores

FIELDS = (
    Field("detected_language", "string", "ISO 639-1 code found in the answer, or unknown", card="merged"),
    Field("language_confidence", "float64", "how sure that is, 0 to 1", unit="0 to 1", card="merged", distribution=4),
)  # fmt: skip


def _score(batch: Batch) -> list[Scores]:
    return [{"detected_language": code, "language_confidence": confidence} for code, confidence in batch.languages]


def _outcomes(sample: Mapping[str, Any], scores: Scores) -> Iterator[str]:
    if scores["detected_language"] not in (sample.get("language"), UNKNOWN):
        yield "other_language"


SCORER = Scorer(FIELDS, _score, _outcomes, version=3)
