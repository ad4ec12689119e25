"""`synth run PIPELINE.yaml`: the steps of a pipeline, one after the other.

Every step does what is pending and nothing twice, so that a run that was killed or interrupted goes on where it
stopped when the same command is given again, and a run after new articles does only what they ask for.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from synth.commands import steps
from synth.pipeline import read_pipeline
from synth.run.runner import PipelineRun, print_titles, select_steps


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `synth run`."""
    parser.description = __doc__
    parser.epilog = """example: synth run pipeline.yaml

pipeline.yaml:
  steps:
    - cluster
    - summarize: {llm: "openai:gpt-4o-mini", max-cost: 2}
    - score
    - export: {out: export, filter: {min_similarity: {$gt: 0.3}}}

What it will cost is shown by: synth plan pipeline.yaml"""
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE.yaml", help="steps with their options")
    parser.add_argument("--from", dest="first", choices=steps(), metavar="STEP", help="leave out what comes before")
    parser.add_argument("--until", dest="last", choices=steps(), metavar="STEP", help="leave out what comes after")
    parser.add_argument("--dry-run", action="store_true", help="check the file and name the steps, run nothing")


def main(options: argparse.Namespace) -> int:
    """Run a pipeline; the exit status of the step that failed, else 0."""
    from rich.console import Console

    pipeline = read_pipeline(options.pipeline)
    selected = select_steps(pipeline, options.first, options.last)
    console = Console(file=sys.stderr if options.json else sys.stdout, highlight=False)
    if options.dry_run:
        print_titles(selected, console)
        return 0
    return PipelineRun(pipeline, selected, options, console).run()
