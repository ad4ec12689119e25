"""Bytes of a file, unpacked as they are read: gzip, zstd, bzip2, xz, zip; what is made to burst is refused.

In memory is one buffer, however large the file is.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

from crawler.items import NewsmillError

#: First bytes of what cannot be read, and what to do about it.
_FOREIGN = {
    b"SQLite format 3": "an SQLite database: write the table as CSV first",
    b"%PDF": "a PDF: it holds pages, not rows",
    b"<": "XML or HTML: write its articles as JSON lines first",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV first",
}
_TAR = slice(257, 262)
_WORKBOOK = "xl/workbook.xml"
#: So much may come out of a file whatever it was packed to, and beyond that so many times its packed size: texts are
#: packed to a third or a tenth, rows that repeat each other to a fiftieth, a bomb to a thousandth.
FREE_BYTES, RATIO = 16 << 20, 200
HEAD = 1 << 16


#: (name, unpacked bytes) of the files in a file.
Members = Iterator[tuple[str, "io.BufferedReader[Any]"]]


class FileError(NewsmillError):
    """What ends the reading of a file: it is damaged, or a bomb. `reason`: the name it is counted under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


class Source(Protocol):
    """What is read from."""

    def read(self, size: int = -1, /) -> bytes: ...


class Meter(io.RawIOBase):
    """Counts what is read from a file, and moves the bar; its `size` is the number of bytes so far."""

    def __init__(self, source: Source, advance: Callable[[int], None]) -> None:
        self.source, self.advance, self.size = source, advance, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.source.read(len(buffer))
        buffer[: len(data)] = data
        self.size += len(data)
        self.advance(len(data))
        return len(data)


class Unpacked(io.RawIOBase):
    """Unpacked bytes of a source, as long as they are in proportion to the packed ones."""

    def __init__(self, source: Source, packed: Callable[[], int]) -> None:
        self.source, self.packed, self.size = source, packed, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        self.size += len(data)
        if self.size > FREE_BYTES and self.size > RATIO * self.packed():
            raise FileError(
                "too_large_unpacked",
                f"{self.packed():,} bytes became {self.size:,}: made to burst, read no further",
            )
        return len(data)

    def _read(self, size: int) -> bytes:
        import lzma
        import zlib

        try:
            return bytes(self.source.read(size))
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
            raise FileError("damaged_file", f"{error}, after {self.size:,} unpacked bytes") from error


@contextmanager
def opened(path: str, advance: Callable[[int], None]) -> Iterator[Members]:
    """(name, unpacked bytes) of a file, of each member where it is a zip archive; `-` is stdin.

    advance: called with the number of packed bytes of each step.

    Raises:
        NewsmillError: the file cannot be read, or is of a kind that holds no rows.
        FileError: while reading: the file is damaged, or made to burst.
    """
    try:
        source: IO[bytes] = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115
    except OSError as error:
        raise NewsmillError(f"cannot read {path}: {error.strerror or error}") from error
    with source:
        yield _members(path, source, advance)


def _members(path: str, source: IO[bytes], advance: Callable[[int], None]) -> Members:
    meter = Meter(source, advance)
    packed = io.BufferedReader(meter, HEAD)
    head = packed.peek(HEAD)
    _refuse_foreign(path, head)
    if head.startswith(b"PK\x03\x04") and path != "-":
        yield from _of_archive(path, source, advance)
        return
    unpack = _unpacker(head)
    stream: io.BufferedReader[Any] = packed if unpack is None else _buffered(unpack(packed), lambda: meter.size)
    if unpack is not None:
        _refuse_foreign(path, stream.peek(HEAD))
    yield path, stream


def _buffered(source: Source, packed: Callable[[], int]) -> io.BufferedReader[Any]:
    return io.BufferedReader(Unpacked(source, packed), HEAD)


def _unpacker(head: bytes) -> Callable[[Any], Source] | None:
    """What unpacks a file that begins so; None where it is not packed."""
    import bz2
    import gzip
    import lzma

    kinds: dict[bytes, Callable[[Any], Source]] = {
        b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file), b"BZh": bz2.BZ2File,
        b"\xfd7zXZ\x00": lzma.LZMAFile, b"\x28\xb5\x2f\xfd": _zstd,
    }  # fmt: skip
    return next((kind for magic, kind in kinds.items() if head.startswith(magic)), None)


def _zstd(file: Any) -> Source:
    import pyarrow as pa

    # Python reads zstd from 3.14 on; pyarrow reads several frames, as zstd's own tool writes them.
    source: Source = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    return source


def _of_archive(path: str, source: IO[bytes], advance: Callable[[int], None]) -> Members:
    try:
        source.seek(0)
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError) as error:
        raise FileError("damaged_file", str(error)) from error
    if _WORKBOOK in archive.namelist():
        raise NewsmillError(f"{path} is an Excel workbook: save the sheet as CSV first")
    for member in archive.infolist():
        if member.is_dir() or any(part.startswith((".", "__MACOSX")) for part in Path(member.filename).parts):
            continue
        with archive.open(member) as file:
            yield f"{path}!{member.filename}", _buffered(file, partial(int, member.compress_size))
        advance(member.compress_size)


def _refuse_foreign(path: str, head: bytes) -> None:
    kind = next((said for magic, said in _FOREIGN.items() if head.lstrip().startswith(magic)), "")
    kind = "a tar archive: unpack it first" if head[_TAR] == b"ustar" else kind
    if kind:
        raise NewsmillError(f"{path} is {kind}")
