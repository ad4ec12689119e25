"""`synth translate`: samples in other languages, each row with what may be wrong with it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from crawler.mongo import connect
from synth.llm import LLM
from synth.stages.llm_stage import add_model_arguments, exit_status
from synth.stages.options import add_stage_arguments, positive
from synth.stages.progress import has_nothing_to_read, print_counts
from synth.translate import COMMAND
from synth.translate.settings import (
    EngineOption,
    check_options,
    configuration_of,
    engine_settings,
    job_of,
    language_list,
    translator_of,
)
from synth.translation.engines import MAX_ANSWER_TOKENS, engine_names

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.stage import Stage

#: Outcomes that are no failures.
_HARMLESS = (
    "rewritten doubted calls cached pending superseded current_again language_bound nothing_to_translate "
    "unknown_language same_language"
).split()
DESCRIPTION = """Translate samples: one new sample of the task `translation` for each row and language.

A question and its answer are one unit: each is translated with the other as context. Code, addresses, formulas,
placeholders, tags, keys and letters of choices are masked and must come back once each. Rows about the language itself
(rhymes, spelling, "words that end in …") are told apart before they are paid for: they are made anew with words of the
target language and checked, or left out. An answer whose task fixes its language ("Translate to French") keeps it.

Every new sample lists its doubts, the named reasons why it may be wrong. A row that could not be translated is left as
it was, in its own language, and the reason is recorded with it (`untranslated`): it is pending again with another
engine or prompt.

Without --filter, imported rows are translated (task import)."""
EXAMPLE = """examples:
  LLM_API_KEY=… synth translate --to vi,it --engine llm:gpt-4o-mini --max-cost 2
  synth translate --to it --engine madlad:~/models/madlad400-3b-mt --where '{"provenance.dataset": "alpaca"}'
  synth query '{"task": "translation", "doubts": {"$ne": []}}'
  synth translate --report"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `synth translate`."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLE
    parser.set_defaults(llm="extractive", asks_nobody=True)
    parser.add_argument("--to", type=language_list, metavar="CODES", help="languages, such as vi,it,fr,es")
    parser.add_argument(
        "--engine", action=EngineOption, metavar="ENGINE",
        help=f"what translates: {', '.join(engine_names())}; llm:MODEL, madlad[:PATH], nllb[:PATH]",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="source_language", metavar="CODE", type=_code, help="language of rows that state none"
    )
    parser.add_argument(
        "--workers", type=positive, metavar="N", help="calls at a time (as --concurrency), or copies of a model (1)"
    )
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, cuda:1 (madlad, nllb; what there is)")
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), help="of the weights (madlad, nllb)")
    parser.add_argument(
        "--report", action="store_true", help="instead: how many rows were preserved, what was lost and why, and cost"
    )
    checks = parser.add_argument_group("measured besides doubts")
    checks.add_argument("--round-trip", action="store_true", help="translate back, too, and compare (chrF, similarity)")
    checks.add_argument("--qe", metavar="MODEL", help="COMET-Kiwi: its folder or hub name; stores `qe`, 0 to 1")
    add_model_arguments(parser, MAX_ANSWER_TOKENS, title="language model (llm:MODEL)")
    add_stage_arguments(parser)


def _code(text: str) -> str:
    return language_list(text)[0]


def check(options: argparse.Namespace) -> None:
    """
    Raises:
        NewsmillError: an option makes no sense.
    """
    if options.report:
        return
    check_options(options)
    engine_settings(options)


def main(options: argparse.Namespace) -> int:
    """Translate what is not translated yet."""
    if options.report:
        from synth.translate.report import print_report

        print_report(connect(options.uri), options.json)
        return 0
    from synth.translate.measures import measures_of
    from synth.translate.stage import Translate, translate_samples

    check(options)
    database = connect(options.uri)
    translator = translator_of(options, database.llm_calls)
    if translator.engine.licence:
        print(f"translate: {translator.name}: {translator.engine.licence}", file=sys.stderr)
    job = job_of(options, translator)
    work = Translate(database, translator, job, measures_of(options))
    counts = translate_samples(database, work, options, configuration_of(options, job))
    if has_nothing_to_read(database, "translate", "samples", options, counts):
        return 1
    print_counts("translate", counts, options.json, COMMAND.following)
    return exit_status("translate", counts, "translated", _HARMLESS)


def planned(database: Database[dict[str, Any]], llm: LLM, options: argparse.Namespace) -> Stage:
    """The stage that `synth plan` runs with a model that answers nothing.

    Raises:
        NewsmillError: the engine asks nobody.
    """
    from synth.translate.measures import Measures
    from synth.translate.stage import Translate, stage_of

    check(options)
    if options.asks_nobody:
        raise NewsmillError(f"--engine {options.engine} runs here and asks no model: there is nothing to plan")
    translator = translator_of(options, llm=llm)
    # A filler is no translation: to doubt it would say nothing of the run.
    measures = Measures(round_trip=options.round_trip, planned=True)
    return stage_of(database, Translate(database, translator, job_of(options, translator), measures))
