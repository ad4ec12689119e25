"""How much of each source an answer tells: content, where `similarity` is copying and `faithfulness` truth."""

from __future__ import annotations

import statistics

from synth.samples.field import Field, Heading
from synth.scorers import Batch, Scorer, Scores
from synth.scorers.coverage.content import coverages

FIELDS = (
    Field("coverage", "float64", "how much of each source the answer tells", many=True, unit="0 to 1", card="merged"),
    Field("min_coverage", "float64", "smallest of `coverage`: a source that the answer leaves aside", unit="0 to 1",
          card="merged"),
    Field("mean_coverage", "float64", "mean of `coverage`", unit="0 to 1", card="merged", distribution=3,
          table=Heading(85, "cov")),
)  # fmt: skip


def _score(batch: Batch) -> list[Scores]:
    rows = zip(batch.samples, batch.sources, strict=True)
    return [coverage_fields(coverages(sample["answer"], sources)) for sample, sources in rows]


def coverage_fields(values: list[float]) -> Scores:
    """What is stored of an answer's coverages; no minimum and no mean without sources."""
    mean = round(statistics.fmean(values), 6) if values else None
    return {"coverage": values, "min_coverage": min(values, default=None), "mean_coverage": mean}


SCORER = Scorer(FIELDS, _score)
