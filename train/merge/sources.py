"""Where a merge is written down: a file of mergekit's, a recipe of the earlier form, or options alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from train.errors import TrainError
from train.merge.mergekit_file import is_mergekit, merge_of
from train.merge.settings import LORA, Merge, Problems, Source, Step, settings_of
from train.recipes import load


def read_merge(options: argparse.Namespace, problems: Problems) -> Merge | None:
    """What the options ask for; what is wrong with a file is added to `problems`, None where nothing of it is left.

    Raises:
        TrainError: the options say nothing, or two things.
    """
    if options.config is None:
        if options.adapter is None or options.out is None:
            raise TrainError("give --config FILE, or --adapter FOLDER with --out FOLDER")
        source = Source("adapter", str(options.adapter), str(options.base) if options.base else None, at="--adapter")
        step = Step("merge", LORA, (source,), base=source.base, dtype=options.dtype, at="--adapter")
        return Merge(Path("--adapter"), options.out, options.out.with_name(f"{options.out.name}.parts"), (step,))
    if options.adapter is not None:
        raise TrainError("--adapter and --config are two ways to say what is merged: give one of them")
    if is_mergekit(options.config[0]):
        return merge_of(options.config, options.out, problems)
    recipe = load(options.config[0], options.config[1:])
    if options.out is not None:
        recipe.settings["out_dir"] = str(options.out)
    return settings_of(recipe, problems)
