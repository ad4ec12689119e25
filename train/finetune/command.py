"""`train finetune`: a recipe of either backend, killed and resumed, best weights kept."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from train.huggingface import settings as hf
from train.recipes import Recipe, add_arguments, load


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "example: train finetune --config bloom-7b1/alpaca_vi\n"
        "Killed or interrupted, the same command goes on from the last checkpoint with the same losses. The weights\n"
        "of the smallest validation loss are taken (load_best_model_at_end: false in the recipe: the last ones);\n"
        "early_stopping: {patience: 3, min_delta: 0.01} ends a run whose validation loss falls no more."
    )
    add_arguments(parser)


def main(options: argparse.Namespace) -> int:
    """Train by the recipe and report what was made."""
    recipe = load(options.config[0], options.config[1:])
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
