"""The interface's texts in each of its languages, and how each writes its numbers and days.

A file `words/NAME.yaml` has {key: {en: …, it: …, vi: …}}; the key is asked for as `NAME.key`. A text may have holes,
`{rater}`; where its form depends on a number it is {one: …, other: …}, chosen by the value of `{count}`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import date, datetime
from importlib import resources
from typing import Any

#: Code -> name in the language itself, in the order in which the page offers them.
LANGUAGES = {"en": "English", "it": "Italiano", "vi": "Tiếng Việt"}
_MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre".split(),
}


@functools.cache
def words() -> Mapping[str, Mapping[str, Any]]:
    """`NAME.key` -> {language: text, or {one: text, other: text}}, of all files in `words/`."""
    import yaml

    table: dict[str, Mapping[str, Any]] = {}
    for file in resources.files("synth.review").joinpath("words").iterdir():
        if file.name.endswith(".yaml"):
            rows = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            table |= {f"{file.name.removesuffix('.yaml')}.{key}": texts for key, texts in rows.items()}
    return table


def translate(language: str, key: str, **values: Any) -> str:
    """The text of a key, with the values in its holes; plain text, which the template escapes.

    Raises:
        KeyError: there is no such key, or a hole has no value.
    """
    text = words()[key][language]
    if isinstance(text, Mapping):
        text = text["one"] if values.get("count") == 1 and "one" in text else text["other"]
    shown = {name: number(value, language) if _is_number(value) else str(value) for name, value in values.items()}
    return str(text).format_map(shown)


def choose_language(cookie: str | None, option: str, accepted: str) -> str:
    """The language of a page: the reader's own choice, else the server's, else the browser's, else English.

    accepted: the header Accept-Language.
    """
    wishes = [cookie or "", option, *_by_preference(accepted)]
    return next((wish for wish in wishes if wish in LANGUAGES), "en")


def _by_preference(header: str) -> list[str]:
    """`it-IT,it;q=0.9,en;q=0.8` -> [it, it, en]; what is refused with q=0, or no such thing, is left out."""
    weights: list[tuple[float, str]] = []
    for part in header[:1000].split(","):
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[\w-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*", part)
        if match and (weight := float(match[2] or 1)) > 0:
            weights.append((-weight, match[1].lower()))
    return [code for _, code in sorted(weights, key=lambda row: row[0])]


# ---- numbers and days


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def number(value: float | None, language: str, digits: int | None = None) -> str:
    """1234.5 -> 1,234.5 in English, 1.234,5 in Italian and Vietnamese; a dash for what is not known.

    digits: after the point; None: those that a whole number needs, none, and two otherwise.
    """
    if value is None:
        return "–"
    digits = (0 if isinstance(value, int) else 2) if digits is None else digits
    # Adding 0.0 makes -0.0 of a rounded -0.001 plain 0.0.
    text = f"{value:,}" if digits == 0 and isinstance(value, int) else f"{round(value, digits) + 0.0:,.{digits}f}"
    return text if language == "en" else text.translate(str.maketrans(",.", ".,"))


def day(value: date | datetime | str | None, language: str) -> str:
    """A day as it is written in a text: 9 January 2024, 9 gennaio 2024, 9/1/2024; nothing where there is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return ""
    if value is None:
        return ""
    if language == "vi":
        return f"{value.day}/{value.month}/{value.year}"
    return f"{value.day} {_MONTHS[language][value.month - 1]} {value.year}"


def moment(value: datetime | None, language: str) -> str:
    """A day and the time of day in UTC."""
    return f"{day(value, language)}, {value:%H:%M} UTC" if value else ""
