"""The recipes' whole files, written from a base and short overlays: `train recipe --write`.

A layer is a YAML file: its first document says what it is made of, its second holds settings under their comments.

    layers: [base, litgpt, news, gemma-2b]   of sources/bases, each laid over those before it; the first gives the order
    drop: [train.max_steps]                  settings of the layers below that are left out
    set: {hub: google/gemma-2b-it}           what `{{hub}}` stands for, in this layer and those below and above it
    width: 120                               characters of a comment's line (118); 0: lines stay as they are

A setting replaces the one of a layer below together with its comment, and the comment at the top likewise. Comments are
filled to their width after the names are put in. A heading without a comment replaces nothing: it says where its
settings are.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train.errors import TrainError

SOURCES = Path(__file__).parent / "sources"
WIDTH = 118
#: The comment at the top of a recipe, among the settings' paths.
TOP = ""


@dataclass
class Layer:
    """A layer as read. blocks: path of a setting ("train.epochs") -> its lines, comments and blank lines before it."""

    layers: list[str] = field(default_factory=list)
    drop: list[str] = field(default_factory=list)
    set: dict[str, str] = field(default_factory=dict)
    width: int = WIDTH
    blocks: dict[str, list[str]] = field(default_factory=dict)


def recipe_names() -> list[str]:
    """MODEL/NAME of every recipe that is written from an overlay."""
    folder = SOURCES / "overlays"
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob("*/*.yaml"))


def compose(name: str) -> str:
    """The whole file of a recipe.

    Raises:
        TrainError: a layer is missing, is no YAML, or leaves a name open.
    """
    top = read_layer(SOURCES / "overlays" / f"{name}.yaml")
    layers = [*(read_layer(SOURCES / "bases" / f"{below}.yaml") for below in top.layers), top]
    model, _, stem = name.partition("/")
    names = {"model": model, "name": stem}
    for layer in layers:
        names |= layer.set
    blocks: dict[str, tuple[list[str], int]] = {TOP: ([], WIDTH)}
    for layer in layers:
        blocks |= dict.fromkeys(layer.drop, ([], WIDTH))
        for path, lines in layer.blocks.items():
            if path not in blocks or not _is_bare_heading(lines):
                blocks[path] = lines, layer.width
    return "".join(line + "\n" for lines, width in blocks.values() for line in filled(lines, names, width))


def read_layer(path: Path) -> Layer:
    """A layer's file.

    Raises:
        TrainError: it cannot be read, or its first document is none.
    """
    import yaml

    try:
        settings, _, body = path.read_text(encoding="utf-8").partition("---\n")
        layer = Layer(**(yaml.safe_load(settings) or {}))
    except (OSError, yaml.YAMLError, TypeError) as error:
        raise TrainError(f"cannot read {path}: {error}") from error
    layer.blocks = dict(blocks_of(body.splitlines()))
    return layer


def blocks_of(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(path of a setting, its lines)."""
    pending: list[str] = []
    parents: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        text = line.strip()
        if not text and number == len(pending) and any(pending):
            yield TOP, [*pending, line]
            pending = []
        elif not text or text.startswith("#"):
            pending.append(line)
        else:
            indent = len(line) - len(line.lstrip())
            parents = [parent for parent in parents if parent[0] < indent]
            parents.append((indent, text.partition(":")[0]))
            yield ".".join(key for _, key in parents), [*pending, line]
            pending = []


def _is_bare_heading(lines: list[str]) -> bool:
    return len(lines) == 1 and lines[0].endswith(":")


def filled(lines: list[str], names: Mapping[str, str], width: int) -> list[str]:
    """The lines with the names put in, every paragraph of comments filled anew."""
    out: list[str] = []
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if width and re.match(r" *# \S", line):
            paragraph.append(substitute(line, names))
            continue
        out += _fill(paragraph, width)
        paragraph = []
        out.append(substitute(line, names))
    return out[:-1]


def substitute(text: str, names: Mapping[str, str]) -> str:
    """The text with each `{{name}}` replaced.

    Raises:
        TrainError: no layer sets it.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in names:
            raise TrainError(f"no layer of the recipe sets {match[1]}: {text.strip()}")
        return str(names[match[1]])

    return re.sub(r"\{\{(\w+)\}\}", value, text)


def _fill(lines: list[str], width: int) -> list[str]:
    if not lines:
        return []
    start = lines[0][: len(lines[0]) - len(lines[0].lstrip())] + "# "
    text = " ".join(line.strip().removeprefix("# ") for line in lines)
    fill: dict[str, Any] = {"initial_indent": start, "subsequent_indent": start}
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False, **fill)
