"""`train loss`: the curve of a fine-tuning run, and what the base model scored on the same validation rows."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from train.loss.curve import base_loss, finite_or_none, summary
from train.loss.display import show
from train.run_folder import accumulation, metrics_file, read_curve


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = "example: train loss --run out/tiny-news"
    parser.add_argument("--run", type=Path, required=True, help="out_dir of a fine-tuning run")


def main(options: argparse.Namespace) -> int:
    """Show the curve, and keep it as loss.json in the run's folder."""
    curve = read_curve(metrics_file(options.run), accumulation(options.run))
    base = base_loss(options.run)
    outcome = summary(curve, base)
    finite = [{name: finite_or_none(value) for name, value in row.items()} for row in curve]
    (options.run / "loss.json").write_text(json.dumps(outcome | {"curve": finite}) + "\n", encoding="utf-8")
    if outcome["not_a_number"]:
        hint = "a prompt longer than max_seq_length, or too high a learning rate"
        print(
            f"loss: {outcome['not_a_number']} losses of {options.run} are not a number (NaN): {hint}", file=sys.stderr
        )
    if options.json:
        print(json.dumps(outcome))
        return 0
    show(curve, outcome)
    return 0
