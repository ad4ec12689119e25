"""Files of an export: rows are written as they come, hashed on the way.

In memory is one row of JSON, one row group of each Parquet file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from synth.export.arrow_schema import Type, schema

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: A function from a sample to a row.
RowOf = Callable[[Mapping[str, Any]], dict[str, Any]]
#: Name of a file -> {sha256, bytes, rows}.
FileEntries = dict[str, dict[str, Any]]
#: A row group ends at whichever comes first.
_GROUP_ROWS, _GROUP_CHARACTERS = 1000, 16_000_000
#: Line ends that JSON allows inside a text: escaped, no reader can take a row for two.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class Sink:
    """A file that is hashed while it is written; pyarrow takes it for one of its own."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("wb")
        self.size = 0
        self.digest = hashlib.sha256()

    @property
    def closed(self) -> bool:
        return self.file.closed

    def write(self, data: bytes) -> int:
        self.file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self.file.flush()

    def close(self) -> None:
        """Written through to the disk: what is renamed into its place later is whole."""
        if not self.closed:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()

    def abandon(self) -> None:
        # After a failed write the buffer cannot be flushed either; that failure was reported already.
        with contextlib.suppress(OSError):
            self.file.close()

    def entry(self, rows: int) -> dict[str, Any]:
        return {"sha256": self.digest.hexdigest(), "bytes": self.size, "rows": rows}


class Output(Protocol):
    """Rows on their way to the files of a format."""

    def add(self, sample: Mapping[str, Any], split: str) -> None: ...

    def close(self) -> FileEntries:
        """Finish the files; their entries of the manifest."""

    def abandon(self) -> None:
        """Close after a failure: what was written so far counts for nothing."""


class JsonFile:
    """JSON rows: one a line, or, in a file called .json, one list with a row a line."""

    def __init__(self, folder: Path, name: str, row_of: RowOf) -> None:
        self.name, self.row_of = name, row_of
        self.sink = Sink(folder / name)
        self.as_list = name.endswith(".json")
        self.rows = 0

    def add(self, sample: Mapping[str, Any], split: str) -> None:  # noqa: ARG002  folders use it
        row = json.dumps(self.row_of(sample), ensure_ascii=False)
        for end, escaped in _LINE_ENDS.items():
            row = row.replace(end, escaped)
        before = ("[\n" if self.rows == 0 else ",\n") if self.as_list else ""
        self.sink.write((before + row + ("" if self.as_list else "\n")).encode())
        self.rows += 1

    def close(self) -> FileEntries:
        if self.as_list:
            self.sink.write(b"\n]\n" if self.rows else b"[]\n")
        self.sink.close()
        return {self.name: self.sink.entry(self.rows)}

    def abandon(self) -> None:
        self.sink.abandon()


class ParquetFile:
    """Rows in row groups of a thousand, fewer where texts are long."""

    def __init__(self, folder: Path, name: str, row_of: RowOf, types: Mapping[str, Type]) -> None:
        import pyarrow.parquet as pq

        self.name, self.row_of = name, row_of
        self.schema = schema(types)
        self.sink = Sink(folder / name)
        self.writer: pq.ParquetWriter = pq.ParquetWriter(self.sink, self.schema, compression="zstd")
        self.group: list[dict[str, Any]] = []
        self.characters = self.rows = 0

    def add(self, sample: Mapping[str, Any], split: str) -> None:  # noqa: ARG002  folders use it
        self.group.append(self.row_of(sample))
        self.characters += len(sample["question"]) + len(sample["answer"])
        self.rows += 1
        if len(self.group) >= _GROUP_ROWS or self.characters >= _GROUP_CHARACTERS:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa

        self.writer.write_table(pa.Table.from_pylist(self.group, schema=self.schema))
        self.group, self.characters = [], 0

    def close(self) -> FileEntries:
        if self.group:
            self._write()
        self.writer.close()
        self.sink.close()
        return {self.name: self.sink.entry(self.rows)}

    def abandon(self) -> None:
        # pyarrow would write the footer, and raises OSError or its own kind of it.
        with contextlib.suppress(Exception):
            self.writer.close()
        self.sink.abandon()
