"""`train blind`: texts of several models and people, shuffled under neutral names, for raters; and their ratings read.

A text's name says nothing about who wrote it; the key file does, and stays with whoever runs the evaluation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.blind import making
from train.blind.ratings import read_sheets, table
from train.blind.writing import summary, write_sheets
from train.errors import TrainError


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train blind`."""
    parser.epilog = """examples:
  train blind --texts before.jsonl after.jsonl --out blind --raters 3
  train blind --texts after.jsonl --human export --max-words 150 --out blind
  train blind --texts before.jsonl after.jsonl --human export --pairs --limit 60 --out pairs
  train blind --read blind/rater-*.csv --key blind/key.json"""
    making.configure(parser)
    reading = parser.add_argument_group("reading ratings")
    reading.add_argument(
        "--read", type=Path, nargs="+", default=[], metavar="SHEET", help="filled sheets, CSV or JSON lines"
    )
    reading.add_argument("--key", type=Path, help="the key file that belongs to them")


def check(options: argparse.Namespace) -> None:
    """Raises:
    TrainError: options are missing, or out of range.
    """
    if bool(options.texts) == bool(options.read):
        raise TrainError("give --texts and --out to write sheets, or --read and --key to read them")
    if options.texts:
        making.check(options)
    if options.read and options.key is None:
        raise TrainError("--read needs --key, the file that was written with the sheets")


def main(options: argparse.Namespace) -> int:
    """Write sheets, or read them."""
    check(options)
    if options.texts:
        outcome = write_sheets(options)
        print(json.dumps(outcome, ensure_ascii=False) if options.json else summary(outcome))
        return 0
    results = read_sheets(options.read, options.key)
    print(json.dumps(results, ensure_ascii=False) if options.json else table(results))
    return 0
