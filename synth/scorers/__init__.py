"""Noun: scorers of samples. A file or folder here that has a `SCORER` is one; no list of them stands anywhere.

Its `FIELDS` are what it adds to a sample (`synth.samples.schema` lists the folder, too). Most scorers work in the one
stage of `synth score`, on a `Batch`; one that needs options or models of its own brings a stage of its own.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from pymongo.database import Database

    from synth.embed import Embedder
    from synth.samples.field import Field
    from synth.stages.stage import Stage

#: Raised when the same answer and sources get other scores than before, so that stored ones are computed again.
VERSION = 3

Scores = dict[str, Any]


class Batch:
    """Samples that are scored together, and what several scorers need of them."""

    def __init__(self, samples: Sequence[Mapping[str, Any]], embedder: Embedder, measure: str = "cosine") -> None:
        """measure: of similarity, a name of `synth.scorers.similarity.MEASURES`."""
        self.samples, self.embedder, self.measure = samples, embedder, measure

    @functools.cached_property
    def sources(self) -> list[list[Mapping[str, Any]]]:
        """The sources of each sample; [] for imported ones."""
        return [list(sample.get("sources") or []) for sample in self.samples]

    @functools.cached_property
    def languages(self) -> list[tuple[str, float]]:
        """(ISO 639-1 code or unknown, confidence) of each answer."""
        from synth.language import detect

        return [detect(sample["answer"]) for sample in self.samples]


@dataclass(frozen=True)
class Scorer:
    """What computes some fields of a sample.

    Attributes:
        fields: what it adds to a sample.
        score: the scores of each sample of a batch; the same in whatever batch a sample comes.
        outcomes: (sample, scores) -> names that `synth score` counts.
        add_arguments: its options.
        optional: of the fields, those that older samples do without: for them alone nothing is scored again.
        stage: (options, database) -> a stage of its own, None where the options ask for none; instead of `score`.
    """

    fields: tuple[Field, ...]
    score: Callable[[Batch], list[Scores]] | None = None
    outcomes: Callable[[Mapping[str, Any], Scores], Iterator[str]] | None = None
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None
    optional: frozenset[str] = frozenset()
    stage: Callable[[argparse.Namespace, Database[dict[str, Any]] | None], Stage | None] | None = None

    def pending(self) -> list[dict[str, Any]]:
        """Filters of the samples that it has not scored."""
        return [{field.name: {"$exists": False}} for field in self.fields if field.name not in self.optional]


def scorers() -> dict[str, Scorer]:
    """Name -> scorer, by listing the folder."""
    modules = {row.name: importlib.import_module(f"{__name__}.{row.name}") for row in pkgutil.iter_modules(__path__)}
    return {name: module.SCORER for name, module in sorted(modules.items()) if hasattr(module, "SCORER")}
