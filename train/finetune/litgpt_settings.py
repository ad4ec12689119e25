"""The keys of LitGPT's recipes and the types of their values, as its fine-tuning with LoRA declares them."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from train.errors import TrainError, one_line
from train.recipes import Recipe

#: Keys of this command's own in LitGPT's recipes.
_OWN = ("early_stopping.patience", "early_stopping.min_delta", "load_best_model_at_end")
_SECTIONS = ("early_stopping", "load_best_model_at_end")
#: Arguments of whatever class is named.
_ANY = ("optimizer", "optimizer.class_path", "optimizer.init_args")


#: What Python calls a type -> what people do.
_TYPES = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "a text", "NoneType": "null"}


def check_types(recipe: Recipe) -> None:
    """See that LitGPT takes the recipe's values.

    Raises:
        TrainError: one is of another type; names the first.
    """
    from jsonargparse import ArgumentParser

    script: Any = importlib.import_module("litgpt.finetune.lora")
    parser = ArgumentParser(exit_on_error=False)
    parser.add_function_arguments(script.setup)
    settings = {name: value for name, value in recipe.settings.items() if name not in _SECTIONS}
    try:
        parser.parse_object(settings)
    except Exception as error:  # Its own kinds, and those of whatever it imports.
        raise TrainError(_problem(recipe, str(error))) from error


def _problem(recipe: Recipe, message: str) -> str:
    """Of several lines of jsonargparse's: the key, what it takes, and the value."""
    names = re.findall(r'Parser key "([\w.]+)"', message)
    classes = dict.fromkeys(re.findall(r"Expected an? <class '(\w+)'>", message.rpartition("Parser key")[2]))
    if not names or not classes:
        return f"{recipe.path}: {one_line(Exception(message))}"
    keys = tuple((names[0] if len(names) == 1 else f"{names[0]}.init_args.{names[-1]}").split("."))
    types = " or ".join(_TYPES.get(name, name) for name in reversed(classes))
    return f"{recipe.at(*keys)}: {'.'.join(keys)} must be {types}, not {recipe.get(*keys)!r}"


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
