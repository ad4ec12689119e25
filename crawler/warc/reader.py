"""Anybody's WARC files (ISO 28500), packed or not: every whole record there is, whatever lies between.

Not by warcio's ArchiveIterator, which ends at the first damage (1.8, files of six records): with a hole in the third it
reads 2, here 5; behind an error page none, here 6; packed all in one 1, here 6. A record cut short counts as whole, and
of a bomb it prints the rest to stderr: 200 MB for 50.
"""

from __future__ import annotations

import base64
import hashlib
import mmap
import os
import re
import sys
import tempfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

_GZIP = b"\x1f\x8b\x08"
_VERSION = re.compile(rb"WARC/\d+\.\d+\s*$")
_BEGIN = re.compile(rb"WARC/\d\.\d\r?\n")
_BEGIN_LENGTH = len(b"WARC/1.1\r")
_BLANK = re.compile(rb"\r?\n\r?\n")
_CHUNK = 1 << 16
#: How much is unpacked in one go: 64 kB of a bomb hold 64 MB.
_PIECE = 1 << 17
#: Members up to this size are unpacked in memory: a page has a tenth of it.
_IN_MEMORY = 16 << 20
#: Bytes and lines of a record's own header: more is no header.
_HEADER_MAX = 1 << 16
#: What fills files up, and is no loss.
_PADDING = b"\0\r\n "


def instant_of(text: str) -> datetime | None:
    """The instant that a header names; None where it names none."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


class Location(NamedTuple):
    """Where a record lies: in a file, or in the reader's unpacked copy of members that hold several records."""

    file: Path | None
    offset: int
    #: bytes of the record where it is not packed; 0 where it is
    length: int


class Record(NamedTuple):
    """One record. Header names in small letters."""

    headers: dict[str, str]
    block: bytes
    location: Location
    #: longer than the reader's limit: the block is left out
    too_large: bool = False

    @property
    def kind(self) -> str:
        return self.headers.get("warc-type", "")

    @property
    def url(self) -> str:
        # wget writes it in angle brackets.
        return self.headers.get("warc-target-uri", "").strip("<> ")

    @property
    def when(self) -> datetime | None:
        return instant_of(self.headers.get("warc-date", ""))


class Exchange(NamedTuple):
    """What a response record holds: status, headers (name, value) as they came, body without transfer coding."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> bytes:
        return next((value for key, value in self.headers if key.lower() == name), b"")


class Reader:
    """Every whole record of some files, packed or not, whoever wrote them.

    Attributes:
        damage: file -> what is wrong with it, one line; known when `records` has come to its end.
    """

    def __init__(self, files: list[Path], limit: int = 0) -> None:
        """Args: limit: bytes of a payload above which a record is named but not read; 0 for none."""
        self.files = files
        self.limit = limit + _HEADER_MAX if limit else sys.maxsize
        self.damage: dict[Path, str] = {}
        self._unpacked = tempfile.TemporaryFile()  # noqa: SIM115

    def close(self) -> None:
        self._unpacked.close()

    def records(self) -> Iterator[Record]:
        for file in self.files:
            count = 0
            try:
                for record in self._file(file):
                    count += 1
                    yield record
            except OSError as error:
                self._note(file, 0, error.strerror or str(error))
            if not count:
                self.damage[file] = f"{file}: no WARC record in it"
            elif file in self.damage:
                self.damage[file] += f": {count:,} whole records used"

    def record_at(self, location: Location) -> Record | None:
        """The record at a location again; None where it is no more."""
        if location.file is None:
            return self._read_plain(self._unpacked, location)
        with location.file.open("rb") as raw:
            if location.length:
                return self._read_plain(raw, location)
            unpacked = BytesIO()
            with _mapped(raw) as data:
                _unpack(data, location.offset, _Sieve(unpacked, self.limit))
            return next((_read(unpacked, span, location) for span in _spans(unpacked) if isinstance(span, _Span)), None)

    def _read_plain(self, raw: IO[bytes], location: Location) -> Record | None:
        raw.seek(location.offset)
        copy = BytesIO(raw.read(location.length))
        return next((_read(copy, span, location) for span in _spans(copy) if isinstance(span, _Span)), None)

    def _note(self, file: Path, offset: int, why: str) -> None:
        self.damage.setdefault(file, f"{file}: damaged at byte {offset:,} ({why})")

    def _file(self, file: Path) -> Iterator[Record]:
        with file.open("rb") as raw:
            if not os.fstat(raw.fileno()).st_size:
                return
            with _mapped(raw) as data:
                if data[:3] == _GZIP or (data.find(b"WARC/") == -1 and data.find(_GZIP) != -1):
                    yield from self._packed(file, data)
                    return
            for span in _spans(raw, checked=True):
                if not isinstance(span, _Span):
                    self._note(file, span, "no whole record")
                elif span.end - span.block > self.limit:
                    yield Record(span.headers, b"", Location(file, span.offset, 0), too_large=True)
                else:
                    yield _read(raw, span, Location(file, span.offset, span.end - span.offset))

    def _packed(self, file: Path, data: mmap.mmap) -> Iterator[Record]:
        offset = data.find(_GZIP)
        if offset:
            self._note(file, 0, "no gzip")
        while offset != -1 and offset < len(data):
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as unpacked:
                sieve = _Sieve(unpacked, self.limit)
                end, why = _unpack(data, offset, sieve)
                spans = [span for span in _spans(unpacked) if isinstance(span, _Span)]
                if why:
                    self._note(file, offset, why)
                elif sieve.is_torn or not (spans or sieve.left_out or sieve.is_empty):
                    self._note(file, offset, "no whole record")
                for headers in sieve.left_out:
                    yield Record(headers, b"", Location(file, offset, 0), too_large=True)
                yield from self._of_member(file, offset, unpacked, spans, whole=not why)
            offset = data.find(_GZIP, end)
            rest = data[end : offset if offset != -1 else len(data)]
            if not why and rest.strip(_PADDING):
                self._note(file, end, "no gzip")

    def _of_member(
        self, file: Path, offset: int, unpacked: IO[bytes], spans: list[_Span], whole: bool
    ) -> Iterator[Record]:
        if len(spans) == 1 and whole:
            yield _read(unpacked, spans[0], Location(file, offset, 0))
            return
        # Packed all in one: to come back to a record later would mean to unpack everything before it.
        for span in spans:
            unpacked.seek(span.offset)
            begin = self._unpacked.seek(0, os.SEEK_END)
            self._unpacked.write(unpacked.read(span.end - span.offset))
            yield _read(unpacked, span, Location(None, begin, span.end - span.offset))


def _mapped(raw: IO[bytes]) -> mmap.mmap:
    return mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ)


def _unpack(data: mmap.mmap, offset: int, out: Any) -> tuple[int, str]:
    """Unpack the gzip member at an offset. Returns where to go on, and what was wrong ("" where nothing)."""
    decoder = zlib.decompressobj(zlib.MAX_WBITS + 16)
    position, chunk = offset, b""
    try:
        while not decoder.eof and (chunk or position < len(data)):
            if not chunk:
                chunk = data[position : position + _CHUNK]
                position += len(chunk)
            out.write(decoder.decompress(chunk, _PIECE))
            chunk = decoder.unconsumed_tail
    except zlib.error:
        return offset + 1, "broken"
    if not decoder.eof:
        # Torn off; or a length that a flipped bit made up, and more members behind it.
        return offset + 1, "torn"
    return position - len(decoder.unused_data), ""


class _Sieve:
    """Between an unpacker and its file: lets pass what reads like records, but no block beyond a limit.

    So a member takes no more memory than a page does, and no more disk than its pages, whatever it unpacks to.

    Attributes:
        left_out: headers of the records whose blocks were too long.
    """

    def __init__(self, out: IO[bytes], limit: int) -> None:
        self.left_out: list[dict[str, str]] = []
        self._out = out
        self._limit = limit
        #: how much may pass that is no record
        self._room = limit
        #: what came of a header
        self._head = b""
        #: bytes to come of a block; the headers of one that is left out
        self._rest = 0
        self._leaving: dict[str, str] | None = None
        self.is_empty = True

    @property
    def is_torn(self) -> bool:
        """Whether a block that was left out had not come to its end."""
        return self._leaving is not None

    def write(self, data: bytes) -> None:
        self.is_empty = self.is_empty and not data
        while data:
            data = self._block(data) if self._rest else self._header(data)

    def _block(self, data: bytes) -> bytes:
        """Take what belongs to the block; returns what is behind it."""
        part, data = data[: self._rest], data[self._rest :]
        self._rest -= len(part)
        if self._leaving is None:
            self._out.write(part)
        elif not self._rest:
            self.left_out.append(self._leaving)
            self._leaving = None
        return data

    def _header(self, data: bytes) -> bytes:
        """Take what belongs to a header, or to nothing; returns what is behind it."""
        head = self._head + data
        match = _BEGIN.search(head)
        begin = match.start() if match else max(0, len(head) - _BEGIN_LENGTH)
        blank = _BLANK.search(head, match.end() - 2) if match else None
        self._pass(head[:begin])
        if blank is None and len(head) - begin < _HEADER_MAX:
            self._head = head[begin:]
            return b""
        self._head = b""
        end = blank.end() if blank else begin + _BEGIN_LENGTH
        self._begin(head[begin:end])
        return head[end:]

    def _begin(self, head: bytes) -> None:
        """Read a header: may its block pass?"""
        span = _span(BytesIO(head), sys.maxsize)
        self._rest = span.end - span.block if span else 0
        if span is None:
            self._pass(head)
        elif self._rest > self._limit:
            self._leaving = span.headers
        else:
            self._out.write(head)

    def _pass(self, data: bytes) -> None:
        """Pass on what belongs to no record, for its position to be named; within bounds."""
        self._out.write(data[: self._room])
        self._room = max(0, self._room - len(data))


class _Span(NamedTuple):
    """A record's extent in an unpacked file."""

    offset: int
    block: int
    end: int
    headers: dict[str, str]


def _read(raw: Any, span: _Span, location: Location) -> Record:
    raw.seek(span.block)
    return Record(span.headers, raw.read(span.end - span.block), location)


def _spans(raw: Any, checked: bool = False) -> Iterator[_Span | int]:
    """The extents of whole records; an offset where something else begins.

    Args:
        checked: compare blocks with their digests (packed records have gzip's own).
    """
    end = raw.seek(0, os.SEEK_END)
    offset = 0
    while offset < end:
        raw.seek(offset)
        span = _span(raw, end)
        if span is None or (checked and not _intact(raw, span)):
            begin = offset
            offset = _find(raw, offset + 1)
            raw.seek(begin)
            if raw.read(min(offset - begin, _CHUNK)).strip(_PADDING):
                yield begin
            continue
        yield span
        offset = span.end


def _span(raw: Any, end: int) -> _Span | None:
    line = raw.readline(_CHUNK)
    while line and not line.strip():
        line = raw.readline(_CHUNK)
    offset = raw.tell() - len(line)
    if not _VERSION.match(line):
        return None
    headers: dict[str, str] = {}
    name = ""
    while (line := raw.readline(_CHUNK)).strip():
        if line[:1] in b" \t" and name:
            headers[name] += " " + line.decode("utf-8", "replace").strip()
            continue
        name, _, value = line.decode("utf-8", "replace").partition(":")
        name = name.strip().lower()
        headers[name] = value.strip()
        if raw.tell() - offset > _HEADER_MAX:
            return None
    length = headers.get("content-length", "")
    block = raw.tell()
    if not line or not re.fullmatch(r"[0-9]{1,15}", length) or block + int(length) > end:
        return None
    return _Span(offset, block, block + int(length), headers)


def _intact(raw: Any, span: _Span) -> bool:
    name, _, expected = span.headers.get("warc-block-digest", "").partition(":")
    if name.lower() not in ("sha1", "sha256", "md5"):
        return True
    raw.seek(span.block)
    digest = hashlib.new(name.lower(), usedforsecurity=False)
    for begin in range(span.block, span.end, _PIECE):
        digest.update(raw.read(min(_PIECE, span.end - begin)))
    return expected.lower() in (digest.hexdigest(), base64.b32encode(digest.digest()).decode().lower())


def _find(raw: Any, start: int) -> int:
    """Where the next line begins that looks like a record's first; the end where there is none."""
    position = start
    raw.seek(position)
    rest = b""
    while chunk := raw.read(1 << 20):
        data = rest + chunk
        if match := _BEGIN.search(data):
            return int(position - len(rest) + match.start())
        position += len(chunk)
        rest = data[-_BEGIN_LENGTH:]
    return int(raw.tell())


def exchange_of(block: bytes) -> Exchange | None:
    """The HTTP response in a record's block; None where it holds none."""
    match = re.match(rb"HTTP/\d(?:\.\d)? +(\d{3})[^\n]*\n", block)
    if not match:
        return None
    blank = re.compile(rb"\r?\n\r?\n").search(block, match.end() - 2)
    head = block[match.end() : blank.start() if blank else len(block)]
    body = block[blank.end() :] if blank else b""
    headers = []
    for line in re.sub(rb"\r?\n[ \t]+", b" ", head).splitlines():
        name, colon, value = line.partition(b":")
        if colon and name.strip():
            headers.append((name.strip(), value.strip()))
    exchange = Exchange(int(match[1]), headers, body)
    chunked = b"chunked" in exchange.header(b"transfer-encoding").lower()
    return _without_chunks(exchange) if chunked else exchange


def _without_chunks(exchange: Exchange) -> Exchange:
    """The body in one piece. Many tools keep the header of a body that they have joined already: then it stays."""
    from warcio.bufferedreaders import ChunkedDataReader

    reader = ChunkedDataReader(BytesIO(exchange.body))
    body = b"".join(iter(lambda: reader.read(_CHUNK), b""))
    headers = [(name, value) for name, value in exchange.headers if name.lower() != b"transfer-encoding"]
    return Exchange(exchange.status, headers, body)
