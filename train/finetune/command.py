"""`train finetune`: a recipe of either backend, killed and resumed, best weights kept."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.finetune.litgpt_settings import check_types, litgpt_names
from train.huggingface import settings as hf
from train.recipes import Recipe, add_arguments, load, path_of
from train.recipes.overrides import Setting, unknown, with_settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "example: train finetune bloom-7b1/alpaca_vi --train.max_steps 20 --data.path export\n"
        "Every key of the recipe is an option, as in LitGPT: --train.max_steps 20, --optimizer.lr 1e-4, --seed 3.\n"
        "Killed or interrupted, the same command goes on from the last checkpoint with the same losses. The weights\n"
        "of the smallest validation loss are taken (load_best_model_at_end: false in the recipe: the last ones);\n"
        "early_stopping: {patience: 3, min_delta: 0.01} ends a run whose validation loss falls no more."
    )
    parser.add_argument("recipe", nargs="?", type=Path, metavar="RECIPE", help="as the first --config")
    add_arguments(parser, required=False)
    parser.add_argument(
        "--report-to", action="append", metavar="LOGGER",
        help="tensorboard, wandb or mlflow, in out_dir; Hugging Face backend (report_to of the recipe)",
    )  # fmt: skip
    parser.set_defaults(asked_by_settings=True)


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The recipe with what the command line lays over it.

    Raises:
        TrainError: there is none, or a setting is wrong.
    """
    files = [*([options.recipe] if options.recipe else []), *(options.config or ())]
    if not files:
        raise TrainError("name a recipe: train finetune RECIPE (`train recipe` lists them)")
    recipe = load(path_of(files[0], must_exist=True), files[1:])
    settings = list(options.settings)
    if options.report_to and not hf.is_huggingface(recipe):
        raise TrainError(
            f"--report-to: {recipe.path} is LitGPT's, which takes one logger instead of its table: "
            "--logger_name tensorboard, wandb or mlflow"
        )
    if options.report_to:
        settings.append(("report_to", json.dumps([name for names in options.report_to for name in names.split(",")])))
    check_names(recipe, settings)
    whole = with_settings(recipe, settings)
    if settings and not hf.is_huggingface(recipe):
        check_types(whole)
    return whole


def check_names(recipe: Recipe, settings: Sequence[Setting]) -> None:
    """See that the settings of the command line are some that the recipe's backend has.

    Raises:
        TrainError: one is not; names the one that was probably meant.
    """
    if not settings:
        return
    names = hf.NAMES if hf.is_huggingface(recipe) else litgpt_names(recipe)
    if problems := unknown(settings, names, ("--config", "--report-to", "--json", "--debug")):
        raise TrainError("; ".join(problems))


def main(options: argparse.Namespace) -> int:
    """Train by the recipe and report what was made."""
    recipe = recipe_of(options)
    outcome = train(recipe)
    if outcome is None:
        return 0
    if options.json:
        print(json.dumps(outcome))
    else:
        print(_summary(outcome))
    return 0


def train(recipe: Recipe) -> dict[str, Any] | None:
    """Train by the backend that the recipe names; the outcome, None in all processes but the first."""
    if not hf.is_huggingface(recipe):
        from train.finetune.litgpt import finetune as finetune_litgpt

        return finetune_litgpt(recipe)
    from train.finetune.loop import finetune

    return finetune(hf.check(recipe), recipe)


def _summary(outcome: dict[str, Any]) -> str:
    step = outcome.get("weights_of_step", outcome["steps"])
    of = f" (best, of step {step})" if step != outcome["steps"] else ""
    val = f", validation loss {outcome['val_loss']:.3f}{of}" if outcome["val_loss"] is not None else ""
    if outcome["kept"]:
        return (
            f"{outcome['final']}: this run was finished before ({outcome['steps']} steps{val}): kept. To train anew, "
            "give another out_dir; to train further, name it as start_from"
        )
    after = f" (on from step {outcome['resumed_at']})" if outcome["resumed_at"] else ""
    run = Path(outcome["final"]).parent
    return (
        f"{outcome['final']}: {outcome['steps']} steps{after}, {outcome['trained']:,} of {outcome['parameters']:,} "
        f"parameters trained, loss {outcome['loss']:.3f}{val}, {outcome['seconds']:.1f} s; next: train loss --run {run}"
    )
