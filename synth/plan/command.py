"""`synth plan`: what a stage or a pipeline will ask a model, and what that costs in tokens, money and time, beforehand.

The stage itself runs, with a model that answers nothing: the prompts are the real ones, and so are the parts of an
event that fits no call. Replies that are in the ledger are read from there; the others are taken to be as long as they
may be, so that the prompts that combine them are counted at their longest. In a pipeline the samples that a step would
write are pending for the steps after it, with answers as long as they may be.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from crawler.mongo import connect
from synth.commands import commands
from synth.llm import model_card
from synth.pipeline import read_pipeline
from synth.plan.estimate import not_counted, pipeline_plans, plan_of, totals
from synth.plan.tables import pipeline_lines, plan_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Add a parser for each stage that asks a model, and one for pipelines."""
    parser.description = __doc__
    parser.epilog = """examples:
  synth plan summarize --llm openai:gpt-4o-mini --concurrency 32
  synth plan pipeline.yaml"""
    stages = parser.add_subparsers(dest="stage", metavar="STAGE | PIPELINE.yaml", required=True)
    for name, command in commands().items():
        if command.asks_model:
            stage = stages.add_parser(name, help=f"the calls of synth {name}, with the same options")
            command.configure(stage)
            stage.description, stage.epilog = f"What synth {name} would ask, with the same options.", None
            _add_common_options(stage)
    pipeline = stages.add_parser("pipeline", help="the calls of all its steps")
    pipeline.add_argument("pipeline", type=Path, metavar="PIPELINE.yaml", help="steps with their options")
    _add_common_options(pipeline)


def _add_common_options(parser: argparse.ArgumentParser) -> None:
    """As `synth plan` has them: before or after the stage's name, whichever comes last counts."""
    parser.add_argument("--uri", default=argparse.SUPPRESS, help="MongoDB to use")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the plan as JSON")
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks")


def main(options: argparse.Namespace) -> int:
    """Print the plan of a stage or of a pipeline."""
    if options.stage == "pipeline":
        return _plan_pipeline(options)
    plan = plan_of(connect(options.uri), options.stage, options)
    if options.json:
        print(json.dumps(asdict(plan)))
    else:
        print("\n".join(plan_lines(plan, model_card(options.llm, options.models), options)))
    return 0


def _plan_pipeline(options: argparse.Namespace) -> int:
    pipeline = read_pipeline(options.pipeline)
    database = connect(options.uri)
    plans = pipeline_plans(database, pipeline)
    pending = [plan.documents if plan else step.command.pending(database, step.options) for step, plan in plans]
    unknown = not_counted(database, pipeline)
    sums = totals(plans)
    if options.json:
        steps = [
            {"step": step.name, "plan": asdict(plan) if plan else None, "pending": count}
            for (step, plan), count in zip(plans, pending, strict=True)
        ]
        print(json.dumps({"name": pipeline.name, "steps": steps, "total": sums, "not_counted": unknown}))
    else:
        print("\n".join(pipeline_lines(plans, pending, sums, unknown)))
    return 0
