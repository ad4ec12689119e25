"""Rows of tables: CSV and TSV however they are separated, Parquet, MongoDB's dumps, Hugging Face data sets."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TextIO

from crawler.items import NewsmillError
from synth.importing.rows import MAX_ROW, Row, bad_row, undecoded
from synth.importing.unpack import FileError
from synth.outages import hub_messages, reason_of_hub

_SEPARATORS = ",;\t|"
#: What programs write into a cell that holds nothing.
_EMPTY = frozenset({"", "NULL", "null", "None", "NaN", "nan", r"\N", "NA", "N/A", "<NA>"})
#: Excel's own first line.
_EXCEL = re.compile(r"sep=(.)\s*$")
#: Rows of a Parquet file in memory at once: articles of 5 kB, some of 5 MB.
_BATCH = 64
_HUB = re.compile(r"(?:hf:)?([\w.-]+/[\w.-]+)(?::([\w.-]+))?")


# ---- CSV


def separator_of(head: str) -> str:
    """The separator of a table, by its first line: the sign that stands in it most often outside quotes, if any."""
    line = next((line for line in head.splitlines() if line.strip()), "")
    if match := _EXCEL.match(line):
        return match[1]
    outside = re.sub(r'"[^"]*"', "", line)
    best = max(_SEPARATORS, key=outside.count)
    return best if best in outside else ""


def csv_rows(text: TextIO, separator: str) -> Iterator[Row]:
    """The rows of a table whose first line names its columns; a row's place is the line where it begins.

    Cells that hold nothing are None. A row with more cells than columns is refused: what stands in which is unknown.
    """
    # The module's own bound is 131,072 characters, less than a long article.
    csv.field_size_limit(MAX_ROW)
    reader = csv.reader(text, delimiter=separator or ",")
    columns: list[str] = []
    while True:
        place = str(reader.line_num + 1)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield bad_row(place, "no_csv", str(error))
            continue
        if not any(cell.strip() for cell in cells) or _EXCEL.match(separator.join(cells)):
            continue
        if not columns:
            columns = [cell.strip().removeprefix("\ufeff") for cell in cells]
            continue
        yield _csv_row(place, columns, cells)


def _csv_row(place: str, columns: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        return bad_row(place, "wrong_cells", f"{len(cells)} cells under {len(columns)} columns: is a quote missing?")
    for name, cell in zip(columns, cells, strict=False):
        if (position := undecoded(cell)) is not None:
            return bad_row(place, "not_utf8", f"byte {position + 1} of {name}; --encoding names another encoding")
    return Row(place, {name: _cell(cell) for name, cell in zip(columns, cells, strict=False) if name})


def _cell(text: str) -> str | None:
    return None if text.strip() in _EMPTY else text


# ---- Parquet, BSON


def parquet_rows(stream: IO[bytes]) -> Iterator[Row]:
    """The rows of a Parquet file, some at a time.

    Raises:
        FileError: it is damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with _seekable(stream) as file:
            for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH):
                for fields in batch.to_pylist():
                    number += 1
                    yield Row(f"row {number}", fields)
    except (pa.ArrowException, OSError) as error:
        raise FileError("damaged_file", f"{' '.join(str(error).split())[:200]}, after row {number}") from error


def _seekable(stream: IO[bytes]) -> IO[bytes]:
    """The stream in a file of its own: Parquet is read from its end."""
    import shutil

    file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    shutil.copyfileobj(stream, file)
    file.seek(0)
    return file


def bson_rows(stream: IO[bytes]) -> Iterator[Row]:
    """The documents of a mongodump file.

    Raises:
        FileError: it is damaged.
    """
    from bson import decode_file_iter
    from bson.codec_options import CodecOptions, DatetimeConversion
    from bson.errors import BSONError

    # Instants that Python has not come as numbers, to be refused with their row.
    options: CodecOptions[dict[str, Any]] = CodecOptions(
        tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_AUTO
    )
    number = 0
    try:
        for fields in decode_file_iter(stream, options):
            number += 1
            yield Row(f"document {number}", fields)
    except BSONError as error:
        raise FileError("damaged_file", f"{error}, after document {number}") from error


# ---- Hugging Face data sets


def is_saved_dataset(folder: Path) -> bool:
    """Whether `datasets` saved the folder with save_to_disk."""
    return (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()


def is_hub_name(path: str) -> bool:
    """Whether it is the name of a data set on a hub, ORG/NAME, and no file."""
    return bool(_HUB.fullmatch(path)) and (
        path.startswith("hf:") or (not Path(path).exists() and not Path(path).suffix)
    )


def dataset_rows(path: str) -> Iterator[Row]:
    """The rows of every split of a Hugging Face data set: a folder of save_to_disk, or a name, ORG/NAME[:CONFIG].

    Raises:
        NewsmillError: there is none, or it cannot be read.
    """
    for split, rows in _splits(path).items():
        iterator = iter(rows)
        number = 0
        while True:
            try:
                fields = next(iterator)
            except StopIteration:
                break
            except Exception as error:
                raise FileError("damaged_file", f"{split} after row {number}: {_one_line(error)}") from error
            number += 1
            yield Row(f"{split} row {number}" if split else f"row {number}", fields)


def _splits(path: str) -> Mapping[str, Any]:
    import datasets

    messages: list[str] = []
    try:
        if Path(path).is_dir():
            splits = datasets.load_from_disk(path)
        else:
            match = _HUB.fullmatch(path)
            assert match is not None
            with hub_messages() as messages:
                splits = datasets.load_dataset(match[1], match[2], streaming=True)
    except Exception as error:
        raise NewsmillError(f"cannot read the data set {path}: {reason_of_hub(error, messages)}") from error
    return splits if isinstance(splits, dict) else {"": splits}


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
