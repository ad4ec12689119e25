"""Options that every stage has, and the types of options for argparse."""

from __future__ import annotations

import argparse
from typing import Any

from synth.command_line import keep_reading


def add_stage_arguments(parser: argparse.ArgumentParser) -> None:
    """--limit, --filter, --dry-run, --batch-size: the same for every stage."""
    group = parser.add_argument_group("stage")
    group.add_argument("--limit", type=positive, metavar="N", help="documents to work on, at most")
    add_filter(group, "only documents that this MongoDB filter (JSON, @FILE or :NAME) names")
    group.add_argument("--dry-run", action="store_true", help="count what is pending, change nothing")
    group.add_argument("--batch-size", type=positive, metavar="N", help="documents in one batch")


def add_filter(container: Any, help_text: str) -> None:
    """--filter of a parser or group, as `options.where`; `--where` is its earlier name."""
    keep_reading(
        container, container.add_argument("--filter", dest="where", metavar="FILTER", help=help_text), "--where"
    )


def positive(text: str) -> int:
    """A whole number from 1 up, for argparse: 0 would mean "all" to MongoDB."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 up")
    return int(text)


def natural(text: str) -> int:
    """A whole number from 0 up, for argparse."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 up")
    return int(text)
