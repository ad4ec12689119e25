"""The keys of LitGPT's recipes, as its fine-tuning with LoRA declares them."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from train.errors import TrainError
from train.recipes import Recipe

#: Keys of this command's own in LitGPT's recipes.
_OWN = ("early_stopping.patience", "early_stopping.min_delta", "load_best_model_at_end")
#: Arguments of whatever class is named.
_ANY = ("optimizer", "optimizer.class_path", "optimizer.init_args")


def litgpt_names(recipe: Recipe) -> tuple[str, ...]:
    """Every key that a recipe of LitGPT's may have, those of its data module included.

    Raises:
        TrainError: there is no such data module.
    """
    script: Any = importlib.import_module("litgpt.finetune.lora")
    sections = {"train": "TrainArgs", "eval": "EvalArgs", "log": "LogArgs"}
    arguments: Any = importlib.import_module("litgpt.args")
    names = [name for name in inspect.signature(script.setup).parameters if name not in sections]
    for section, kind in sections.items():
        if hasattr(arguments, kind):
            names += [f"{section}.{field.name}" for field in fields(getattr(arguments, kind))]
    return (*names, *_ANY, *_OWN, "data.class_path", *_data_names(recipe))


def _data_names(recipe: Recipe) -> Iterator[str]:
    path = recipe.get("data", "class_path") if isinstance(recipe.get("data"), dict) else recipe.get("data")
    module, _, name = (path if "." in str(path) else f"litgpt.data.{path or 'Alpaca'}").rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except ImportError:
        kind = None
    if kind is None or not is_dataclass(kind):
        raise TrainError(f"{recipe.at('data', 'class_path')}: there is no data module {path}")
    yield from (f"data.init_args.{field.name}" for field in fields(kind) if field.init)
