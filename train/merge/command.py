"""`train merge`: a LoRA into its base, or several models into one, by a recipe of one or more steps."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.merge.compatibility import Checked
from train.merge.compatibility import check as check_models
from train.merge.report import plan, print_outcome, print_plan, size_of
from train.merge.settings import DTYPES, Merge, Problems
from train.merge.sources import read_merge
from train.merge.steps import check_replaceable, digests, finished, outcome_of


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `train merge`."""
    parser.epilog = (
        "examples:\n"
        "  train merge --config merge.yaml --out out/merged          any file of mergekit's\n"
        "  train merge --adapter out/tiny-news/final --out out/tiny-news-merged\n"
        "  train merge --config merges/vinasmol --dry-run\n"
        "files to start from: `train recipe merges/NAME`: lora, linear, slerp, ties, dare_ties, della_linear, vinasmol"
    )
    parser.add_argument(
        "--config", type=Path, action="append", metavar="FILE",
        help="a file of mergekit's; given again: files laid over it",
    )  # fmt: skip
    parser.add_argument("--adapter", type=Path, metavar="FOLDER", help="a LoRA to merge into its base, without a file")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="of --adapter (as its settings name it)")
    parser.add_argument("--dtype", choices=DTYPES, help="of --adapter's merged weights (as the base's)")
    parser.add_argument("--out", type=Path, help="folder of the merged model, instead of the file's out_dir")
    parser.add_argument("--dry-run", action="store_true", help="check, and say what would be read and written")


def check(options: argparse.Namespace) -> tuple[Merge, list[Checked], dict[str, Path], dict[str, str]]:
    """(settings, steps checked, folders of steps that are done, digests).

    Raises:
        TrainError: with everything that is wrong with the recipe and its models.
    """
    problems = Problems()
    merge = read_merge(options, problems)
    if merge is None:
        problems.raise_all()
        raise AssertionError("a recipe without steps has problems")
    step_digests = digests(merge)
    finished_folders = finished(merge, step_digests)
    check_replaceable(merge, problems)
    checked = check_models(merge, problems, finished_folders)
    problems.raise_all()
    return merge, checked, finished_folders, step_digests


def main(options: argparse.Namespace) -> int:
    """Merge, or say what would be."""
    merge, checked, finished_folders, step_digests = check(options)
    if options.dry_run:
        print_plan(plan(merge, checked, finished_folders), options.json)
        return 0
    outcomes = [outcome_of(result, merge, finished_folders, step_digests[result.step.name]) for result in checked]
    report = {"out": str(merge.out), "steps": outcomes}
    if options.json:
        print(json.dumps(report, ensure_ascii=False))
        return 0
    for outcome in outcomes:
        print_outcome(outcome)
    print(f"{merge.out}: {size_of(merge.out)}; next: train evaluate, or train generate --checkpoint {merge.out}")
    return 0
