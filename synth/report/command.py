"""`synth report`: one HTML page about everything in the store, readable offline, on a phone and on paper."""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.epilog = "example: synth report --out report.html --training out/tiny-news"
    parser.add_argument(
        "--out", type=Path, default=Path("report.html"), metavar="FILE", help="page to write (report.html)"
    )
    parser.add_argument(
        "--training", type=Path, metavar="DIR", help="out_dir of a fine-tuning run, to show its loss and texts"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws the samples that are shown at random (0)")


def main(options: argparse.Namespace) -> int:
    """Run the command; its exit status."""
    from crawler.mongo import connect
    from synth.atomic_files import write_whole
    from synth.report.collect import collect
    from synth.report.page import render

    numbers = collect(connect(options.uri), seed=options.seed, training=options.training)
    page = render(numbers)
    write_whole(options.out, page)
    if options.json:
        print(json.dumps(numbers, ensure_ascii=False))
        return 0
    headline = numbers["headline"]
    line = (
        f"report: {options.out} ({len(page.encode()) / 1000:,.0f} kB): {headline['articles']:,} articles, "
        f"{headline['events']:,} events, {headline['samples']:,} samples"
    )
    following = [step["command"] for step in numbers["next"]]
    print(line + (f"; next: {following[0]}" if following else f"; open {options.out}"))
    return 0
