"""Languages of blind sheets, one file each: the sheet's own words, and what in a text gives its author away."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FALLBACK = "en"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Tells:
    """Patterns of one language for what tells a newspaper's text or a model's from another.

    Attributes:
        introduction: words of a model before the text ("Ecco l'articolo:"), at its beginning.
        opener: the beginning of a line in which a model presents its text.
        closing: a model's last words to the reader, on lines of their own.
        offer: the same, or who is quoted, in the last sentence.
        noun: what a model calls its text; a first paragraph that has one and ends with a colon announces the text.
        label: "Titolo:" and the like at the beginning of a line.
        furniture: whole lines that a newspaper's page adds.
        inline: marks inside a text: signatures, credits of pictures, invitations to read more.
        credit: the end of a picture's caption that runs into the text.
        abbreviations: words, in small letters, whose full stop ends no sentence.
        spellings: typewriter spellings ("perche'") -> the printed ones.
    """

    introduction: re.Pattern[str]
    opener: re.Pattern[str]
    closing: re.Pattern[str]
    offer: re.Pattern[str]
    noun: re.Pattern[str]
    label: re.Pattern[str]
    furniture: re.Pattern[str]
    inline: re.Pattern[str]
    credit: re.Pattern[str]
    abbreviations: frozenset[str]
    spellings: Mapping[str, str]


@functools.cache
def codes() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that sheets can be in."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@functools.cache
def words(code: str) -> Mapping[str, str]:
    """The words of a sheet's page in a language of `codes`; English where there is none."""
    table = _table(code if code in codes() else FALLBACK)
    return {str(name): str(text).strip() for name, text in table["words"].items()}


@functools.cache
def tells(code: str) -> Tells:
    """The patterns of a language of `codes`."""
    table = _table(code)["tells"]
    patterns = {
        name: re.compile(table.get(name, "(?!)"), re.VERBOSE | re.MULTILINE)
        for name in ("introduction", "opener", "closing", "offer", "noun", "label", "furniture", "inline", "credit")
    }
    return Tells(
        **patterns, abbreviations=frozenset(str(table["abbreviations"]).split()), spellings=table.get("spellings") or {}
    )


@functools.cache
def months() -> Mapping[str, int]:
    """Names of months in small letters, in every language of `codes` -> 1 to 12."""
    return {name: number for code in codes() for number, name in enumerate(_table(code)["months"].split(), 1)}


@functools.cache
def agencies() -> re.Pattern[str]:
    """Agencies and newspapers that are named in brackets or as a source, of every language."""
    names = {name for code in codes() for name in _table(code)["tells"]["agencies"]}
    return re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))


@functools.cache
def _table(code: str) -> dict[str, Any]:
    import yaml

    table: dict[str, Any] = yaml.safe_load((_FOLDER / f"{code}.yaml").read_text(encoding="utf-8"))
    return table
