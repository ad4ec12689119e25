"""`--config FILE` of commands that are asked by options: a YAML file of the same names, `max-new-tokens: 120`."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from train.command_line import SuggestingParser, keep_reading
from train.errors import TrainError
from train.recipes import Recipe, load

_HELP = "options in a YAML file, named as here without the dashes; what the command line says wins"


class Parser(SuggestingParser):
    """A parser that knows how its options were declared.

    Not jsonargparse's, which LitGPT brings: it reports the first of several mistakes, and without its line; it is
    loaded in 139 ms of processor time where argparse takes 3; and it is not there without the extra `train`.
    """

    def __init__(self, *words: Any, **more: Any) -> None:
        #: Option ("--out") -> (its action, whether each use of it adds a value).
        self.declared: dict[str, tuple[argparse.Action, bool]] = {}
        super().__init__(*words, **more)

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """As argparse's."""
        return self._noted(super().add_argument(*names, **settings), settings)

    def add_argument_group(self, *words: Any, **more: Any) -> Any:
        """As argparse's; options of the group are the parser's."""
        group = super().add_argument_group(*words, **more)
        group.add_argument = self._noting(group.add_argument)  # type: ignore[method-assign]
        return group

    def keep_reading(self, action: argparse.Action, *old: str) -> None:
        """Let an option be given by its earlier names, too, on the command line and in a file."""
        keep_reading(self, action, *old)
        self.declared |= dict.fromkeys(old, self.declared[action.option_strings[0]])

    def _noting(self, add: Callable[..., argparse.Action]) -> Callable[..., argparse.Action]:
        return lambda *names, **settings: self._noted(add(*names, **settings), settings)

    def _noted(self, action: argparse.Action, settings: Mapping[str, Any]) -> argparse.Action:
        appends = settings.get("action") == "append"
        self.declared |= dict.fromkeys(action.option_strings, (action, appends))
        return action


def takes_config(parser: Parser) -> bool:
    """Whether the command reads `--config` itself, as a recipe."""
    return "--config" in parser.declared


def takes_settings(parser: Parser) -> bool:
    """Whether the command reads settings of its recipe, `--train.max_steps 20`, beside its options."""
    return bool(parser.get_default("asked_by_settings"))


def add_config(parser: argparse.ArgumentParser) -> None:
    """Declare --config FILE."""
    parser.add_argument("--config", type=Path, metavar="FILE", help=_HELP)


def expanded(parser: Parser, words: Sequence[str]) -> list[str]:
    """A command's words, with those of its `--config FILE` put before them.

    Raises:
        TrainError: the file cannot be read, or says what no option is or takes; all mistakes are named, with lines.
    """
    finder = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    finder.add_argument("--config", type=Path)
    try:
        options, _ = finder.parse_known_args(list(words))
    except argparse.ArgumentError:
        # `--config` without a file: the command's own parser says so.
        return list(words)
    if options.config is None:
        return list(words)
    recipe = load(options.config)
    more: list[str] = []
    problems: list[str] = []
    for key, value in recipe.settings.items():
        try:
            more += _words(parser, recipe, str(key), value)
        except TrainError as error:
            problems.append(str(error))
    if problems:
        raise TrainError("; ".join(problems))
    return [*more, *words]


def _words(parser: Parser, recipe: Recipe, key: str, value: Any) -> Iterator[str]:
    option = "--" + key.replace("_", "-")
    declared = {name: entry for name, entry in parser.declared.items() if name not in ("--config", "--help")}
    if option not in declared:
        near = difflib.get_close_matches(option, [name for name in declared if name.startswith("--")], 1)
        raise TrainError(f"{recipe.at(key)}: no option {key}" + (f" (did you mean {near[0][2:]}?)" if near else ""))
    action, appends = declared[option]
    if value is None:
        return
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise TrainError(f"{recipe.at(key)}: {key} is true or false, not {value!r}")
        yield from [option] * value
        return
    values = _values(recipe, key, value)
    several = action.nargs in ("+", "*") or isinstance(action.nargs, int)
    if appends and not several:
        # One word each: a value may begin with a dash.
        yield from (f"{option}={each}" for each in values)
    elif several:
        yield option
        yield from values
    elif len(values) == 1:
        yield f"{option}={values[0]}"
    else:
        raise TrainError(f"{recipe.at(key)}: {key} takes one value, not {len(values)}")


def _values(recipe: Recipe, key: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}={each}" for name, each in value.items()]
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(each, list | dict) or each is None for each in values):
        raise TrainError(f"{recipe.at(key)}: {key} takes plain values")
    return [str(each) for each in values]
