"""`synth score`: similarity to the sources and language of every sample that lacks them."""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect
from synth.embed import Embedder, article_text, load_embedder
from synth.language import detect
from synth.similarity import similarities
from synth.stage import Stage, add_stage_arguments, print_counts, run_stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stage import Outcome


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example: synth score --embedder tfidf"
    parser.add_argument("--embedder", default="tfidf", help="tfidf, use or st:MODEL (tfidf)")
    parser.add_argument("--again", action="store_true", help="score samples that have scores, too")
    add_stage_arguments(parser)


def main(options: argparse.Namespace) -> int:
    database = connect(options.uri)
    pending: dict[str, Any] = {"superseded": {"$ne": True}}
    if not options.again:
        pending["$or"] = [
            {"similarity_embedder": {"$ne": options.embedder}},
            {"detected_language": {"$exists": False}},
        ]
    stage = Stage("score", "samples", pending, scorer(lambda: fitted(database, options.embedder)))
    counts = run_stage(database, stage, options, {"embedder": options.embedder})
    print_counts("score", counts, options.json, "synth export --out export")
    return 0


def fitted(database: Database[dict[str, Any]], name: str) -> Embedder:
    """The embedder; TF-IDF with the weights of the whole archive, so that a score does not hang on its batch."""
    embedder = load_embedder(name)
    if hasattr(embedder, "fit"):
        rows = database.articles.find({}, {"title": 1, "description": 1, "content": 1}).sort("link", 1)
        embedder.fit([article_text(row) for row in rows])
    return embedder


def scorer(embedder_of: Callable[[], Embedder]) -> Callable[[list[dict[str, Any]]], Outcome]:
    """The batch function; the embedder is made when the first batch comes, never for nothing."""
    made: list[Embedder] = []

    def work(batch: list[dict[str, Any]]) -> Outcome:
        from pymongo import UpdateOne

        if not made:
            made.append(embedder_of())
        writes: list[Any] = []
        counts: Counter[str] = Counter()
        for sample in batch:
            scores = scores_of(sample, made[0])
            writes.append(UpdateOne({"_id": sample["_id"]}, {"$set": scores}))
            counts["scored"] += 1
            counts["other_language"] += scores["detected_language"] not in (sample["language"], "unknown")
        return writes, counts

    return work


def scores_of(sample: dict[str, Any], embedder: Embedder) -> dict[str, Any]:
    """The scores of one sample, as stored. `similarity_std` is the population's, 0 for one source."""
    near = similarities(sample["answer"], [article_text(source) for source in sample.get("sources", [])], embedder)
    language, confidence = detect(sample["answer"])
    return {
        "similarity": near,
        "min_similarity": min(near, default=None),
        "mean_similarity": round(statistics.fmean(near), 6) if near else None,
        "similarity_std": round(statistics.pstdev(near), 6) if near else None,
        "similarity_embedder": embedder.name,
        "detected_language": language,
        "language_confidence": confidence,
    }
