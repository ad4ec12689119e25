"""What is said of the recipes' files, and how they are copied and written."""

from __future__ import annotations

import re
from pathlib import Path

from train.atomic_files import write_whole
from train.errors import TrainError
from train.recipes import FOLDER, load, short_names
from train.recipes.compose import SOURCES, compose, recipe_names


def summaries() -> list[dict[str, str]]:
    """name, path and the first sentence of each recipe, by name."""
    rows = []
    for name, path in short_names().items():
        rows.append({"name": name, "path": str(path), "summary": first_sentence(path.read_text(encoding="utf-8"))})
    return rows


def first_sentence(text: str) -> str:
    """The first sentence of the comment at the top of a recipe."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("# "):
            break
        lines.append(line.removeprefix("# "))
    return re.split(r"(?<=[^A-Z])\. ", " ".join(lines))[0].rstrip(".")


def copy(path: Path, out: Path) -> str:
    """Copy a recipe to be changed; what was written and what to run next.

    Raises:
        TrainError: there is a file already.
    """
    if out.exists():
        raise TrainError(f"{out} is there already: give another --out")
    write_whole(out, path.read_text(encoding="utf-8"))
    return f"{out}: a copy of {path}; next: {command_for(out, path)}"


def command_for(out: Path, path: Path) -> str:
    """The command that runs a recipe."""
    if path.parent.name == "merges":
        return f"train merge --config {out}"
    if path.parent.name == "accelerate":
        return f"accelerate launch --config_file {out} …"
    recipe = load(path)
    if recipe.get("data") is None:
        return f"lay it over a recipe: --config RECIPE --config {out}"
    command = "train finetune" if recipe.get("backend") == "huggingface" else "litgpt finetune_lora"
    return f"{command} --config {out}"


def write_all() -> list[str]:
    """Every recipe that has an overlay, written where it is installed; a line each of those that changed.

    Raises:
        TrainError: there is nothing to write them from.
    """
    names = recipe_names()
    if not names:
        raise TrainError(f"there is no recipe in {SOURCES}: --write is for a checkout of the repository")
    lines = []
    for name in names:
        path, text = FOLDER / f"{name}.yaml", compose(name)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_whole(path, text)
            lines.append(f"{path}: written")
    return [*lines, f"{len(names)} recipes, {len(lines)} of them changed"]
