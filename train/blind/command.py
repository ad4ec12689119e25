"""`train blind`: texts of several models and people, shuffled under neutral names, for raters; and their ratings read.

A text's name says nothing about who wrote it; the key file does, and stays with whoever runs the evaluation.
"""

from __future__ import annotations

import argparse
import json

from train.blind import making
from train.blind.reading import check_plan, configure_reading, key_of, plan, read
from train.blind.writing import summary, write_sheets
from train.errors import TrainError


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train blind`."""
    parser.epilog = """examples:
  train blind --texts before.jsonl after.jsonl --out blind --raters 3
  train blind --texts after.jsonl --human export --max-words 150 --out blind
  train blind --texts before.jsonl after.jsonl --human export --pairs --limit 60 --out pairs
  train blind --read blind/rater-*.csv --key blind/key.json
  train blind --plan --effect 0.3"""
    making.configure(parser)
    configure_reading(parser)


def check(options: argparse.Namespace) -> None:
    """Raises:
    TrainError: options are missing, or out of range.
    """
    if bool(options.texts) + bool(options.read) + options.plan != 1:
        raise TrainError(
            "give --texts and --out to write sheets, --read and --key to read them, or --plan and --effect for how many"
        )
    if options.plan:
        check_plan(options)
    if options.texts:
        making.check(options)
    if options.read:
        key_of(options)


def main(options: argparse.Namespace) -> int:
    """Write sheets, read them, or say how many are needed."""
    check(options)
    if options.plan:
        return plan(options)
    if options.texts:
        outcome = write_sheets(options)
        print(json.dumps(outcome, ensure_ascii=False) if options.json else summary(outcome))
        return 0
    return read(options)
