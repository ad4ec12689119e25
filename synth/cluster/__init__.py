"""Verb: events from articles, exact and incremental. `agglomerate(vectors, distance_threshold=…)` is its method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synth.commands import Command

if TYPE_CHECKING:
    from synth.cluster.linkage import agglomerate

__all__ = ["agglomerate"]

COMMAND = Command(
    "find which articles report the same event",
    20,
    step=True,
    reads="articles",
    writes="clusters",
    shows=("explain", "sweep"),
    following="synth summarize",
)


def __getattr__(name: str) -> Any:
    # NumPy and SciPy are loaded by who clusters, not by `synth cluster --help`.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from synth.cluster import linkage

    return getattr(linkage, name)
