"""`synth score`: what a sample's answer has to do with its sources, its language, and whose data it tells.

Always and offline: similarity, language, unsupported facts, support of each sentence, personal data. With --toxicity
that, too. A sample is scored again where the embedder is another or these rules are newer (`score_version`).
"""

from __future__ import annotations

import argparse
import statistics
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect
from synth.embed import Embedder, article_text, load_embedder, refuse_language
from synth.filters.read import filter_errors, read_filter
from synth.language import detect
from synth.language.tables import languages
from synth.scorers.faithful.evidence import Evidence, plain_text, sentence_support
from synth.scorers.personal_data import personal_data
from synth.scorers.similarity import batch_similarities
from synth.scorers.toxicity.stage import add_toxicity_arguments, toxicity_stage
from synth.stages.options import add_stage_arguments
from synth.stages.progress import print_counts
from synth.stages.stage import Stage, run_stage

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.workers import Outcome

#: Raised when the same answer and sources get other scores than before, so that stored ones are made anew.
VERSION = 2


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example: synth score --embedder tfidf"
    parser.add_argument("--embedder", default="tfidf", help="tfidf, use or st:MODEL (tfidf)")
    parser.add_argument("--again", action="store_true", help="score samples that have scores, too")
    parser.add_argument(
        "--force-language", action="store_true", help="let an embedder work on a language that it was not made for"
    )
    add_toxicity_arguments(parser)
    add_stage_arguments(parser)


def main(options: argparse.Namespace) -> int:
    database = connect(options.uri)
    # What cannot be had is told before anything is scored.
    toxicity = toxicity_stage(options, database)
    stage = score_stage(database, options)
    counts = run_stage(database, stage, options, {"embedder": options.embedder, "version": VERSION})
    if toxicity is not None:
        chosen = {"toxicity": options.toxicity, "toxicity_for": options.toxicity_for}
        found = run_stage(database, toxicity, options, chosen)
        counts.update({f"toxicity_{name}": count for name, count in found.items()})
    print_counts("score", counts, options.json, "synth export --out export")
    return 0


def score_stage(database: Database[dict[str, Any]], options: argparse.Namespace) -> Stage:
    """The stage of everything but toxicity.

    Raises:
        NewsmillError: the embedder was not made for the language of a sample that is pending.
    """
    pending = pending_filter(options.embedder, options.again)
    with filter_errors():
        languages = database.samples.distinct("language", {"$and": [pending, read_filter(options.where, database)]})
    for language in sorted(languages, key=str):
        refuse_language(options.embedder, language, options.force_language)
    work = scorer(lambda: fitted(database, options.embedder))
    wanted = ("question", "answer", "language", "sources")
    return Stage("score", "samples", pending, work, projection=dict.fromkeys(wanted, 1))


def pending_filter(embedder: str, again: bool = False) -> dict[str, Any]:
    """Filter of the samples that lack a score, or have those of another embedder or of older rules."""
    pending: dict[str, Any] = {"superseded": {"$ne": True}}
    if not again:
        pending["$or"] = [{"similarity_embedder": {"$ne": embedder}}, {"score_version": {"$ne": VERSION}}]
        lacking = ("similarity", "detected_language", "unsupported", "sentence_support", "personal_data")
        pending["$or"] += [{name: {"$exists": False}} for name in lacking]
    return pending


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
        for sample, scores in zip(batch, batch_scores(batch, made[0]), strict=True):
            writes.append(UpdateOne({"_id": sample["_id"]}, {"$set": scores}))
            counts["scored"] += 1
            counts["other_language"] += scores["detected_language"] not in (sample.get("language"), "unknown")
            counts["with_unsupported_facts"] += bool(scores["unsupported"])
            counts["with_personal_data"] += bool(scores["personal_data"])
        return writes, counts

    return work


def scores_of(sample: Mapping[str, Any], embedder: Embedder) -> dict[str, Any]:
    """The scores of one sample, as stored."""
    return batch_scores([sample], embedder)[0]


def batch_scores(batch: Sequence[Mapping[str, Any]], embedder: Embedder) -> list[dict[str, Any]]:
    """The scores of each sample: the same in whatever batch it comes, where the embedder's weights are fixed."""
    pairs = [(sample["answer"], [article_text(source) for source in sources_of(sample)]) for sample in batch]
    near = batch_similarities(pairs, embedder)
    return [
        {**similarity_fields(values, embedder.name), **answer_fields(sample), "score_version": VERSION}
        for sample, values in zip(batch, near, strict=True)
    ]


def sources_of(sample: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The sources that a sample has; [] for imported ones."""
    return list(sample.get("sources") or [])


def similarity_fields(near: list[float], embedder: str) -> dict[str, Any]:
    """`similarity_std` is the population's, 0 for one source."""
    return {
        "similarity": near,
        "min_similarity": min(near, default=None),
        "mean_similarity": round(statistics.fmean(near), 6) if near else None,
        "similarity_std": round(statistics.pstdev(near), 6) if near else None,
        "similarity_embedder": embedder,
    }


def answer_fields(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Language, faithfulness and personal data."""
    answer = sample["answer"]
    language, confidence = detect(answer)
    told = next((code for code in (language, sample.get("language")) if code in languages()), "")
    return {
        "detected_language": language,
        "language_confidence": confidence,
        **faithfulness_fields(answer, sources_of(sample), told),
        "personal_data": [
            {"kind": kind, "field": name, "start": start, "end": end}
            for name in ("question", "answer")
            for kind, start, end in personal_data(sample.get(name) or "")
        ],
    }


def faithfulness_fields(answer: str, sources: Sequence[Mapping[str, Any]], language: str) -> dict[str, Any]:
    """Without a source that has a text nothing can be checked: no fact is unsupported, and `min_support` is None."""
    best, support = sentence_support(answer, sources, language)
    told = any(plain_text(source) for source in sources)
    missing = [fact for fact in Evidence(sources).facts(answer, language) if not fact.supported] if told else []
    return {
        "unsupported": [fact.text for fact in missing],
        "unsupported_kinds": [fact.kind for fact in missing],
        "sentence_sources": best,
        "sentence_support": support,
        "min_support": min(support, default=None) if told else None,
    }
