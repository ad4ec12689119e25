"""The key of blind sheets: which item is whose text, and on which side each rater saw the text of a pair."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from train.blind.sheets import REFERENCE
from train.data.export_files import read_text
from train.errors import TrainError

Kind = Literal["texts", "pairs"]
#: The newest form of a key that is read.
VERSION = 2


@dataclass(frozen=True)
class Item:
    """A text, or two: the prompt that they answer, their authors, and their words (None where the key lacks them)."""

    prompt: str
    authors: tuple[str, ...]
    words: tuple[int, ...] | None


@dataclass(frozen=True)
class Key:
    """What `key.json` says. human: the authors that are people. sides: rater's number -> item -> "xy" or "yx"."""

    path: Path
    kind: Kind
    authors: tuple[str, ...]
    human: frozenset[str]
    items: Mapping[str, Item]
    sides: Mapping[str, Mapping[str, str]]

    def number_of(self, *labels: str) -> str | None:
        """The rater's number in `sides`, of the first label that names one: "2", "rater-2", "Rater 2 (1)"."""
        for label in labels:
            numbers = [str(int(digits)) for digits in re.findall(r"\d+", label)]
            match = next((name for name in (label, *numbers) if name in self.sides), None)
            if match is not None:
                return match
        return None


def read_key(path: Path) -> Key:
    """The key in a file; keys from before version 2 have texts only.

    Raises:
        TrainError: it is no key, or one of a later Newsmill.
    """
    try:
        content = json.loads(read_text(path))
        version = int(content.get("version", 1))
        if version <= VERSION:
            return _key(path, content)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise TrainError(f"{path} is no key of `train blind`") from error
    raise TrainError(f"{path} is of version {version}; this Newsmill reads keys up to version {VERSION}")


def _key(path: Path, content: Mapping[str, Any]) -> Key:
    kind = content.get("kind", "texts")
    if kind not in ("texts", "pairs") or not content["items"]:
        raise ValueError(kind)
    authors = tuple(str(name) for name in content["authors"])
    items = {str(name): (_pair if kind == "pairs" else _text)(item) for name, item in content["items"].items()}
    human = frozenset(map(str, content.get("human", [REFERENCE]))) & set(authors)
    sides = {str(rater): dict(sides) for rater, sides in (content.get("sides") or {}).items()}
    unlisted = {author for item in items.values() for author in item.authors} - set(authors)
    if unlisted:
        raise ValueError(unlisted)
    return Key(path, kind, authors, human, items, sides)


def _text(item: Mapping[str, Any]) -> Item:
    words = item.get("words")
    return Item(str(item["id"]), (str(item["author"]),), None if words is None else (int(words),))


def _pair(item: Mapping[str, Any]) -> Item:
    first, second = item["authors"]
    words = item.get("words")
    return Item(str(item["id"]), (str(first), str(second)), None if words is None else (int(words[0]), int(words[1])))
