"""Settings of a recipe on the command line, as LitGPT takes them: `--train.max_steps 20 --data.path export`.

A value is read as YAML. `data.` and `optimizer.` stand for `data.init_args.` and `optimizer.init_args.`, as in LitGPT.
What is wrong in one is told as what is wrong in a file, the option in place of the file's line.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from train.errors import TrainError
from train.recipes import Keys, Recipe, merge

#: Sections that hold a class and its arguments -> what a class name without a module is in.
_CLASSES = {"data": "litgpt.data.", "optimizer": "torch.optim."}
#: (key, value as written).
Setting = tuple[str, str]


def divided(words: Sequence[str], options: Collection[str]) -> tuple[list[str], list[Setting]]:
    """(the words of a command, settings) of a command line; options: those that the command has.

    Raises:
        TrainError: a setting has no value.
    """
    own: list[str] = []
    settings: list[Setting] = []
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, equals, value = word.partition("=")
        if not name.startswith("--") or name == "--" or _is_option(name, options):
            own.append(word)
            continue
        if not equals:
            if not queue or queue[0].startswith("--"):
                raise TrainError(f"{name} needs a value: {name} VALUE{_meant(name, options)}")
            value = queue.pop(0)
        settings.append((name[2:], value))
    return own, settings


def _is_option(name: str, options: Iterable[str]) -> bool:
    """As argparse, which takes the beginning of an option for it."""
    return any(option.startswith(name) for option in options)


def _meant(name: str, options: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, [*options], 1, cutoff=0.8)
    return f" (did you mean {near[0]}?)" if near else ""


def with_settings(recipe: Recipe, settings: Sequence[Setting]) -> Recipe:
    """The recipe with the settings of a command line laid over it, the later ones over the earlier.

    Raises:
        TrainError: a key or a value is none.
    """
    values = copy.deepcopy(recipe.settings)
    lines = dict(recipe.lines)
    for key, text in settings:
        keys = _keys(key)
        for section in _CLASSES:
            if keys[0] == section and isinstance(values.get(section), str):
                values[section] = {"class_path": _class_path(section, values[section])}
        value = _value(key, text)
        if len(keys) == 1 and keys[0] in _CLASSES and isinstance(value, str):
            keys, value = (*keys, "class_path"), _class_path(keys[0], value)
        more: Any = value
        for name in reversed(keys):
            more = {name: more}
        merge(values, more)
        lines |= {keys[:length]: f"--{key}" for length in range(len(keys), 0, -1) if keys[:length] not in lines}
        lines[keys] = f"--{key}"
    return Recipe(recipe.path, values, lines)


def _keys(key: str) -> Keys:
    keys = tuple(key.split("."))
    if not all(keys):
        raise TrainError(f"--{key} is no setting: --SECTION.NAME VALUE, such as --train.max_steps 20")
    if keys[0] in _CLASSES and len(keys) > 1 and keys[1] not in ("class_path", "init_args"):
        return (keys[0], "init_args", *keys[1:])
    return keys


def _class_path(section: str, name: str) -> str:
    return name if "." in name else _CLASSES[section] + name


def _value(key: str, text: str) -> Any:
    import yaml

    if not text.strip():
        return text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TrainError(f"--{key}: {text!r} is no value in YAML: put it in quotation marks") from error
    # A date or a colon in a text is none of a recipe's values.
    return value if isinstance(value, str | int | float | bool | list | dict) or value is None else text


def unknown(settings: Sequence[Setting], recipe_keys: Collection[str], options: Collection[str] = ()) -> list[str]:
    """A line for each setting that is none of the recipe's keys, with the one that was probably meant.

    recipe_keys: dotted keys of the recipe; a key that others are below counts, too. options: those of the command.
    """
    names = {name.replace(".init_args.", "."): name for name in recipe_keys} | {name: name for name in recipe_keys}
    lines = []
    for key, _ in settings:
        dotted = ".".join(_keys(key))
        above = any(name.startswith(f"{dotted}.") for name in recipe_keys)
        below = any(dotted.startswith(f"{name}.") for name in recipe_keys if name.endswith((".init_args", ".*")))
        if dotted in recipe_keys or above or below:
            continue
        near = _nearest(key, names, options)
        lines.append(f"--{key} is no setting of the recipe" + (f": did you mean --{near}?" if near else ""))
    return lines


def _nearest(key: str, names: Mapping[str, str], options: Collection[str]) -> str | None:
    """Of the keys as they are typed; a last part alone (max_steps) means the key that ends so."""
    own = [name for name in names if name.rpartition(".")[2] == key.replace("-", "_").rpartition(".")[2]]
    candidates = [name for name in names if ".init_args" not in name] + [option[2:] for option in options]
    near = difflib.get_close_matches(key.replace("-", "_"), candidates, 1, cutoff=0.7)
    typed = [name for name in own if ".init_args" not in name]
    return next(iter(near or typed), None)
