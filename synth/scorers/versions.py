"""By which version of each score's formula a sample was scored, and which samples that leaves pending.

A sample keeps `score_versions`, scorer -> version. Samples of older stores have `score_version` alone, one number for
the scorers of their time: it counts for a scorer as long as that has no version of its own in the sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.samples.field import Field

FIELDS = (
    Field("score_versions", "any", "scorer: version of its formula that scored the sample", column=False,
          card="hidden"),
    Field("score_version", "int64", "version of all formulas, in samples scored before each had its own",
          column=False),
)  # fmt: skip


def outdated_filter(scorer: str, version: int) -> list[dict[str, Any]]:
    """Filters of the samples whose scores of this scorer are of another version; samples without any are others'."""
    own = f"score_versions.{scorer}"
    return [{own: {"$nin": [version, None]}}, {own: None, "score_version": {"$ne": version}}]


def is_outdated(sample: Mapping[str, Any], scorer: str, version: int) -> bool:
    """The same, of one sample."""
    own = (sample.get("score_versions") or {}).get(scorer)
    return bool((sample.get("score_version") if own is None else own) != version)


def version_writes(versions: Mapping[str, int]) -> dict[str, int]:
    """What is set in a sample that these scorers have scored: field -> version; the others' stay as they are."""
    return {f"score_versions.{scorer}": version for scorer, version in versions.items()}
