"""`synth reverse`: fragments of articles, and instructions for which they are the answers."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect
from synth.command_line import language_code
from synth.llm import LLM, load_llm, share_budget
from synth.reverse.settings import LAMBDA, MAX_ANSWER_TOKENS, Settings, settings_of
from synth.stages.llm_stage import add_llm_arguments, exit_status, limits_of
from synth.stages.options import add_stage_arguments, positive
from synth.stages.progress import has_nothing_to_read, print_counts

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.reverse.stage import Models
    from synth.stages.stage import Stage

#: Outcomes that are no failures.
_HARMLESS = (
    "calls cached pending kept below_lambda samples superseded current_again repeated taken_down article_gone "
    "opted_out text_changed"
).split()
DESCRIPTION = """Write instructions for which fragments of articles are the answers, to the byte as they were printed.

Fragments (short articles, leads, paragraphs) stand alone, none comes twice, and they are spread over newspapers,
sections, events and lengths; articles that were taken down or reserve their rights are never used. By way of English:
fragment -> English -> instruction, by one of the task prompts that suit it -> a judge's score from 0 to 5 -> the
instruction back into the fragment's language. With --native the instruction is written in that language at once.

What has a score of at least --lambda becomes a sample of the task reverse_instruction; the rest stays in the collection
`fragments` with its reason. Scores are stored: another lambda asks nobody anything."""
EXAMPLE = """examples:
  LLM_API_KEY=… synth reverse --language vi --llm openai:gpt-4o-mini --limit 500 --max-cost 2
  synth reverse --language it --native --llm openai:gpt-4o-mini --judge-llm openai:gpt-4o
  synth reverse --language vi --llm openai:gpt-4o-mini --single-prompt explain --limit 500
  synth reverse --report
  synth query --collection fragments '{"state": "refused"}'"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `synth reverse`."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLE
    parser.add_argument("--language", type=language_code, metavar="CODE", help="only articles of this language (all)")
    parser.add_argument("--native", action="store_true", help="write instructions without the detour by English")
    parser.add_argument(
        "--engine", metavar="NAME", help="what translates: llm:MODEL, madlad or nllb, as for synth translate (--llm)"
    )
    parser.add_argument("--judge-llm", metavar="NAME", help="model that scores the pairs (--llm)")
    parser.add_argument(
        "--lambda", dest="threshold", type=score, default=LAMBDA, metavar="SCORE",
        help=f"lowest score of what is kept, 0 to 5 ({LAMBDA:g})",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="draws fragments and task prompts (0)")
    parser.add_argument(
        "--per-article", type=positive, default=1, metavar="N", help="fragments of an article, at most (1)"
    )
    parser.add_argument(
        "--single-prompt", metavar="NAME",
        help="compare: the same fragments again, all by this task prompt; makes no samples",
    )  # fmt: skip
    parser.add_argument("--workers", dest="concurrency", type=positive, metavar="N", default=argparse.SUPPRESS,
                        help="the same as --concurrency")  # fmt: skip
    parser.add_argument("--report", action="store_true", help="instead: yield, scores, cost and diversity so far")
    add_llm_arguments(parser, MAX_ANSWER_TOKENS, models="openai:MODEL; needed to write")
    add_stage_arguments(parser)


def score(text: str) -> float:
    """A number from 0 to 5, for argparse."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= 5:
        raise argparse.ArgumentTypeError(f"{text!r} is no score from 0 to 5")
    return value


def check(options: argparse.Namespace) -> None:
    """For pipelines, before their first step.

    Raises:
        NewsmillError: as main does for options that make no sense.
    """
    if not options.report:
        settings_of(options)
        limits_of(options)


def main(options: argparse.Namespace) -> int:
    """Write instructions, or show what came of them so far."""
    if options.report:
        return _print_report(options)
    from synth.reverse.stage import reverse_articles

    settings = settings_of(options)
    database = connect(options.uri)
    counts = reverse_articles(database, _models(database, settings, options), settings, options)
    if has_nothing_to_read(database, "reverse", "articles", options, counts):
        return 1
    print_counts("reverse", counts, options.json, "synth reverse --report")
    return exit_status("reverse", counts, "instructed", _HARMLESS)


def _models(database: Database[dict[str, Any]], settings: Settings, options: argparse.Namespace) -> Models:
    """Writer, judge and translator; a judge of the same name is the writer."""
    limits = limits_of(options)
    writer = load_llm(options.llm, database.llm_calls, limits=limits, models=options.models)
    judge = writer
    if settings.judge_llm != settings.llm:
        judge = load_llm(settings.judge_llm, database.llm_calls, limits=limits, models=options.models)
    return _with_translator(settings, options, writer, judge, database)


def _with_translator(
    settings: Settings, options: argparse.Namespace, writer: LLM, judge: LLM, database: Database[dict[str, Any]],
    *, planned: bool = False,
) -> Models:  # fmt: skip
    from synth.reverse.stage import Models

    if not settings.translator:
        share_budget(writer, judge)
        return Models(writer, judge, None)
    from synth.translation.engines import EngineSettings
    from synth.translation.translator import load_translator

    same = settings.translator in (f"llm:{settings.llm}", f"llm:{settings.llm.removeprefix('openai:')}")
    # A plan asks no model, of whatever name: nothing is sent.
    same = same or (planned and settings.translator.startswith("llm:"))
    engine = EngineSettings(
        ledger=database.llm_calls, limits=limits_of(options), models=options.models, count=settings.count,
        context=settings.context, temperature=settings.temperature, llm=writer if same else None, planned=planned,
    )  # fmt: skip
    models = Models(writer, judge, load_translator(settings.translator, engine))
    share_budget(writer, judge, *([models.translator.engine] if models.translator else []))
    return models


def _print_report(options: argparse.Namespace) -> int:
    """Print what came of fragments so far; the exit status."""
    from synth.fragments.statistics import collect_fragments
    from synth.fragments.tables import report_lines

    numbers = collect_fragments(connect(options.uri), options.language or "", options.where)
    if options.json:
        print(json.dumps(numbers, ensure_ascii=False))
    else:
        print("\n".join(report_lines(numbers)))
    return 0


def planned(database: Database[dict[str, Any]], llm: LLM, options: argparse.Namespace) -> Stage:
    """The stage that `synth plan` runs with a model that answers nothing."""
    from synth.reverse.stage import stage_of

    settings = settings_of(options)
    models = _with_translator(settings, options, llm, llm, database, planned=True)
    return stage_of(database, models, settings, options, planning=True)
