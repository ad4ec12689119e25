"""`synth score`: what a sample's answer has to do with its sources, its language, and whose data it holds.

Always and offline: similarity, language, unsupported facts, support of each sentence, personal data; with --toxicity
and --nli that, too. A sample is scored again where the embedder is another, and by the scorers whose formula is newer
than the one that scored it (`score_versions`).
"""

from __future__ import annotations

import argparse
import functools
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect
from synth.score import COMMAND
from synth.score.stage import score_stage, versions
from synth.scorers import scorers
from synth.scorers.quality import join_scores
from synth.stages.options import add_stage_arguments, positive
from synth.stages.processes import run_in_processes
from synth.stages.progress import has_nothing_to_read, print_counts
from synth.stages.stage import Pending, local_runner, run_stage

if TYPE_CHECKING:
    from pymongo.database import Database


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `synth score`."""
    parser.epilog = "example: synth score --embedder tfidf"
    parser.add_argument("--embedder", default="tfidf", help="tfidf, use or st:MODEL (tfidf)")
    parser.add_argument("--again", action="store_true", help="score samples that have scores, too")
    parser.add_argument(
        "--force-language", action="store_true", help="let an embedder work on a language that it was not made for"
    )
    parser.add_argument("--workers", type=positive, default=1, metavar="N",
                        help="processes that score, each with models of its own: the same scores (1)")  # fmt: skip
    for scorer in scorers().values():
        if scorer.add_arguments:
            scorer.add_arguments(parser)
    add_stage_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Score the samples that lack a score."""
    database = connect(options.uri)
    # What cannot be had is reported before anything is scored.
    own = {name: scorer.stage(options, database) for name, scorer in scorers().items() if scorer.stage}
    stage = score_stage(database, options)
    settings = {"embedder": options.embedder, "similarity": options.similarity, "versions": versions()}
    runner = functools.partial(run_in_processes, options.workers) if options.workers > 1 else local_runner
    counts = run_stage(database, stage, options, settings, runner)
    for name, own_stage in own.items():
        if own_stage is not None:
            own_settings = {key: value for key, value in vars(options).items() if key in (name, f"{name}_for")}
            outcomes = run_stage(database, own_stage, options, own_settings)
            counts.update({f"{name}_{outcome}": count for outcome, count in outcomes.items()})
    if not options.dry_run:
        join_scores(database)
    if has_nothing_to_read(database, "score", "samples", options, counts):
        return 1
    print_counts("score", counts, options.json, COMMAND.following)
    return 0


def pending(database: Database[dict[str, Any]], options: argparse.Namespace) -> int:
    """Samples that lack a score which is made in one go with the others."""
    return Pending(database, score_stage(database, options), options).count()
