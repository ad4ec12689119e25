"""Filters with a name: those of the cookbook, with a question that each answers and values, and the saved ones.

`python -m synth.filters.cookbook` prints docs/cookbook.md.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from crawler.items import NewsmillError
from synth.command_line import CODES, language_code
from synth.filters.extended_json import loads

if TYPE_CHECKING:
    from pymongo.database import Database

    Store = Database[dict[str, Any]]

_HOLE = re.compile(r"<([a-z]+)>")


@dataclass(frozen=True)
class Recipe:
    """One filter of the cookbook."""

    name: str
    #: what it answers.
    question: str
    #: a MongoDB filter as JSON; a text `<name>` stands for the value of that name.
    filter: dict[str, Any]
    #: name -> what it is where none is given; its type is the type.
    values: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    #: of the index that finds the matches where they are rare.
    index: str = ""
    collection: str = "samples"

    def with_values(self, argument: str | None = None) -> dict[str, Any]:
        """The filter of `text`.

        Raises:
            NewsmillError: as `text`.
        """
        return loads(self.text(argument), f":{self.name}")

    def text(self, argument: str | None = None) -> str:
        """The filter as JSON, with the values given (several divided by `,` or `..`), or its own.

        Raises:
            NewsmillError: it takes none, not so many, or none such.
        """
        values = dict(self.values)
        if argument is not None:
            texts = re.split(r",|\.\.", argument) if len(values) > 1 else [argument]
            if not values or len(texts) != len(values) or not all(text.strip() for text in texts):
                raise NewsmillError(f"filter :{self.name} takes {self.takes()}, not {argument!r}")
            for (name, default), text in zip(self.values.items(), texts, strict=True):
                values[name] = _typed(text.strip(), default, self.name, name)
        return json.dumps(_filled(self.filter, values))

    def takes(self) -> str:
        """`:NAME=A,B` in words."""
        return f"={','.join(name.upper() for name in self.values)}" if self.values else "no value"


def _typed(text: str, default: Any, recipe: str, name: str) -> Any:
    if isinstance(default, str):
        return text
    try:
        return type(default)(text)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise NewsmillError(f"filter :{recipe}: {name} is {kind}, not {text!r}") from None


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, values) for inner in value]
    if not isinstance(value, str):
        return value
    hole = _HOLE.fullmatch(value)
    return values[hole[1]] if hole else _HOLE.sub(lambda hole: str(values[hole[1]]), value)


@functools.cache
def recipes() -> dict[str, Recipe]:
    """Name -> recipe, in the cookbook's order."""
    import yaml

    rows = yaml.safe_load(resources.files("synth.filters").joinpath("cookbook.yaml").read_text(encoding="utf-8"))
    return {row["name"]: Recipe(**row) for row in rows}


def named_text(name: str, value: str | None, database: Store | None, collection: str) -> tuple[str, str]:
    """(the filter of a name as JSON, how a message names it): the cookbook's, or one that was saved.

    Raises:
        NewsmillError: there is none of that name, it is of another collection, or the value is none of its own.
    """
    recipe = recipes().get(name)
    if recipe is not None:
        _require_collection(name, recipe.collection, collection)
        return recipe.text(_value(recipe, value)), f":{name}"
    row = database.filters.find_one({"name": name}) if database is not None else None
    if row is None:
        raise NewsmillError(f"no filter :{name}{_similar(name, database)}")
    if value is not None:
        raise NewsmillError(f"filter :{name} was saved as it is and takes no value")
    _require_collection(name, row["collection"], collection)
    return row["filter"], f":{name}"


def _value(recipe: Recipe, value: str | None) -> str | None:
    """The value given to a recipe; a number has a usual one, a name has none.

    Raises:
        NewsmillError: a name was not given, or is that of no language.
    """
    if value is None and any(isinstance(own, str) for own in recipe.values.values()):
        example = ",".join(str(own) for own in recipe.values.values())
        raise NewsmillError(
            f"filter :{recipe.name} needs a value: :{recipe.name}{recipe.takes()}, such as :{recipe.name}={example}"
        )
    if value is not None and list(recipe.values) == ["language"] and value not in CODES:
        try:
            return language_code(value)
        except argparse.ArgumentTypeError as error:
            raise NewsmillError(f"filter :{recipe.name}: {error}") from None
    return value


def _similar(name: str, database: Store | None) -> str:
    names = list(recipes())
    if database is not None:
        names += database.filters.distinct("name")
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f": did you mean :{near[0]}?" if near else ": synth query --cookbook and --saved list them"


def _require_collection(name: str, own: str, collection: str) -> None:
    if own != collection:
        raise NewsmillError(
            f"filter :{name} is one of {own}, not of {collection}: add --collection {own} to synth query"
        )


def page() -> str:
    """docs/cookbook.md."""
    lines = [
        "# Cookbook of filters",
        "",
        "Made from `synth/filters/cookbook.yaml` (`python -m synth.filters.cookbook > docs/cookbook.md`);",
        "every filter is run by a test on samples of which it must find some and leave others.",
        "",
        "`synth query :NAME` runs one, `:NAME=VALUE` with a value of your own, `:ONE :TWO {...}` several that must",
        "all hold; `--filter` of `synth export` and of the stages takes the same. `synth query FILTER --save NAME`",
        "adds your own. *Index*: what finds the matches even where they are rare; without one MongoDB reads the",
        "samples newest first until a page is full. `--count` says how many match; what takes more than a second",
        "is said, and `--count --about` estimates it from 4,000 samples drawn at random, with bounds.",
    ]
    for recipe in recipes().values():
        lines += ["", f"## {recipe.question}", "", "```sh", _command(recipe), "```", "", "```json"]
        lines += [json.dumps(_filled(recipe.filter, recipe.values), ensure_ascii=False), "```"]
        notes = [recipe.note] if recipe.note else []
        notes += [f"Index: `{recipe.index}`."] if recipe.index else []
        lines += ["", " ".join(notes)] if notes else []
    return "\n".join(lines) + "\n"


def _command(recipe: Recipe) -> str:
    where = "" if recipe.collection == "samples" else f"--collection {recipe.collection} "
    argument = ",".join(str(value) for value in recipe.values.values())
    return f"synth query {where}:{recipe.name}" + (f"={argument}" if argument else "")


if __name__ == "__main__":
    print(page(), end="")
