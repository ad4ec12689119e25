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
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from crawler.items import NewsmillError
from synth.commands import COMMANDS, STEPS

if TYPE_CHECKING:
    from pymongo.database import Database

#: Options that belong to the whole run, and those that show something instead of doing it.
_NOT_IN_STEPS = frozenset({"help", "uri", "json", "debug", "dry_run", "explain", "repeatability", "agreement"})
#: Options that hold a MongoDB filter.
_FILTERS = ("where", "filter")
#: What the documents of a step are where they are no samples.
_READS = {"cluster": "articles", "summarize": "clusters"}
_TOP = ("name", "steps")


@dataclass(frozen=True)
class Step:
    """One command with its options."""

    command: str
    #: the options as a shell would have them.
    words: tuple[str, ...]
    options: argparse.Namespace
    line: int

    @property
    def module(self) -> Any:
        return importlib.import_module(COMMANDS[self.command].module)

    def check_filters(self, database: Database[dict[str, Any]]) -> None:
        """Raises NewsmillError where a filter has a name that nothing in the store has."""
        from synth.filters.read import read_filter

        for name in _FILTERS:
            read_filter(getattr(self.options, name, None), database, _READS.get(self.command, "samples"))

    def parsed(self, *more: str) -> argparse.Namespace:
        """The options anew, with more words."""
        return _parser(self.command).parse_args([*self.words, *more])


@dataclass(frozen=True)
class Pipeline:
    """A file that was found to be right."""

    path: Path
    name: str
    #: sha256 (hex) of the file.
    digest: str
    steps: tuple[Step, ...]


def read_pipeline(path: Path) -> Pipeline:
    """A pipeline with every option checked.

    Raises:
        NewsmillError: the file cannot be read or has mistakes; all of them are told, each with its line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise NewsmillError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    mistakes: list[tuple[int, str]] = []
    name, steps = _read(text, path, mistakes)
    if mistakes:
        several = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
        lines = [f"  line {line}: {told}" if line else f"  {told}" for line, told in sorted(mistakes)]
        raise NewsmillError("\n".join([f"{path} has {several}, nothing was run:", *lines]))
    return Pipeline(path, name, hashlib.sha256(text.encode()).hexdigest(), tuple(steps))


def _read(text: str, path: Path, mistakes: list[tuple[int, str]]) -> tuple[str, list[Step]]:
    import yaml

    loader = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            mistakes.append((0, "it is no mapping with `steps:`, a list of commands with their options"))
            return "", []
        top = dict(_entries(loader, root, mistakes))
        for name in top.keys() - set(_TOP):
            mistakes.append((_line(top[name]), f"no such key {name!r}{_meant(name, _TOP)}"))
        name = str(loader.construct_object(top["name"], deep=True)) if "name" in top else path.stem
        listed = top.get("steps")
        if not isinstance(listed, yaml.SequenceNode) or not listed.value:
            mistakes.append((_line(listed) if listed else 0, "`steps:` is no list of commands with their options"))
            return name, []
        return name, [step for node in listed.value if (step := _step(loader, node, mistakes))]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
        mistakes.append((mark.line + 1 if mark else 0, f"no YAML: {told}"))
        return "", []
    finally:
        if loader is not None:
            loader.dispose()


def _step(loader: Any, node: Any, mistakes: list[tuple[int, str]]) -> Step | None:
    """One entry of `steps`: `command` or `command: {option: value, …}`."""
    import yaml

    line, entries = _line(node), []
    if isinstance(node, yaml.ScalarNode):
        command = str(node.value)
    elif isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        command = str(node.value[0][0].value)
        inner = node.value[0][1]
        if isinstance(inner, yaml.MappingNode):
            entries = list(_entries(loader, inner, mistakes))
        elif not (isinstance(inner, yaml.ScalarNode) and inner.tag.endswith(":null")):
            mistakes.append((line, f"{command}: its options are no mapping: write `{command}: {{option: value}}`"))
            return None
    else:
        mistakes.append((line, "a step is one command: write `- cluster` or `- cluster: {window: 3}`"))
        return None
    if command not in STEPS:
        mistakes.append((line, f"no step {command!r}{_meant(command, STEPS)}; steps are {', '.join(STEPS)}"))
        return None
    values = [(name, loader.construct_object(value, deep=True), _line(value)) for name, value in entries]
    return _checked(command, values, line, mistakes)


def _checked(
    command: str, values: list[tuple[str, Any, int]], line: int, mistakes: list[tuple[int, str]]
) -> Step | None:
    parser = _parser(command)
    words: dict[str, tuple[list[str], int]] = {}
    before = len(mistakes)
    for name, value, place in values:
        action = _action(parser, name)
        if action is None:
            names = sorted(_names(parser))
            mistakes.append((place, f"{command}: no option {name!r}{_meant(name.replace('_', '-'), names)}"))
            continue
        try:
            words[action.dest] = (_words(action, value), place)
        except ValueError as error:
            mistakes.append((place, f"{command}: {name}: {error}"))
    options = _parsed(parser, command, words, line, mistakes)
    if options is None or len(mistakes) > before:
        return None
    return Step(command, tuple(word for some, _ in words.values() for word in some), options, line)


def _parsed(
    parser: _Parser, command: str, words: dict[str, tuple[list[str], int]], line: int, mistakes: list[tuple[int, str]]
) -> argparse.Namespace | None:
    """The options; where some are wrong, each is told and set aside until what is left can be read."""
    left, before = dict(words), len(mistakes)
    while True:
        try:
            options = parser.parse_args([word for some, _ in left.values() for word in some])
            break
        except argparse.ArgumentError as error:
            wrong = next((dest for dest in left if _is_named(parser, dest, error.argument_name)), None)
            mistakes.append((left[wrong][1] if wrong else line, f"{command}: {error}"))
            if wrong is None:
                return None
            del left[wrong]
        except _Mistake as error:
            # What is missing; it was told already where it is there and wrong.
            if len(left) == len(words):
                mistakes.append((line, f"{command}: {error}"))
            return None
    for name in _FILTERS:
        if getattr(options, name, None) and name in left:
            _told(lambda name=name: _read_filter(getattr(options, name)), command, left[name][1], mistakes)
    check = getattr(importlib.import_module(COMMANDS[command].module), "check", None)
    if check and len(mistakes) == before:
        _told(lambda: check(options), command, line, mistakes)
    return options


def _told(work: Any, command: str, line: int, mistakes: list[tuple[int, str]]) -> None:
    try:
        work()
    except NewsmillError as error:
        mistakes.append((line, f"{command}: {str(error).removeprefix(f'{command}: ')}"))


def _read_filter(text: str) -> None:
    from synth.filters.read import is_named, read_filter

    if not is_named(text):
        # Which names there are is known to the store: `synth run` asks it before the first step.
        read_filter(text)


# ---- options


class _Mistake(Exception):
    """What argparse would end the program with."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Mistake(message)


def _parser(command: str) -> _Parser:
    parser = _Parser(prog=f"synth {command}", exit_on_error=False, add_help=False, allow_abbrev=False)
    importlib.import_module(COMMANDS[command].module).configure(parser)
    parser.add_argument("--uri")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--debug", action="store_true")
    return parser


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    return (action for action in parser._actions if action.dest not in _NOT_IN_STEPS)


def _names(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in _actions(parser):
        yield from (name.removeprefix("--") for name in action.option_strings or [action.dest])


def _action(parser: argparse.ArgumentParser, name: str) -> argparse.Action | None:
    told = name.replace("_", "-")
    for action in _actions(parser):
        if f"--{told}" in action.option_strings or (not action.option_strings and action.dest == name):
            return action
    return None


def _is_named(parser: argparse.ArgumentParser, dest: str, name: str | None) -> bool:
    """Whether argparse's name of an argument (`--a/-b`, or a positional's metavar) is this one's."""
    action = next(action for action in parser._actions if action.dest == dest)
    told = "/".join(action.option_strings)
    return name is not None and name in (told, action.dest, action.metavar)


def _words(action: argparse.Action, value: Any) -> list[str]:
    """An option and its value as a shell would have them.

    Raises:
        ValueError: the value is of another kind; the text says which is wanted.
    """
    if value is None:
        return []
    option = next((name for name in action.option_strings if name.startswith("--")), "")
    if action.nargs == 0 or isinstance(action, argparse.BooleanOptionalAction):
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is neither true nor false")
        if isinstance(action, argparse.BooleanOptionalAction):
            return [option if value else f"--no-{option.removeprefix('--')}"]
        return [option] if value else []
    several = value if isinstance(value, list) else [value]
    texts = [_text(action, one) for one in several]
    if not option:
        return texts
    if isinstance(action, argparse._AppendAction):
        return [f"{option}={text}" for text in texts]
    if action.nargs in ("+", "*"):
        return [option, *texts]
    if isinstance(value, list):
        # A filter can begin with a list only by mistake; `fields: [a, b]` is `--fields a,b`.
        return [f"{option}={','.join(texts)}"]
    return [f"{option}={texts[0]}"]


def _text(action: argparse.Action, value: Any) -> str:
    if isinstance(value, bool):
        raise ValueError(f"{str(value).lower()} is no value of it")
    if isinstance(value, dict):
        if action.dest not in _FILTERS:
            raise ValueError("a mapping is no value of it")
        return json.dumps(value, default=_extended, ensure_ascii=False)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _extended(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return {"$date": value.isoformat()}
    raise ValueError(f"{value!r} is no value of a filter")


# ---- YAML


def _entries(loader: Any, node: Any, mistakes: list[tuple[int, str]]) -> Iterator[tuple[str, Any]]:
    """(key, node of the value); a key that comes twice is a mistake."""
    seen: set[str] = set()
    for key, value in node.value:
        name = str(loader.construct_object(key, deep=True))
        if name in seen:
            mistakes.append((_line(key), f"{name!r} comes twice"))
        seen.add(name)
        yield name, value


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _meant(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f": did you mean {near[0]!r}?" if near else ""
