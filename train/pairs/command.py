"""`train pairs`: preference pairs for ORPO from what is there already: the reference answer, and the model's own.

The reference is chosen, the text a model wrote to the same request is rejected. Splits stay as exported: a validation
row never becomes a training pair.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from train.data.conversations import read_splits
from train.errors import TrainError
from train.options import Parser
from train.pairs.selection import SAME, pairs_of, read_texts, summary, write


def configure(parser: Parser) -> None:
    """The options of `train pairs`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "example:\n"
        "  train generate --checkpoint out/bloom-7b1-news/final --prompts export --out own.jsonl\n"
        "  train pairs --data export --texts own.jsonl --out pairs/huggingface\n"
        "  train finetune --config bloom-7b1/orpo"
    )
    data = parser.add_argument(
        "--data", dest="set", type=Path, required=True, help="folder of `synth export`, or a file of rows"
    )
    parser.keep_reading(data, "--set")
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="what `train generate` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for train.json and val.json")
    parser.add_argument("--each", type=int, default=1, help="pairs of one request, at most (1)")
    parser.add_argument("--same", type=float, default=SAME, help=f"word overlap that makes answers alike ({SAME})")


def check(options: argparse.Namespace) -> None:
    """Raises:
    TrainError: an option is out of range.
    """
    if options.each < 1 or not 0 < options.same <= 1:
        raise TrainError("--each must be 1 at least, --same above 0 and 1 at most")


def main(options: argparse.Namespace) -> int:
    """Write the pairs of every split."""
    check(options)
    texts = read_texts(options.texts)
    counts: Counter[str] = Counter()
    pairs = {
        split: list(pairs_of(rows, texts, options.each, options.same, counts))
        for split, rows in read_splits(options.set).items()
    }
    if not pairs.get("train"):
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items()) or "no texts"
        raise TrainError(f"no training pairs from {options.set}: {reasons}; were the texts written from this set?")
    outcome = write(options.out, pairs, counts)
    print(json.dumps(outcome) if options.json else summary(outcome))
    return 0
