"""Sheets of a blind evaluation in a folder, as `train blind` wrote them: whose each is, marks saved at once.

The folder has a file `rater-N.jsonl` a rater. A marked sheet is the same file with its marks in it, which is what
`train blind --read` takes; `raters.json` says whose it is. Who wrote what stands in `key.json`, which is never opened.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError

OWNERS = "raters.json"
_LOCK = ".raters.lock"
_SHEET = re.compile(r"rater-([1-9]\d{0,5})\.jsonl")
_SCALE = ("1", "2", "3", "4", "5")
#: Field of a sheet that a rater fills in -> the values that it may have.
VALUES = {
    "style": _SCALE, "content": _SCALE, "guess": ("human", "machine"), "confidence": _SCALE,
    "choice": ("a", "b", "tie"),
}  # fmt: skip
#: Characters of a remark that are kept.
LONGEST_REMARK = 2000


@dataclass(frozen=True)
class Sheet:
    """A rater's sheet. rows: as in the file, in the rater's order."""

    number: int
    rows: tuple[dict[str, Any], ...]

    @property
    def is_pairs(self) -> bool:
        """Whether a row shows two texts."""
        return "text_a" in self.rows[0]

    @property
    def fields(self) -> tuple[str, ...]:
        """What is asked of each row: a guess only where the sheet has a place for it, `""` meaning that it has none."""
        return tuple(name for name in VALUES if name in self.rows[0] and self.rows[0][name] != "")

    def place_of(self, item: str) -> int | None:
        """Where a row stands in the sheet, from 0; None where it has no such row."""
        return next((place for place, row in enumerate(self.rows) if row["item"] == item), None)

    def is_complete(self, row: Mapping[str, Any]) -> bool:
        """Whether all that is asked of a row was answered."""
        return all(_text(row.get(name)) for name in self.fields)

    def first_open(self) -> str | None:
        """The first row that is not complete."""
        return next((row["item"] for row in self.rows if not self.is_complete(row)), None)

    def complete(self) -> int:
        """How many rows are complete."""
        return sum(self.is_complete(row) for row in self.rows)


def sheet_numbers(folder: Path) -> list[int]:
    """The numbers of the sheets of a folder.

    Raises:
        NewsmillError: there is none.
    """
    numbers = sorted(int(match[1]) for path in folder.iterdir() if (match := _SHEET.fullmatch(path.name)))
    if not numbers:
        raise NewsmillError(f"{folder} holds no sheets: train blind --texts … --out {folder} writes rater-1.jsonl …")
    return numbers


def sheet_of(folder: Path, rater: str) -> Sheet | None:
    """The rater's sheet; None for who has taken none yet.

    Raises:
        NewsmillError: the folder or the sheet cannot be read.
    """
    with _locked(folder):
        number = _owners(folder).get(rater)
        return None if number is None else _read(folder, number)


def take_sheet(folder: Path, rater: str) -> bool:
    """Make the first sheet that is free the rater's for good, unless there is one already; whether the rater has one.

    Free is a sheet that is nobody's and holds no marks, neither in its JSON lines nor in the CSV file beside it.

    Raises:
        NewsmillError: the folder cannot be read or written.
    """
    with _locked(folder):
        owners = _owners(folder)
        if rater not in owners:
            owned = set(owners.values())
            free = next((n for n in sheet_numbers(folder) if n not in owned and not _is_marked(folder, n)), None)
            if free is None:
                return False
            _write(folder / OWNERS, json.dumps({**owners, rater: free}, ensure_ascii=False, indent=1) + "\n")
        return True


def save_marks(folder: Path, rater: str, item: str, marks: Mapping[str, str], seconds: int | None = None) -> Sheet:
    """Write a rater's marks of one row into the sheet, and nothing else of it; the sheet as it is then.

    marks: names of VALUES or `remark`; an empty mark takes an earlier one away. seconds: spent on the row in all.

    Raises:
        NewsmillError: the sheet is another's, has no such row, a mark is none, or it cannot be written.
    """
    with _locked(folder):
        number = _owners(folder).get(rater)
        if number is None:
            raise NewsmillError(f"no sheet of {folder} is {rater}'s")
        sheet = _read(folder, number)
        place = sheet.place_of(item)
        if place is None:
            raise NewsmillError(f"rater-{number}.jsonl has no row {item[:40]}")
        rows = [dict(row) for row in sheet.rows]
        rows[place] |= _checked(sheet, marks)
        if seconds is not None:
            rows[place]["seconds"] = seconds
        if rows[place] != sheet.rows[place]:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            _write(folder / f"rater-{number}.jsonl", "".join(lines))
        return Sheet(number, tuple(rows))


def _checked(sheet: Sheet, marks: Mapping[str, str]) -> dict[str, Any]:
    """The marks as the sheet has them: numbers of the scales, names, null for none."""
    typed: dict[str, Any] = {}
    for name, text in marks.items():
        if name == "remark":
            typed[name] = text.strip()[:LONGEST_REMARK]
        elif name in sheet.fields:
            if text and text not in VALUES[name]:
                raise NewsmillError(f"{name} is one of {', '.join(VALUES[name])}, not {text[:40]!r}")
            typed[name] = int(text) if text.isdecimal() else text or None
    return typed


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


# ---- files


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process and thread at a time; what cannot be read or written is one line."""
    try:
        with (folder / _LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise NewsmillError(f"cannot keep the sheets of {folder}: {error.strerror or error}") from error


def _owners(folder: Path) -> dict[str, int]:
    path = folder / OWNERS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(isinstance(number, int) for number in content.values()):
        raise NewsmillError(f"{path} does not say whose the sheets are: mend it, or move it and the marked sheets away")
    return dict(content)


def _read(folder: Path, number: int) -> Sheet:
    path = folder / f"rater-{number}.jsonl"
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
        names = [row["item"] for row in rows]
        if not rows or not all("text" in row or {"text_a", "text_b"} <= row.keys() for row in rows):
            raise ValueError
        if len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NewsmillError(f"{path} is no sheet of `train blind`") from error
    return Sheet(number, tuple(rows))


def _is_marked(folder: Path, number: int) -> bool:
    """Whether somebody has marked the sheet, here or in a spreadsheet."""
    names = (*VALUES, "seconds", "remark")
    rows: list[Mapping[str, Any]] = list(_read(folder, number).rows)
    table = folder / f"rater-{number}.csv"
    if table.exists():
        text = table.read_text(encoding="utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)
        rows += csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    return any(_text(row.get(name)) for row in rows for name in names)


def _write(path: Path, text: str) -> None:
    """The whole file or, whenever it is interrupted, the one before."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
