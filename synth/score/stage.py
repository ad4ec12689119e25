"""The stage of `synth score`: what all scorers compute of a sample, in one update."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from synth.embed import Embedder, article_text, load_embedder, refuse_language
from synth.filters.check import filter_errors
from synth.filters.read import read_filter
from synth.scorers import VERSION, Batch, Scorer, Scores, scorers
from synth.stages.stage import Stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome

_READS = ("question", "answer", "language", "sources")


def score_stage(database: Database[dict[str, Any]], options: argparse.Namespace) -> Stage:
    """The stage of every scorer that brings none of its own.

    Raises:
        NewsmillError: the embedder was not made for the language of a sample that is pending.
    """
    pending = pending_filter(options.embedder, options.again, options.similarity)
    with filter_errors():
        languages = database.samples.distinct("language", {"$and": [pending, read_filter(options.where, database)]})
    for language in sorted(languages, key=str):
        refuse_language(options.embedder, language, options.force_language)
    work = batch_function(lambda: fitted(database, options.embedder), options.similarity)
    return Stage("score", "samples", pending, work, projection=dict.fromkeys(_READS, 1))


def _in_batches() -> list[Scorer]:
    return [scorer for scorer in scorers().values() if scorer.score is not None]


def pending_filter(embedder: str, again: bool = False, measure: str = "cosine") -> dict[str, Any]:
    """Filter of the samples that lack a score, or have those of another embedder or measure, or of older rules."""
    pending: dict[str, Any] = {"superseded": {"$ne": True}}
    if not again:
        lacking = [row for scorer in _in_batches() for row in scorer.pending()]
        pending["$or"] = [
            {"similarity_embedder": {"$ne": embedder}}, {"score_version": {"$ne": VERSION}},
            {"similarity_measure": {"$nin": [measure, None] if measure == "cosine" else [measure]}}, *lacking,
        ]  # fmt: skip
    return pending


def fitted(database: Database[dict[str, Any]], name: str) -> Embedder:
    """The embedder; TF-IDF with the weights of the whole archive, so that a score does not depend on its batch."""
    embedder = load_embedder(name)
    if hasattr(embedder, "fit"):
        rows = database.articles.find({}, {"title": 1, "description": 1, "content": 1}).sort("link", 1)
        embedder.fit([article_text(row) for row in rows])
    return embedder


def batch_function(load: Callable[[], Embedder], measure: str = "cosine") -> Callable[[list[dict[str, Any]]], Outcome]:
    """The function of a batch; the embedder is loaded when the first batch comes, never for nothing."""
    loaded: list[Embedder] = []

    def work(batch: list[dict[str, Any]]) -> Outcome:
        from pymongo import UpdateOne

        if not loaded:
            loaded.append(load())
        scores = batch_scores(batch, loaded[0], measure)
        writes = [UpdateOne({"_id": sample["_id"]}, {"$set": row}) for sample, row in zip(batch, scores, strict=True)]
        return list(writes), Counter(name for pair in zip(batch, scores, strict=True) for name in _outcomes(*pair))

    return work


def _outcomes(sample: Mapping[str, Any], scores: Scores) -> list[str]:
    names = [name for scorer in _in_batches() if scorer.outcomes for name in scorer.outcomes(sample, scores)]
    return ["scored", *names]


def batch_scores(samples: Sequence[Mapping[str, Any]], embedder: Embedder, measure: str = "cosine") -> list[Scores]:
    """The scores of each sample: the same in whatever batch it comes, where the embedder's weights are fixed."""
    batch = Batch(samples, embedder, measure)
    rows: list[Scores] = [{} for _ in samples]
    for scorer in _in_batches():
        for row, scores in zip(rows, scorer.score(batch) if scorer.score else (), strict=True):
            row.update(scores)
    return [{**row, "score_version": VERSION} for row in rows]
