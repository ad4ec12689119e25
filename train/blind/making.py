"""The options of `train blind` that make sheets."""

from __future__ import annotations

import argparse
from pathlib import Path

from train.blind.languages import codes
from train.errors import TrainError

#: Of --human: the references in the texts are the people's, not another model's.
REFERENCES = "reference"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options that make sheets, in a group of their own."""
    making = parser.add_argument_group("making sheets")
    making.add_argument("--texts", type=Path, nargs="+", default=[], metavar="FILE", help="outputs of `train generate`")
    making.add_argument("--out", type=Path, help="folder of sheets and key")
    making.add_argument(
        "--human", nargs="?", const=REFERENCES, metavar="EXPORT",
        help="add texts by people: articles behind the prompts, of a folder of `synth export` or a file of articles, "
        "else others of the same newspaper and month; without a value the references are people's",
    )  # fmt: skip
    making.add_argument(
        "--guess", action=argparse.BooleanOptionalAction,
        help="ask whether a person or a machine wrote a text, and how sure the rater is (with --human)",
    )  # fmt: skip
    making.add_argument(
        "--pairs",
        action="store_true",
        help="show two authors' texts of one prompt side by side, and ask which is better",
    )
    making.add_argument("--raters", type=int, default=3, help="sheets, each in an order of its own (3)")
    making.add_argument(
        "--limit",
        type=int,
        help="prompts, drawn by the seed; with --pairs comparisons, every author equally often (all)",
    )
    making.add_argument("--max-words", type=int, metavar="N", help="cut every text at a sentence's end before N words")
    making.add_argument(
        "--full-length",
        action="store_true",
        help="do not cut the texts of a prompt to one length, which gives authors away",
    )
    making.add_argument(
        "--as-written", action="store_true",
        help="leave the texts' form: by default sources, datelines, markup, list signs and kinds of quotes go",
    )  # fmt: skip
    making.add_argument("--no-reference", action="store_true", help="leave the reference texts out")
    making.add_argument("--language", choices=codes(), help="of the sheet's own words (the texts')")
    making.add_argument("--seed", type=int, default=0)


def check(options: argparse.Namespace) -> None:
    """See that sheets can be made of the options.

    Raises:
        TrainError: one is missing, out of range, or does not go with another.
    """
    smallest = min(options.raters, *(1 if each is None else each for each in (options.limit, options.max_words)))
    if options.out is None or smallest < 1:
        raise TrainError("--texts needs --out FOLDER; --raters, --limit and --max-words must be 1 at least")
    if options.pairs and options.guess:
        raise TrainError("--guess is asked of one text at a time: leave out --pairs, or make two folders of sheets")
    if options.human == REFERENCES and options.no_reference:
        raise TrainError("--human without an export takes the references for people's: leave out --no-reference")


def asks_guess(options: argparse.Namespace) -> bool:
    """Whether raters are asked who wrote a text."""
    if options.pairs:
        return False
    return bool(options.human) if options.guess is None else bool(options.guess)
