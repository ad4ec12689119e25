"""`synth summarize`: one sample for each current event, written from all its sources."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from crawler.mongo import connect
from synth.llm import LLM, load_llm
from synth.llm.model_cards import is_extractive
from synth.stages.llm_stage import add_llm_arguments, exit_status, limits_of
from synth.stages.options import add_stage_arguments
from synth.stages.progress import has_nothing_to_read, print_counts
from synth.summarize import COMMAND
from synth.summarize.settings import MAX_ANSWER_TOKENS, settings_of
from synth.summarize.sources import REASONS
from synth.summarize.writer import stage_of, summarize_events

if TYPE_CHECKING:
    from pymongo.database import Database

    from synth.stages.stage import Stage

#: Outcomes that are no failures.
_HARMLESS = (
    *REASONS,
    *"superseded current_again calls cached part_calls combining_calls divided single_source pending".split(),
)
DESCRIPTION = """Write one sample for each current event, from all its sources.

An event is a cluster of at least two articles (synth cluster stores no others): an article that stands alone is no
sample, because a summary of one text integrates nothing, and its similarity to its only source says nothing. The
dataset this descends from was made in the same way: 858 articles, 224 samples, each of two sources or more. Near copies
(an agency's text, edited) count once.

The sample of an event is never written twice with the same prompt and model, unless the texts of its articles changed.
Another model's sample takes the place of the earlier one (superseded), unless a person accepted or edited that. Samples
of events that synth cluster has dissolved are marked superseded, too, and named after the event that took their
articles.

An event whose prompt is larger than the model's context is summarised in parts, and the summaries are summarised."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `synth summarize`."""
    parser.description = DESCRIPTION
    parser.epilog = "example: LLM_API_KEY=… synth summarize --llm openai:gpt-4o-mini --min-articles 3 --max-cost 2"
    parser.add_argument("--min-articles", type=int, default=2, metavar="N", help="articles an event needs (2)")
    parser.add_argument("--max-sentences", type=int, metavar="N", help="sentences of a summary (default: no limit)")
    parser.add_argument("--source-sentences", type=int, metavar="N",
                        help="read the first N sentences of each article: samples for a small model (all)")  # fmt: skip
    add_llm_arguments(parser, MAX_ANSWER_TOKENS)
    add_stage_arguments(parser)


def check(options: argparse.Namespace) -> None:
    """
    Raises:
        NewsmillError: an option makes no sense.
    """
    settings_of(options)
    limits_of(options)


def main(options: argparse.Namespace) -> int:
    """Write the samples that are not there yet."""
    settings = settings_of(options)
    database = connect(options.uri)
    llm = load_llm(options.llm, database.llm_calls, limits=limits_of(options), models=options.models)
    counts = summarize_events(database, llm, settings, options)
    if has_nothing_to_read(database, "summarize", "clusters", options, counts):
        return 1
    print_counts("summarize", counts, options.json, COMMAND.following)
    # What our own extraction finds too short is an event of little text, each time anew: no model failed.
    of_events = ("too_short", "empty") if is_extractive(options.llm) else ()
    return exit_status("summarize", counts, "summarized", (*_HARMLESS, *of_events))


def planned(database: Database[dict[str, Any]], llm: LLM, options: argparse.Namespace) -> Stage:
    """The stage that `synth plan` runs with a model that answers nothing."""
    return stage_of(database, llm, settings_of(options))
