"""`synth judge`: how good a language model finds each sample, 0 to 5, by accuracy and helpfulness."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect, run_of
from synth.filters.read import read_filter
from synth.judge.stage import MAX_ANSWER_TOKENS, judge_samples, settings_of, stage_of
from synth.llm import LLM, load_llm
from synth.ratings.agreement import AGREED, REPEATED, agreement_of, repeatability_of, table
from synth.ratings.calibration import DIMENSIONS
from synth.ratings.people import AMONG_PEOPLE, OF_RATERS, people_of
from synth.stages.llm_stage import add_llm_arguments, exit_status, limits_of
from synth.stages.options import add_stage_arguments, positive
from synth.stages.progress import has_nothing_to_read, print_counts

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.stage import Stage

DESCRIPTION = """Let a language model rate samples from 0 to 5, as AlpaGasus did: the score on the first line, then why.

A reply without a readable score counts as unread and gives none. With --repeats K each question is asked K times, with
another seed each time: the score is the mean, and --repeatability shows how much the scores of a question vary. What
was asked already is answered from the ledger and not paid again. One prompt in English serves all languages, so that
their scores can be compared; --agreement shows, per language, how far the judge and people agree (below 30 samples that
both scored it is unknown), and how far people agree among themselves.

A judgement belongs to a model and a prompt: another judge's takes the place of the earlier one as a whole."""
EXAMPLE = """examples:
  LLM_API_KEY=… synth judge --llm openai:gpt-4o-mini --dimension both --max-cost 2
  synth judge --llm openai:gpt-4o-mini --repeats 5 --limit 200 && synth judge --repeatability
  synth judge --ratings ratings.csv && synth judge --agreement"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `synth judge`."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLE
    parser.add_argument(
        "--dimension", choices=(*DIMENSIONS, "both"), default="accuracy", help="what is rated (accuracy)"
    )
    parser.add_argument(
        "--repeats", type=positive, default=1, metavar="K",
        help="times each question is asked, after the first time with seeds 1, 2 … (1); see --temperature",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="judge samples that this judge has judged, too")
    instead = parser.add_argument_group("instead of judging").add_mutually_exclusive_group()
    instead.add_argument("--repeatability", action="store_true", help="show how alike the repeats of a question are")
    instead.add_argument(
        "--agreement", action="store_true",
        help="show how the judge and people, and people among themselves, agree, by language",
    )  # fmt: skip
    instead.add_argument(
        "--ratings", type=Path, metavar="FILE",
        help="store people's ratings: JSON lines or .csv of item, rater, accuracy, helpfulness, language, comment",
    )  # fmt: skip
    # The offline model, which the other stages fall back on, has no opinions.
    add_llm_arguments(parser, MAX_ANSWER_TOKENS, models="openai:MODEL; needed to judge")
    add_stage_arguments(parser)


def check(options: argparse.Namespace) -> None:
    """For pipelines, before their first step.

    Raises:
        NewsmillError: as main does for options that make no sense.
    """
    if not (options.ratings or options.repeatability or options.agreement):
        settings_of(options)


def main(options: argparse.Namespace) -> int:
    """Judge samples, or show what people and the repeats of a question say of the judge."""
    if options.ratings:
        return _store_ratings(options)
    if options.repeatability or options.agreement:
        return _print_agreement(options)
    settings = settings_of(options)
    database = connect(options.uri)
    llm = load_llm(options.llm, database.llm_calls, limits=limits_of(options), models=options.models)
    counts = judge_samples(database, llm, settings, options)
    if has_nothing_to_read(database, "judge", "samples", options, counts):
        return 1
    print_counts("judge", counts, options.json, 'synth query \'{"accuracy": {"$gte": 4.5}}\'')
    return exit_status("judge", counts, "judged", ("calls", "cached", "pending"))


def _store_ratings(options: argparse.Namespace) -> int:
    """Store the ratings of a file (`--ratings`); the exit status."""
    from synth.ratings.importing import import_ratings

    database = connect(options.uri)
    with run_of(database, "ratings", {"file": str(options.ratings)}) as run:
        run.counts.update(import_ratings(database, options.ratings))
    print_counts("judge", run.counts, options.json, "synth judge --agreement")
    return 0


def _print_agreement(options: argparse.Namespace) -> int:
    """Print the agreement with people and among them, or that of the repeats of a question; the exit status."""
    database = connect(options.uri)
    where = read_filter(options.where, database)
    if options.repeatability:
        rows = repeatability_of(database, where)
        missing = "judge: no sample was judged twice; next: synth judge --repeats 3"
        print(json.dumps(rows) if options.json else table(rows, REPEATED) if rows else missing)
        return 0
    rows, marks = agreement_of(database, where), people_of(database, where)
    if options.json:
        print(json.dumps([*rows, *marks["people"], *marks["raters"]]))
    else:
        print("\n\n".join(_agreement_texts(rows, marks)))
    return 0


def _agreement_texts(rows: Sequence[Mapping[str, Any]], marks: Mapping[str, Any]) -> Iterator[str]:
    """The tables of `--agreement`: each judge beside people, people among themselves, each rater beside the others."""
    judges = list(dict.fromkeys(row["judged_by"] for row in rows))
    for judge in judges:
        title = f"{judge or 'unknown judge'}:\n" if len(judges) > 1 else ""
        yield title + table([row for row in rows if row["judged_by"] == judge], AGREED)
    if not rows:
        yield "judge: no sample has both a judgement and a rating; next: synth judge --ratings FILE"
    if marks["people"]:
        yield "People among themselves (Krippendorff's alpha):\n" + table(marks["people"], AMONG_PEOPLE)
    if marks["raters"]:
        yield "Each rater beside the others:\n" + table(marks["raters"], OF_RATERS)


def planned(_database: Database[dict[str, Any]], llm: LLM, options: argparse.Namespace) -> Stage:
    """The stage that `synth plan` runs with a model that answers nothing."""
    return stage_of(llm, settings_of(options))
