"""A pipeline: the steps of `synth` in one YAML file, validated as a whole before the first one runs.

    name: italian-news
    steps:
      - cluster: {window: 3}
      - summarize: {llm: extractive}
      - score
      - export: {out: export, filter: {min_similarity: {$gt: 0.1}}}

A step is a command, its options are the command's own long options (`max-cost` or `max_cost`). Filters are written as
YAML; a date in one is that day's beginning in UTC. Paths are relative to where the command is run, as in a shell.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from crawler.items import NewsmillError
from synth.commands import Command, commands, steps

if TYPE_CHECKING:
    from pymongo.database import Database

    #: (line, message).
    Mistakes = list[tuple[int, str]]

#: Options that belong to the whole run, and the one that does nothing; what else a command only shows, its row says.
_NOT_IN_STEPS = frozenset({"help", "uri", "json", "debug", "dry_run"})
#: Options that hold a MongoDB filter.
_FILTERS = ("where", "filter")
_TOP = ("name", "steps")


@dataclass(frozen=True)
class Step:
    """One command with its options."""

    name: str
    #: the options as a shell would have them.
    words: tuple[str, ...]
    options: argparse.Namespace
    line: int

    @property
    def command(self) -> Command:
        """Its row of the registry."""
        return commands()[self.name]

    def check_filters(self, database: Database[dict[str, Any]]) -> None:
        """
        Raises:
            NewsmillError: a filter has a name that nothing in the store has.
        """
        from synth.filters.read import read_filter

        formats = getattr(self.options, "format", None) or []
        for name in _FILTERS:
            read_filter(getattr(self.options, name, None), database, self.command.collection(formats))

    def parsed(self, *more: str) -> argparse.Namespace:
        """The options once more, with more words."""
        return _Parser(self.name).parse_args([*self.words, *more])


@dataclass(frozen=True)
class Pipeline:
    """A file without mistakes."""

    path: Path
    name: str
    #: sha256 (hex) of the file.
    digest: str
    steps: tuple[Step, ...]


def read_pipeline(path: Path) -> Pipeline:
    """A pipeline with every option checked.

    Raises:
        NewsmillError: the file cannot be read or has mistakes; all of them are listed, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise NewsmillError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    mistakes: Mistakes = []
    name, pipeline_steps = _read(text, path, mistakes)
    if mistakes:
        several = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
        lines = [f"  line {line}: {message}" if line else f"  {message}" for line, message in sorted(mistakes)]
        raise NewsmillError("\n".join([f"{path} has {several}, nothing was run:", *lines]))
    return Pipeline(path, name, hashlib.sha256(text.encode()).hexdigest(), tuple(pipeline_steps))


# ---- YAML


def _read(text: str, path: Path, mistakes: Mistakes) -> tuple[str, list[Step]]:
    import yaml

    loader = None
    try:
        loader = yaml.SafeLoader(text)
        return _read_top(loader, loader.get_single_node(), path, mistakes)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        mistakes.append((mark.line + 1 if mark else 0, f"no YAML: {problem}"))
        return "", []
    finally:
        if loader is not None:
            loader.dispose()


def _read_top(loader: Any, root: Any, path: Path, mistakes: Mistakes) -> tuple[str, list[Step]]:
    import yaml

    if not isinstance(root, yaml.MappingNode):
        mistakes.append((0, "it is no mapping with `steps:`, a list of commands with their options"))
        return "", []
    top = dict(_entries(loader, root, mistakes))
    for key in top.keys() - set(_TOP):
        mistakes.append((_line(top[key]), f"no such key {key!r}{_suggestion(key, _TOP)}"))
    name = str(loader.construct_object(top["name"], deep=True)) if "name" in top else path.stem
    nodes = top.get("steps")
    if not isinstance(nodes, yaml.SequenceNode) or not nodes.value:
        mistakes.append((_line(nodes) if nodes else 0, "`steps:` is no list of commands with their options"))
        return name, []
    return name, [step for node in nodes.value if (step := _step(loader, node, mistakes))]


def _step(loader: Any, node: Any, mistakes: Mistakes) -> Step | None:
    """One entry of `steps`: `command` or `command: {option: value, …}`."""
    import yaml

    line, entries = _line(node), []
    if isinstance(node, yaml.ScalarNode):
        name = str(node.value)
    elif isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        name = str(node.value[0][0].value)
        inner = node.value[0][1]
        if isinstance(inner, yaml.MappingNode):
            entries = list(_entries(loader, inner, mistakes))
        elif not (isinstance(inner, yaml.ScalarNode) and inner.tag.endswith(":null")):
            mistakes.append((line, f"{name}: its options are no mapping: write `{name}: {{option: value}}`"))
            return None
    else:
        mistakes.append((line, "a step is one command: write `- cluster` or `- cluster: {window: 3}`"))
        return None
    if name not in steps():
        mistakes.append((line, f"no step {name!r}{_suggestion(name, steps())}; steps are {', '.join(steps())}"))
        return None
    values = [(key, loader.construct_object(value, deep=True), _line(value)) for key, value in entries]
    return _checked_step(name, values, line, mistakes)


def _entries(loader: Any, node: Any, mistakes: Mistakes) -> Iterator[tuple[str, Any]]:
    """(key, node of the value); a key that comes twice is a mistake."""
    keys: set[str] = set()
    for key, value in node.value:
        name = str(loader.construct_object(key, deep=True))
        if name in keys:
            mistakes.append((_line(key), f"{name!r} comes twice"))
        keys.add(name)
        yield name, value


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _suggestion(name: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f": did you mean {near[0]!r}?" if near else ""


# ---- a step and its options


def _checked_step(name: str, values: list[tuple[str, Any, int]], line: int, mistakes: Mistakes) -> Step | None:
    parser = _Parser(name)
    words: dict[str, tuple[list[str], int]] = {}
    before = len(mistakes)
    for key, value, value_line in values:
        action = parser.action(key)
        if action is None:
            hint = _suggestion(key.replace("_", "-"), sorted(parser.names()))
            mistakes.append((value_line, f"{name}: no option {key!r}{hint}"))
            continue
        try:
            words[action.dest] = (parser.words(action, value), value_line)
        except ValueError as error:
            mistakes.append((value_line, f"{name}: {key}: {error}"))
    options = _checked_options(parser, words, line, mistakes)
    if options is None or len(mistakes) > before:
        return None
    return Step(name, tuple(word for option_words, _ in words.values() for word in option_words), options, line)


def _checked_options(
    parser: _Parser, words: dict[str, tuple[list[str], int]], line: int, mistakes: Mistakes
) -> argparse.Namespace | None:
    """The options; where some are wrong, each is listed and set aside until the rest can be read."""
    name, before, rest = parser.name, len(mistakes), dict(words)
    while True:
        try:
            options = parser.parse_args([word for option_words, _ in rest.values() for word in option_words])
            break
        except argparse.ArgumentError as error:
            wrong = next((dest for dest in rest if parser.is_named(dest, error.argument_name)), None)
            mistakes.append((rest[wrong][1] if wrong else line, f"{name}: {error}"))
            if wrong is None:
                return None
            del rest[wrong]
        except _Mistake as error:
            # A required option is not there; where it is there and wrong, it is listed already.
            if len(rest) == len(words):
                mistakes.append((line, f"{name}: {error}"))
            return None
    for option in _FILTERS:
        if option in rest and (text := getattr(options, option, None)):
            _collect(partial(_check_filter, text), name, rest[option][1], mistakes)
    if len(mistakes) == before:
        _collect(partial(commands()[name].check, options), name, line, mistakes)
    return options


def _collect(check: Callable[[], Any], name: str, line: int, mistakes: Mistakes) -> None:
    try:
        check()
    except NewsmillError as error:
        mistakes.append((line, f"{name}: {str(error).removeprefix(f'{name}: ')}"))


def _check_filter(text: str) -> None:
    from synth.filters.read import is_named, read_filter

    # Which names there are is known to the store: `synth run` asks it before the first step.
    if not is_named(text):
        read_filter(text)


class _Mistake(Exception):
    """What argparse would end the program with."""


class _Parser(argparse.ArgumentParser):
    """The options of a command as a pipeline file may have them."""

    def __init__(self, name: str) -> None:
        super().__init__(prog=f"synth {name}", exit_on_error=False, add_help=False, allow_abbrev=False)
        self.name = name
        commands()[name].configure(self)
        self.add_argument("--uri")
        self.add_argument("--json", action="store_true")
        self.add_argument("--debug", action="store_true")

    def error(self, message: str) -> NoReturn:
        raise _Mistake(message)

    def names(self) -> Iterator[str]:
        """All that a step may set."""
        for action in self._step_actions():
            yield from (name.removeprefix("--") for name in action.option_strings or [action.dest])

    def action(self, key: str) -> argparse.Action | None:
        """The option of that name."""
        option = f"--{key.replace('_', '-')}"
        for action in self._step_actions():
            # The table of argparse has the earlier names of options, too.
            named = self._option_string_actions.get(option)
            if named is action or (not action.option_strings and action.dest == key):
                return action
        return None

    def is_named(self, dest: str, name: str | None) -> bool:
        """Whether argparse's name of an argument (`--a/-b`, or a positional's metavar) is this one's."""
        action = next(action for action in self._actions if action.dest == dest)
        return name is not None and name in ("/".join(action.option_strings), action.dest, action.metavar)

    def words(self, action: argparse.Action, value: Any) -> list[str]:
        """An option and its value as a shell would have them.

        Raises:
            ValueError: the value is of another kind; the text says which is needed.
        """
        if value is None:
            return []
        option = next((name for name in action.option_strings if name.startswith("--")), "")
        if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
            return _switch(action, option, value)
        texts = [_text(action, item) for item in (value if isinstance(value, list) else [value])]
        if not option:
            return texts
        if isinstance(action, self._registry_get("action", "append")):
            return [f"{option}={text}" for text in texts]
        if action.nargs in ("+", "*"):
            return [option, *texts]
        # A filter can begin with a list only by mistake; `fields: [a, b]` is `--fields a,b`.
        return [f"{option}={','.join(texts) if isinstance(value, list) else texts[0]}"]

    def _step_actions(self) -> Iterator[argparse.Action]:
        excluded = _NOT_IN_STEPS.union(commands()[self.name].shows)
        return (action for action in self._actions if action.dest not in excluded)


def _switch(action: argparse.Action, option: str, value: Any) -> list[str]:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004  as a converter of argparse does
    if isinstance(action, argparse.BooleanOptionalAction):
        return [option if value else f"--no-{option.removeprefix('--')}"]
    return [option] if value else []


def _text(action: argparse.Action, value: Any) -> str:
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is no value of it")  # noqa: TRY004
    if isinstance(value, dict):
        if action.dest not in _FILTERS:
            raise ValueError("a mapping is no value of it")
        return json.dumps(value, default=_extended_json, ensure_ascii=False)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _extended_json(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return {"$date": value.isoformat()}
    raise ValueError(f"{value!r} is no value of a filter")
