"""The stage of `synth score`: what all scorers compute of a sample, in one update.

A sample is given to the scorers that it is pending for, and to no other: where one formula is newer, the others' scores
stay as they are.
"""

from __future__ import annotations

import argparse
import functools
import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from synth.embed import Embedder, article_text, load_embedder, refuse_language
from synth.filters.check import filter_errors
from synth.filters.read import read_filter
from synth.scorers import Batch, Context, Options, Scorer, Scores, scorers
from synth.scorers.versions import version_writes
from synth.stages.stage import Stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome

_READS = ("question", "answer", "language", "sources", "score_versions", "score_version")


def score_stage(database: Database[dict[str, Any]], options: argparse.Namespace) -> Stage:
    """The stage of every scorer that brings none of its own.

    Raises:
        NewsmillError: the embedder was not made for the language of a sample that is pending.
    """
    settings = vars(options)
    pending = pending_filter(settings, options.again)
    with filter_errors():
        languages = database.samples.distinct("language", {"$and": [pending, read_filter(options.where, database)]})
    for language in sorted(languages, key=str):
        refuse_language(options.embedder, language, options.force_language)
    work = Scoring(Context(ArchiveEmbedder(database, options.embedder), settings), options.again)
    projection = dict.fromkeys(_projection(), 1)
    return Stage("score", "samples", pending, work, projection=projection, together="sources.link")


def _in_batches() -> dict[str, Scorer]:
    return {name: scorer for name, scorer in scorers().items() if scorer.score is not None}


def versions() -> dict[str, int]:
    """The version of each scorer of the stage, by name."""
    return {name: scorer.version for name, scorer in _in_batches().items()}


def _projection() -> list[str]:
    """What is read of a sample: its texts, and all scores, which say who has scored it."""
    return list(dict.fromkeys([*_READS, *(field.name for row in _in_batches().values() for field in row.fields)]))


def pending_filter(options: Options, again: bool = False) -> dict[str, Any]:
    """Filter of the samples that lack a score, or have one of another version of its formula or of other options.

    Args:
        options: those of `synth score`, by name; one that is not there has its default.
    """
    pending: dict[str, Any] = {"superseded": {"$ne": True}}
    if not again:
        pending["$or"] = [row for name, scorer in _in_batches().items() for row in scorer.pending(name, options)]
    return pending


def fitted(database: Database[dict[str, Any]], name: str) -> Embedder:
    """The embedder; TF-IDF with the weights of the whole archive, so that a score does not depend on its batch."""
    embedder = load_embedder(name)
    if hasattr(embedder, "fit"):
        rows = database.articles.find({}, {"title": 1, "description": 1, "content": 1}).sort("link", 1)
        embedder.fit(article_text(row) for row in rows)
    return embedder


class ArchiveEmbedder:
    """Loads the embedder; another process is given the weights of the archive, not the store to compute them from."""

    def __init__(self, database: Database[dict[str, Any]], name: str) -> None:
        self.database, self.name = database, name

    def __call__(self) -> Embedder:
        return fitted(self.database, self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        if self.name.partition(":")[0] == "tfidf":
            return functools.partial, (_itself, fitted(self.database, self.name))
        return functools.partial, (load_embedder, self.name)


def _itself(embedder: Embedder) -> Embedder:
    return embedder


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the search for cycles, of which scores make none: it took a quarter of the time, over what is kept."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Scoring:
    """The function of a batch; the embedder is loaded when a scorer first asks for it, never for nothing."""

    def __init__(self, context: Context, again: bool = False) -> None:
        """again: give every sample to every scorer."""
        self.context, self.again = context, again

    def __call__(self, batch: list[dict[str, Any]]) -> Outcome:
        from pymongo import UpdateOne

        with _no_collection():
            scores = self.scores(batch)
        writes = [UpdateOne({"_id": sample["_id"]}, {"$set": row}) for sample, row in zip(batch, scores, strict=True)]
        counts = Counter(name for pair in zip(batch, scores, strict=True) for name in _outcomes(*pair))
        return list(writes), counts

    def scores(self, samples: Sequence[Mapping[str, Any]]) -> list[Scores]:
        """What is set in each sample: the same in whatever batch it comes, where the embedder's weights are fixed."""
        rows: list[Scores] = [{} for _ in samples]
        for name, scorer in _in_batches().items():
            chosen = [number for number, sample in enumerate(samples) if self._takes(sample, name, scorer)]
            for number, scores in zip(chosen, self._compute(scorer, [samples[each] for each in chosen]), strict=True):
                rows[number].update(scores | version_writes({name: scorer.version}))
        return rows

    def _takes(self, sample: Mapping[str, Any], name: str, scorer: Scorer) -> bool:
        return self.again or scorer.is_pending(sample, name, self.context.options)

    def _compute(self, scorer: Scorer, samples: Sequence[Mapping[str, Any]]) -> list[Scores]:
        return scorer.score(Batch(samples, self.context)) if scorer.score and samples else []


def _outcomes(sample: Mapping[str, Any], scores: Scores) -> Iterator[str]:
    yield "scored"
    for scorer in _in_batches().values():
        if scorer.outcomes and all(name in scores for name in scorer.required):
            yield from scorer.outcomes(sample, scores)


def batch_scores(
    samples: Sequence[Mapping[str, Any]], embedder: Embedder, options: Options | None = None
) -> list[Scores]:
    """All scores of each sample, as they are set: `score_versions` by dotted names."""
    return Scoring(Context(lambda: embedder, options), again=True).scores(samples)
