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


#: Why a sample makes no pair of a preferred and another answer (`synth.export.preferences`): nobody edited it or
#: rejected another answer of its request, the answer before an edit was not kept, the request was edited too, or only
#: white space.
NO_PAIR = ("not_edited", "original_unknown", "question_changed", "white_space_edit")
#: What a sample may have that not every format has a place for: earlier turns, calls of tools, an answer that its set
#: gives the weight 0; or lack that a format needs. They are the reasons under which it is left out.
LACKS = (*NO_PAIR, "several_turns", "tool_calls", "not_to_be_learnt")
#: Of a format whose rows are one request and one answer.
ONE_TURN = frozenset(("several_turns", "tool_calls", "not_to_be_learnt"))


@dataclass(frozen=True)
class Layout:
    """Where a format's files go, and how many rows they will hold.

    Attributes:
        folder: the export's.
        sizes: rows of each split.
        shard_rows: rows of one file at most, where a format has several.
        weighted: whether messages have weights: Parquet's columns are fixed before the first row.
    """

    folder: Path
    sizes: Mapping[str, int]
    shard_rows: int = SHARD_ROWS
    weighted: bool = False


@dataclass(frozen=True)
class Format:
    """One format of an export.

    Attributes:
        name: as `--format` takes it.
        create: opens its files.
        patterns: every file that it may write, relative to the export's folder; what an older export left is removed.
        position: its place among the formats.
        lacks: names of LACKS: what a row has no place for; samples that have it are left out.
        parquet: whether pyarrow writes it.
        card: whether a dataset card stands beside it.
        articles: whether its rows are articles, and not samples.
    """

    name: str
    create: Callable[[Layout], Output]
    patterns: tuple[str, ...]
    position: int = 500
    lacks: frozenset[str] = frozenset()
    parquet: bool = False
    card: bool = False
    articles: bool = False


def row_formats(
    name: str, row_of: RowOf, types: Mapping[str, Any], position: int, lacks: frozenset[str] = frozenset(),
    columns_lack: frozenset[str] = frozenset(),
) -> tuple[Format, Format]:  # fmt: skip
    """The formats NAME (JSON lines) and NAME-parquet, whose rows are the same.

    columns_lack: what the columns of Parquet have no place for, besides.
    """
    lines, parquet = f"{name}.jsonl", f"{name}.parquet"
    return (
        Format(name, lambda layout: JsonFile(layout.folder, lines, row_of), (lines,), position, lacks),
        Format(
            f"{name}-parquet",
            lambda layout: ParquetFile(layout.folder, parquet, row_of, columns(types, layout)), (parquet,),
            position + 100, lacks | columns_lack, parquet=True,
        ),
    )  # fmt: skip


def columns(types: Any, layout: Layout) -> Any:
    """The columns of a Parquet file: those of its format, without the weights of messages where none has one."""
    if isinstance(types, list):
        return [columns(each, layout) for each in types]
    if not isinstance(types, Mapping):
        return types
    return {name: columns(each, layout) for name, each in types.items() if layout.weighted or name != "weight"}


@functools.cache
def formats() -> Mapping[str, Format]:
    """Name -> format, in their order."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    rows = [row for module in modules for row in module.FORMATS]
    return {row.name: row for row in sorted(rows, key=lambda row: (row.position, row.name))}


def lacking(names: Sequence[str], need: str) -> list[str]:
    """Those of the formats that have no place for one of LACKS."""
    return [name for name in names if need in formats()[name].lacks]


def of_pairs(names: Sequence[str]) -> list[str]:
    """Those of the formats whose rows are preferences."""
    return lacking(names, NO_PAIR[0])


def reads_articles(names: Sequence[str]) -> bool:
    """Whether one of the formats has articles as rows."""
    return any(formats()[name].articles for name in names)


def needs_parquet(names: Sequence[str]) -> list[str]:
    """Those of the formats that are written with pyarrow."""
    return [name for name in names if formats()[name].parquet]


def check_formats(names: Sequence[str]) -> None:
    """See that the formats can be written here, before anything is.

    Raises:
        NewsmillError: a format needs a library that is not installed, or one is of articles and one of samples.
    """
    texts = [name for name in names if formats()[name].articles]
    if texts and len(texts) < len(names):
        others = ", ".join(name for name in names if name not in texts)
        raise NewsmillError(
            f"--format {texts[0]} is of articles, {others} of samples: export each to a folder of its own"
        )
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
