"""What raters by_rater: the marks of all sheets with the key, checked, each rater's once."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import NamedTuple

from train.blind.key import Item, Key
from train.blind.ratings import PAIR_MARKS, TEXT_MARKS, is_marked, rows_of, sheets_in
from train.blind.sheets import HIGHEST, LOWEST
from train.errors import TrainError

#: Words for the answers, as a rater who fills in a spreadsheet may write them, in the languages of the sheets.
_CHOICES = {
    "a": "a text_a 1 primo", "b": "b text_b 2 secondo",
    "tie": "tie = 0 equal same draw both pari pareggio parità uguali hòa hoà ngang bằng",
}  # fmt: skip
_GUESSES = {
    "human": "human h person umano umana persona người nguoi",
    "machine": "machine m model ai ia macchina modello máy may",
}
#: Wrong rows that are listed; the others are counted.
_LISTED = 10
#: Items from which two raters with the same marks are one sheet given twice.
_TWINS = 10


class TextMark(NamedTuple):
    """One rater's marks of one text; None where there is none. guess: whether it is a machine's."""

    rater: str
    item: str
    prompt: str
    author: str
    style: int | None
    content: int | None
    guess: bool | None
    confidence: int | None


class Preference(NamedTuple):
    """One rater's choice between two texts. outcome: 0 the first, 1 tie, 2 the second. side: 1 where the first was
    shown as text_a, else -1. words: of both texts.
    """

    rater: str
    item: str
    prompt: str
    authors: tuple[str, str]
    outcome: int
    side: int
    words: tuple[int, ...] | None


@dataclass
class Sheet:
    """How far a rater came. listed: items of the rater's sheets; partial: with some of the marks that others have."""

    rater: str
    files: list[str] = field(default_factory=list)
    listed: int = 0
    marked: int = 0
    partial: int = 0
    seconds: float | None = None


@dataclass
class Ratings:
    """All sheets together. notes: what a reader of the results must know of them."""

    key: Key
    texts: list[TextMark]
    preferences: list[Preference]
    sheets: list[Sheet]
    notes: list[str]


@dataclass(frozen=True)
class _Row:
    place: str
    file: str
    rater: str
    item: str
    values: dict[str, str]
    seconds: float | None
    words: int | None


def read_ratings(paths: Sequence[Path], key: Key) -> Ratings:
    """The marks in sheets of a key.

    Raises:
        TrainError: everything that is wrong in all sheets, with file and row; or they hold no marks.
    """
    errors: list[str] = []
    notes: list[str] = []
    files = sheets_in(paths)
    labels = _labels(files)
    rows = [row for file in files for row in _rows(file, labels[file], key, errors)]
    once = _once(rows, errors, notes)
    convert = _preference if key.kind == "pairs" else _text_mark
    marks = [mark for row in once if any(row.values.values()) for mark in convert(row, key, errors)]
    if errors:
        more = f"; and {len(errors) - _LISTED} more" if len(errors) > _LISTED else ""
        raise TrainError("; ".join(errors[:_LISTED]) + more)
    if not marks:
        raise TrainError(f"the sheets hold no marks yet{_elsewhere(files)}")
    sheets = _sheets(rows, once)
    notes += [*_strangers(rows, key), *_twins(marks)]
    texts = [mark for mark in marks if isinstance(mark, TextMark)]
    return Ratings(key, texts, [mark for mark in marks if isinstance(mark, Preference)], sheets, notes)


def _elsewhere(files: Sequence[Path]) -> str:
    """Where marks are that were not given: `synth review --blind` keeps them in JSON lines."""
    beside = [file.with_suffix(suffix) for file in files for suffix in (".csv", ".jsonl")]
    marked = [file for file in dict.fromkeys(beside) if file not in files and is_marked(file)]
    return f": {marked[0]} holds some; give the folder {marked[0].parent}" if marked else ""


def _labels(files: Sequence[Path]) -> dict[Path, str]:
    """File -> the rater of a sheet that names none: its name, with its folder where two are called alike."""
    stems = Counter((file.stem, file.suffix) for file in files)
    return {
        file: f"{file.parent.name}/{file.stem}" if stems[file.stem, file.suffix] > 1 else file.stem for file in files
    }


def _rows(file: Path, label: str, key: Key, errors: list[str]) -> list[_Row]:
    """The rows of a sheet whose item the key has; what is wrong goes to `errors`."""
    columns = PAIR_MARKS if key.kind == "pairs" else TEXT_MARKS
    try:
        lines = [(number, line) for number, line in enumerate(rows_of(file), 1) if any(line.values())]
    except TrainError as error:
        errors.append(str(error))
        return []
    if lines and not any(column in line for _, line in lines for column in columns):
        other = "pairs" if any("choice" in line for _, line in lines) else "texts"
        foreign = f"a sheet of {other}, and the key is of {key.kind}" if other != key.kind else "without marks"
        errors.append(f"{file.name} is {foreign}: it has no column {', '.join(columns)}")
        return []
    rows = [_row(file, label, number, line, columns) for number, line in lines]
    if rows and not any(row.item in key.items for row in rows):
        errors.append(f"{file.name}: none of its {len(rows)} items is in {key.path.name}: it belongs to another key")
        return []
    for row in rows:
        if row.item not in key.items and any(row.values.values()):
            errors.append(f"{row.place}: {row.item or 'no name'} is not in the key")
    return [row for row in rows if row.item in key.items]


def _row(file: Path, label: str, number: int, line: Mapping[str, str], columns: Sequence[str]) -> _Row:
    values = {column: line.get(column, "").strip() for column in columns}
    texts = [line[name] for name in ("text", "text_a", "text_b") if line.get(name)]
    words = len(" ".join(texts).split()) if texts else None
    rater = " ".join(line.get("rater", "").split()) or label
    rater = f"rater-{rater.removesuffix('.0')}" if rater.removesuffix(".0").isdecimal() else rater
    return _Row(
        f"{file.name} row {number}", file.name, rater, line["item"].strip(), values, _number(line.get("seconds", "")),
        words,
    )  # fmt: skip


def _number(text: str) -> float | None:
    """Seconds; None where there are none."""
    match = re.fullmatch(r"\s*(\d+)(?:[.,](\d*))?\s*", text)
    return float(f"{match[1]}.{match[2] or 0}") if match else None


def _once(rows: Sequence[_Row], errors: list[str], notes: list[str]) -> list[_Row]:
    """Each rater's marks of an item once: the same marks in two files are a copy, others are a mistake."""
    by_item: dict[tuple[str, str], _Row] = {}
    copies: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        first = by_item.get((row.rater, row.item))
        if first is None or not any(first.values.values()):
            by_item[row.rater, row.item] = row
        elif any(row.values.values()):
            if row.file != first.file and row.values == first.values:
                copies[row.rater, first.file, row.file] += 1
            else:
                errors.append(f"{row.place}: {row.item} twice by {row.rater} ({first.place})")
    notes += [f"{count} marks of {rater} stand in {file} and {copy}: counted once"
              for (rater, file, copy), count in copies.items()]  # fmt: skip
    return list(by_item.values())


def _text_mark(row: _Row, key: Key, errors: list[str]) -> Iterator[TextMark]:
    marks = {name: _scale(row, name, errors) for name in ("style", "content", "confidence")}
    guess = _answer(row, "guess", _GUESSES, errors)
    item = key.items[row.item]
    yield TextMark(
        row.rater, row.item, item.prompt, item.authors[0], marks["style"], marks["content"],
        None if guess is None else guess == "machine", marks["confidence"],
    )  # fmt: skip


def _scale(row: _Row, column: str, errors: list[str]) -> int | None:
    """A mark as people and spreadsheets write it: 4, 4.0, 4,0."""
    text = unicodedata.normalize("NFKC", row.values[column])
    match = re.fullmatch(r"(\d+)(?:[.,]0*)?", text)
    if match and LOWEST <= int(match[1]) <= HIGHEST:
        return int(match[1])
    if text:
        errors.append(f"{row.place}: {column} {row.values[column]!r} is none of {LOWEST} to {HIGHEST}")
    return None


def _answer(row: _Row, column: str, words: Mapping[str, str], errors: list[str]) -> str | None:
    text = unicodedata.normalize("NFKC", row.values[column]).strip(" .").lower()
    if not text:
        return None
    answer = next((answer for answer, forms in words.items() if text in forms.split()), None)
    if answer is None:
        errors.append(f"{row.place}: {column} {row.values[column]!r} is none of {', '.join(words)}")
    return answer


def _preference(row: _Row, key: Key, errors: list[str]) -> Iterator[Preference]:
    choice = _answer(row, "choice", _CHOICES, errors)
    if choice is None:
        return
    number = key.number_of(row.rater, Path(row.file).stem)
    side = key.sides[number].get(row.item) if number is not None else None
    if side not in ("xy", "yx"):
        rater = f"rater {row.rater} is not" if number is None else f"{row.item} of rater {number} is not"
        errors.append(f"{row.place}: {rater} in the `sides` of {key.path.name}")
        return
    item: Item = key.items[row.item]
    outcome = 1 if choice == "tie" else 0 if (choice == "a") == (side == "xy") else 2
    authors = (item.authors[0], item.authors[1])
    yield Preference(row.rater, row.item, item.prompt, authors, outcome, 1 if side == "xy" else -1, item.words)


def _sheets(rows: Sequence[_Row], once: Sequence[_Row]) -> list[Sheet]:
    """Rater -> how far he or she came; what nobody was asked is missed in nobody's sheet."""
    sheets = {row.rater: Sheet(row.rater) for row in rows}
    for row in rows:
        files = sheets[row.rater].files
        files += [row.file] if row.file not in files else []
    columns = {column for row in once for column, value in row.values.items() if value}
    for row in once:
        sheet, filled = sheets[row.rater], [bool(row.values[column]) for column in columns]
        sheet.listed += 1
        sheet.marked += any(filled)
        sheet.partial += any(filled) and not all(filled)
    for sheet in sheets.values():
        times = [row.seconds for row in once if row.rater == sheet.rater and row.seconds and any(row.values.values())]
        sheet.seconds = median(times) if times else None
    return list(sheets.values())


def _strangers(rows: Sequence[_Row], key: Key) -> Iterator[str]:
    """Sheets whose texts are not as long as the key says: those of another key, which names its items alike."""
    by_file: dict[str, list[bool]] = {}
    for row in rows:
        words = key.items[row.item].words
        if words and row.words:
            far = abs(row.words - sum(words)) > 3 + 0.2 * sum(words)
            by_file.setdefault(row.file, []).append(far)
    for file, lengths in by_file.items():
        if sum(lengths) > len(lengths) / 2:
            count = f"{sum(lengths)} of {len(lengths)}"
            yield f"{file}: {count} texts are not as long as the key says: is it another key's sheet?"


def _twins(marks: Sequence[TextMark | Preference]) -> Iterator[str]:
    """Raters whose marks are the same everywhere."""
    by_rater: dict[str, dict[str, object]] = {}
    part: Callable[[TextMark | Preference], object] = lambda mark: mark[4:6]  # noqa: E731
    for mark in marks:
        by_rater.setdefault(mark.rater, {})[mark.item] = part(mark)
    raters = sorted(by_rater)
    for number, first in enumerate(raters):
        for second in raters[number + 1 :]:
            if len(by_rater[first]) >= _TWINS and by_rater[first] == by_rater[second]:
                yield f"{first} and {second} mark all {len(by_rater[first])} items alike: a sheet given twice?"
