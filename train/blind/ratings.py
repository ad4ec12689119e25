"""Filled sheets of `train blind` as rows, however a spreadsheet saved them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from train.blind.sheets import SCALES
from train.data.export_files import read_rows
from train.errors import TrainError

#: Columns that raters fill in: of texts, and of pairs.
TEXT_MARKS = (*SCALES, "guess", "confidence")
PAIR_MARKS = ("choice",)
_BESIDE = ("seconds", "remark")
_SHEETS = (".csv", ".tsv", ".jsonl")
#: What Excel writes as "CSV" where it is not told UTF-8; every byte stands for something.
_LEGACY = "cp1252"
#: Longest cell: a text is longer than the csv module's 128 KiB only in a broken file, but the file says so better.
_LONGEST = 2**24
_OTHER = {
    ".html": "the page that shows the texts: give the file that it saves",
    ".htm": "the page that shows the texts: give the file that it saves",
    ".xlsx": "a spreadsheet's own format: save it as CSV", ".xls": "a spreadsheet's own format: save it as CSV",
    ".ods": "a spreadsheet's own format: save it as CSV", ".numbers": "a spreadsheet's own format: export it as CSV",
}  # fmt: skip


def is_marked(sheet: Path) -> bool:
    """Whether a sheet, CSV or JSON lines, holds anything by a rater; a page or an absent file holds nothing."""
    if not sheet.exists() or sheet.suffix.lower() not in _SHEETS:
        return False
    return any(row.get(name, "").strip() for row in rows_of(sheet) for name in (*TEXT_MARKS, *PAIR_MARKS, *_BESIDE))


def sheets_in(paths: Sequence[Path]) -> list[Path]:
    """The files themselves; of a folder its sheets, each file once.

    Raises:
        TrainError: a folder holds no sheet.
    """
    sheets: list[Path] = []
    for path in paths:
        files = [path]
        if path.is_dir():
            files = sorted(file for file in path.iterdir() if file.suffix.lower() in _SHEETS)
            if not files:
                raise TrainError(f"{path} holds no sheet (.csv or .jsonl)")
        sheets += files
    return list({sheet.resolve(): sheet for sheet in sheets}.values())


def rows_of(sheet: Path) -> Iterator[dict[str, str]]:
    """Rows of a sheet: column -> what it holds. A spreadsheet may have saved it with semicolons or tabs, as UTF-16, or
    in the older encoding of Windows.

    Raises:
        TrainError: it cannot be read or is no sheet.
    """
    if sheet.suffix == ".jsonl":
        yield from _lines(sheet)
        return
    text = _text(sheet)
    if not text.strip():
        raise TrainError(f"{sheet} is empty")
    separator = max(",;\t", key=text.partition("\n")[0].count)
    limit = csv.field_size_limit(_LONGEST)
    try:
        # Not splitlines: U+2028 and its kin end no row.
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
        _check_header(sheet, reader.fieldnames or ())
        for row in reader:
            yield {_name(key): value or "" for key, value in row.items() if isinstance(value, str) or value is None}
    except csv.Error as error:
        raise TrainError(f"{sheet} is no sheet of `train blind`: {error}") from error
    finally:
        csv.field_size_limit(limit)


def _name(column: str | None) -> str:
    return (column or "").strip().lower()


def _check_header(sheet: Path, columns: Sequence[str]) -> None:
    if "item" not in map(_name, columns):
        raise TrainError(f"{sheet} is no sheet of `train blind`: it has no column `item`")


def _lines(sheet: Path) -> Iterator[dict[str, str]]:
    """Of JSON lines."""
    for row in read_rows(sheet):
        if "item" not in row:
            raise TrainError(f"{sheet} is no sheet of `train blind`: it has no `item`")
        yield {_name(key): "" if value is None else str(value) for key, value in row.items()}


def _text(sheet: Path) -> str:
    """The text of a CSV file, without its mark of byte order and Excel's line `sep=;`."""
    if sheet.suffix.lower() in _OTHER:
        raise TrainError(f"{sheet} is {_OTHER[sheet.suffix.lower()]}")
    try:
        data = sheet.read_bytes()
    except OSError as error:
        raise TrainError(f"cannot read {sheet}: {error.strerror}") from error
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise TrainError(f"{sheet} is {_OTHER['.xlsx']}")
    text = re.sub("\r\n?", "\n", _decoded(data)).removeprefix("\ufeff")
    return re.sub(r'\A"?sep=.?"?\n', "", text)


def _decoded(data: bytes) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    # Without a mark: every second byte of Latin letters is 0.
    unmarked = not wide and b"\0" in data[:200]
    encoding = "utf-16" if wide else "utf-16-le" if unmarked else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        # The marks and the names of the texts are ASCII: no other letter of the sheet is read.
        return data.decode(_LEGACY, "replace")
