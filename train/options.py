"""`--config FILE` of commands that are asked by options: a YAML file of the same names, `max-new-tokens: 120`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.recipes import Recipe, load

_HELP = "options in a YAML file, named as here without the dashes; what the command line says wins"


def takes_config(parser: argparse.ArgumentParser) -> bool:
    """Whether the command reads `--config` itself, as a recipe."""
    return "--config" in parser._option_string_actions


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help=_HELP)


def expanded(parser: argparse.ArgumentParser, words: Sequence[str]) -> list[str]:
    """A command's words, with those of its `--config FILE` put before them.

    Raises:
        TrainError: the file cannot be read, or says what no option is or takes; all of it is told, with lines.
    """
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    finder.add_argument("--config", type=Path)
    try:
        found, _ = finder.parse_known_args(list(words))
    except argparse.ArgumentError:
        # `--config` without a file: the command's own parser says so.
        return list(words)
    if found.config is None:
        return list(words)
    recipe = load(found.config)
    more: list[str] = []
    wrong: list[str] = []
    for key, value in recipe.settings.items():
        try:
            more += _words(parser, recipe, str(key), value)
        except TrainError as error:
            wrong.append(str(error))
    if wrong:
        raise TrainError("; ".join(wrong))
    return [*more, *words]


def _words(parser: argparse.ArgumentParser, recipe: Recipe, key: str, value: Any) -> Iterator[str]:
    option = "--" + key.replace("_", "-")
    actions = {name: one for name, one in parser._option_string_actions.items() if name not in ("--config", "--help")}
    if option not in actions:
        near = difflib.get_close_matches(option, [name for name in actions if name.startswith("--")], 1)
        raise TrainError(f"{recipe.at(key)}: no option {key}" + (f" (did you mean {near[0][2:]}?)" if near else ""))
    action = actions[option]
    if value is None:
        return
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise TrainError(f"{recipe.at(key)}: {key} is true or false, not {value!r}")
        yield from [option] * value
        return
    values = _values(recipe, key, value)
    several = action.nargs in ("+", "*") or isinstance(action.nargs, int)
    if isinstance(action, argparse._AppendAction) and not several:
        # One word each: a value may begin with a dash.
        yield from (f"{option}={one}" for one in values)
    elif several:
        yield option
        yield from values
    elif len(values) == 1:
        yield f"{option}={values[0]}"
    else:
        raise TrainError(f"{recipe.at(key)}: {key} takes one value, not {len(values)}")


def _values(recipe: Recipe, key: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}={one}" for name, one in value.items()]
    found = value if isinstance(value, list) else [value]
    if not found or any(isinstance(one, list | dict) or one is None for one in found):
        raise TrainError(f"{recipe.at(key)}: {key} takes plain values")
    return [str(one) for one in found]
