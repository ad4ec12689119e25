"""`train blind`: texts of several models and people, shuffled under neutral names, for raters; and their ratings read.

A text's name says nothing about who wrote it; the key file does, and stays with whoever runs the evaluation.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.blind.ratings import read_sheets, table
from train.blind.sheets import WORDS
from train.blind.writing import summary, write_sheets
from train.errors import TrainError


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train blind`."""
    parser.epilog = """examples:
  train blind --texts before.jsonl after.jsonl --out blind --raters 3
  train blind --read blind/rater-*.csv --key blind/key.json"""
    making = parser.add_argument_group("making sheets")
    making.add_argument("--texts", type=Path, nargs="+", default=[], metavar="FILE", help="outputs of `train generate`")
    making.add_argument("--out", type=Path, help="folder of sheets and key")
    making.add_argument("--raters", type=int, default=3, help="sheets, each in an order of its own (3)")
    making.add_argument("--limit", type=int, help="prompts, drawn by the seed (all that every file answers)")
    making.add_argument(
        "--max-words",
        type=int,
        metavar="N",
        help="cut every text, people's too, at a sentence's end: length gives the author away",
    )
    making.add_argument("--no-reference", action="store_true", help="leave the human texts out")
    making.add_argument("--language", choices=sorted(WORDS), help="of the sheet's own words (the texts')")
    making.add_argument("--seed", type=int, default=0)
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
    if options.texts and (options.out is None or min(options.raters, options.limit or 1, options.max_words or 1) < 1):
        raise TrainError("--texts needs --out FOLDER; --raters, --limit and --max-words must be 1 at least")
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
