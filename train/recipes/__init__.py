"""Recipes: YAML files that `litgpt finetune_lora --config` or `train COMMAND --config` run, with lines for errors.

A recipe of the package has a short name (gemma-2b/news, cpu, merges/ties), which every `--config` of `train` takes.
Those of models are written from a base and overlays: `train.recipes.compose`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train.errors import TrainError

FOLDER = Path(__file__).parent
#: A setting's place in a recipe: ("train", "max_steps").
Keys = tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """Settings as read, and where each was written.

    path: the recipe itself, without its overrides. settings: nested mappings, lists and plain values.
    lines: keys of a setting -> "FILE:LINE", of the file that won.
    """

    path: Path
    settings: dict[str, Any]
    lines: dict[Keys, str] = field(default_factory=dict)

    def get(self, *keys: str, default: Any = None) -> Any:
        """The setting at these keys, or the default where it is not given (null counts as given)."""
        value: Any = self.settings
        for key in keys:
            if not isinstance(value, Mapping) or key not in value:
                return default
            value = value[key]
        return value

    def at(self, *keys: str) -> str:
        """FILE:LINE of a setting, or of the nearest one around it; the file where none is written."""
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.lines:
                return self.lines[keys[:length]]
        return str(self.path)


def short_names() -> dict[str, Path]:
    """Short name -> file of every recipe in the package: cpu, MODEL/NAME, merges/NAME, accelerate/NAME."""
    package = FOLDER.parent
    patterns = ((FOLDER, "*.yaml"), (FOLDER, "*/*.yaml"), (package, "merges/*.yaml"), (package, "accelerate/*.yaml"))
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for folder, pattern in patterns
        for path in sorted(folder.glob(pattern))
    }


def path_of(name: Path | str, *, must_exist: bool = False) -> Path:
    """The file of a recipe that is given by its path or its short name; a file of that name wins.

    Raises:
        TrainError: with `must_exist`, there is neither; names what is like it.
    """
    path = Path(name)
    if path.exists():
        return path
    names = short_names()
    if str(name) not in names and must_exist:
        near = difflib.get_close_matches(str(name), names, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise TrainError(f"no recipe is called {name}: {hint}`train recipe` lists them")
    return names.get(str(name), path)


def load(path: Path | str, overrides: Sequence[Path | str] = ()) -> Recipe:
    """A recipe with the overrides laid over it in their order: mappings are merged, everything else is replaced.

    Where an override names another `class_path`, the `init_args` below it are not merged: they are of another class.

    Raises:
        TrainError: a file cannot be read, is no YAML mapping, or gives a key twice; names the line.
    """
    file = path_of(path)
    settings, lines = _read(file)
    for override in overrides:
        more, where = _read(path_of(override))
        merge(settings, more)
        lines |= where
    return Recipe(file, settings, lines)


def merge(base: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Lay settings over others, in place."""
    if "class_path" in more and more["class_path"] != base.get("class_path"):
        base.clear()
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value


def _read(path: Path) -> tuple[dict[str, Any], dict[Keys, str]]:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "" if path.suffix else "; `train recipe` lists the short names"
        raise TrainError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}{hint}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        settings = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        reason = " ".join(str(getattr(error, "problem", None) or error).split())
        raise TrainError(f"{path}{line} is no YAML: {reason}") from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(settings, dict):
        raise TrainError(f"{path} is no recipe: it must hold settings as `name: value`")
    return settings, dict(_lines(path, node, ()))


def _lines(path: Path, node: Any, keys: Keys) -> Iterator[tuple[Keys, str]]:
    import yaml

    names: set[str] = set()
    for key_node, value in node.value:
        key = str(key_node.value)
        where = f"{path}:{key_node.start_mark.line + 1}"
        if key in names:
            raise TrainError(f"{where} gives {key} a second time: YAML would keep the last one silently")
        names.add(key)
        yield (*keys, key), where
        if isinstance(value, yaml.MappingNode):
            yield from _lines(path, value, (*keys, key))


def add_arguments(parser: Any, *, required: bool = True) -> None:
    """Declare --config RECIPE, once or several times."""
    parser.add_argument(
        "--config",
        type=Path,
        action="append",
        required=required,
        metavar="RECIPE",
        help="a recipe: a file, or a short name of `train recipe`; given again: laid over it, such as `--config cpu`",
    )
