"""`train recipe`: the recipes by short name: listed, printed, copied, or the path of their file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from train.errors import TrainError
from train.recipe.files import copy, summaries, write_all
from train.recipes import path_of, short_names


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = """examples:
  train recipe
  train recipe gemma-2b/news --out mine.yaml
  litgpt finetune_lora --config $(train recipe gemma-2b/news --path)"""
    parser.add_argument("name", nargs="?", help="short name of a recipe, such as gemma-2b/news; all if none")
    parser.add_argument("--out", type=Path, metavar="FILE", help="copy it there, to be changed")
    parser.add_argument("--path", action="store_true", help="print the path of the installed file")
    parser.add_argument("--write", action="store_true", help="write all recipes anew from their base and overlays")


def check(options: argparse.Namespace) -> None:
    """Whether the options go together.

    Raises:
        TrainError: they do not, or no recipe has that name.
    """
    if options.write and (options.name or options.out or options.path):
        raise TrainError("--write writes all recipes: give neither a name, --out nor --path with it")
    if options.name is None and (options.out or options.path):
        raise TrainError("give a recipe's name; `train recipe` lists them")
    if options.name is not None and options.name not in short_names():
        path_of(options.name, must_exist=True)


def main(options: argparse.Namespace) -> int:
    """List, print, copy or write."""
    check(options)
    if options.write:
        lines = write_all()
    elif options.name is None:
        rows = summaries()
        lines = [json.dumps(rows)] if options.json else [f"{row['name']:<34}{row['summary']}" for row in rows]
    else:
        lines = _one(path_of(options.name), options)
    print("\n".join(lines))
    return 0


def _one(path: Path, options: argparse.Namespace) -> list[str]:
    if options.out:
        return [copy(path, options.out)]
    if options.path:
        return [str(path)]
    text = path.read_text(encoding="utf-8")
    return [json.dumps({"path": str(path), "text": text}) if options.json else text.rstrip("\n")]
