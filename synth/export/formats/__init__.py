"""Formats of an export, one file each: what a row looks like, and the files that hold the rows.

A module of this folder has `FORMATS`, a tuple of `Format`; it is found by listing the folder. pyarrow is imported when
a file is opened, by those formats that need it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.items import NewsmillError
from synth.export.files import JsonFile, Output, ParquetFile, RowOf

#: Rows of a shard of the dataset folder: some 200 MB of news samples, which a hub and a laptop take in one piece.
SHARD_ROWS = 50_000
#: What the recipes of `train` read is among them: the dataset folder, which states each row's language.
DEFAULT = ("alpaca", "litgpt", "huggingface")


@dataclass(frozen=True)
class Layout:
    """Where a format's files go, and how many rows they will hold.

    Attributes:
        folder: the export's.
        sizes: rows of each split.
        shard_rows: rows of one file at most, where a format has several.
    """

    folder: Path
    sizes: Mapping[str, int]
    shard_rows: int = SHARD_ROWS


@dataclass(frozen=True)
class Format:
    """One format of an export.

    Attributes:
        name: as `--format` takes it.
        create: opens its files.
        patterns: every file that it may write, relative to the export's folder; what an older export left is removed.
        position: its place among the formats.
        one_turn: whether a row holds one request and one answer: samples of several turns are left out.
        parquet: whether pyarrow writes it.
        card: whether a dataset card stands beside it.
    """

    name: str
    create: Callable[[Layout], Output]
    patterns: tuple[str, ...]
    position: int = 500
    one_turn: bool = False
    parquet: bool = False
    card: bool = False


def row_formats(
    name: str, row_of: RowOf, types: Mapping[str, Any], position: int, *, one_turn: bool = False
) -> tuple[Format, Format]:
    """The formats NAME (JSON lines) and NAME-parquet, whose rows are the same."""
    lines, parquet = f"{name}.jsonl", f"{name}.parquet"
    return (
        Format(name, lambda layout: JsonFile(layout.folder, lines, row_of), (lines,), position, one_turn),
        Format(
            f"{name}-parquet", lambda layout: ParquetFile(layout.folder, parquet, row_of, types), (parquet,),
            position + 100, one_turn, parquet=True,
        ),
    )  # fmt: skip


@functools.cache
def formats() -> Mapping[str, Format]:
    """Name -> format, in their order."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    rows = [row for module in modules for row in module.FORMATS]
    return {row.name: row for row in sorted(rows, key=lambda row: (row.position, row.name))}


def one_turn(names: Sequence[str]) -> list[str]:
    """Those of the formats that have no place for earlier turns."""
    return [name for name in names if formats()[name].one_turn]


def needs_parquet(names: Sequence[str]) -> list[str]:
    """Those of the formats that are written with pyarrow."""
    return [name for name in names if formats()[name].parquet]


def check_formats(names: Sequence[str]) -> None:
    """See that the formats can be written here, before anything is.

    Raises:
        NewsmillError: a format needs a library that is not installed.
    """
    parquet = needs_parquet(names)
    if parquet and (missing := _missing()):
        raise NewsmillError(f"--format {parquet[0]} needs pip install 'newsmill[export]' ({missing})")


def default_formats() -> tuple[str, ...]:
    """What is written where no format is named: DEFAULT, as far as it can be written here."""
    return tuple(name for name in DEFAULT if not (needs_parquet([name]) and _missing()))


def _missing() -> str:
    """Why no Parquet file can be written here; "" where one can."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        return str(error)
    return ""
