"""Noun: scorers of samples. A file or folder here that has a `SCORER` is one; no list of them stands anywhere.

Its `FIELDS` are what it adds to a sample (`synth.samples.schema` lists the folder, too). Most scorers work in the one
stage of `synth score`, on a `Batch`; one that needs options or models of its own brings a stage of its own.

    SCORER = Scorer(FIELDS, score, version=2)

Whoever changes a formula raises the scorer's version: the samples scored before are pending for that scorer, and for no
other. What is read of a source is a function `@read_once` (synth/scorers/readings.py): samples with the same sources
share its value.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from synth.scorers.readings import read_once
from synth.scorers.versions import is_outdated, outdated_filter

if TYPE_CHECKING:
    import argparse

    from pymongo.database import Database

    from synth.embed import Embedder
    from synth.samples.field import Field
    from synth.stages.stage import Stage

Scores = dict[str, Any]
#: Options of `synth score` by name; one that is not there has its default.
Options = Mapping[str, Any]


class Context:
    """What the scorers of one process share: the options, and the embedder, which is loaded when it is first needed."""

    def __init__(self, load: Callable[[], Embedder], options: Options | None = None) -> None:
        self._load, self.options = load, options or {}

    @functools.cached_property
    def embedder(self) -> Embedder:
        """TF-IDF has the weights of the whole archive."""
        return self._load()


class Batch:
    """Samples that are scored together, and what several scorers need of them."""

    def __init__(self, samples: Sequence[Mapping[str, Any]], context: Context) -> None:
        self.samples, self.context = samples, context

    @functools.cached_property
    def sources(self) -> list[list[Mapping[str, Any]]]:
        """The sources of each sample; [] for imported ones."""
        return [list(sample.get("sources") or []) for sample in self.samples]

    @functools.cached_property
    def languages(self) -> list[tuple[str, float]]:
        """(ISO 639-1 code or unknown, confidence) of each answer."""
        return [language_of(sample["answer"]) for sample in self.samples]


@read_once
def language_of(answer: str) -> tuple[str, float]:
    """(ISO 639-1 code or unknown, confidence): asked once of an answer, whichever scorers ask."""
    from synth.language import detect

    return detect(answer)


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
        version: of its formula: raised when the same answer and sources get other scores than before.
        settings: options -> field -> the values of which it has one in a sample that was scored with these options.
    """

    fields: tuple[Field, ...]
    score: Callable[[Batch], list[Scores]] | None = None
    outcomes: Callable[[Mapping[str, Any], Scores], Iterator[str]] | None = None
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None
    optional: frozenset[str] = frozenset()
    stage: Callable[[argparse.Namespace, Database[dict[str, Any]] | None], Stage | None] | None = None
    version: int = 1
    settings: Callable[[Options], Mapping[str, tuple[Any, ...]]] | None = None

    @property
    def required(self) -> list[str]:
        """The fields that a scored sample has."""
        return [field.name for field in self.fields if field.name not in self.optional]

    def pending(self, name: str, options: Options) -> list[dict[str, Any]]:
        """Filters of the samples that it, called `name`, has not scored as it would with these options."""
        return [
            *({field: {"$exists": False}} for field in self.required),
            *({field: {"$nin": list(values)}} for field, values in self._settings(options)),
            *outdated_filter(name, self.version),
        ]

    def is_pending(self, sample: Mapping[str, Any], name: str, options: Options) -> bool:
        """Whether these filters name the sample."""
        return (
            any(field not in sample for field in self.required)
            or any(sample.get(field) not in values for field, values in self._settings(options))
            or is_outdated(sample, name, self.version)
        )

    def _settings(self, options: Options) -> list[tuple[str, tuple[Any, ...]]]:
        return list(self.settings(options).items()) if self.settings else []


def scorers() -> dict[str, Scorer]:
    """Name -> scorer, by listing the folder."""
    modules = {row.name: importlib.import_module(f"{__name__}.{row.name}") for row in pkgutil.iter_modules(__path__)}
    return {name: module.SCORER for name, module in sorted(modules.items()) if hasattr(module, "SCORER")}
