"""Rows of JSON with their place in the file: one a line, a list of them, printed over many lines, or wrapped.

What cannot be read is a row as well, one with an error: the rows behind it are read all the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from crawler.items import RecordError

#: Characters of the longest row that is read: a document of MongoDB's 16 MB, every letter of it escaped as \\uXXXX.
MAX_ROW = 64 << 20
_CHUNK = 1 << 16
#: A decoder's complaint so near the end of what was read says that the rest is missing.
_NEAR_END = 16
#: What may stand between the values of a list, or of a file that holds several.
_BETWEEN = re.compile(r"[\s,\[\]\x1e]*")
#: Under what servers and tools wrap their rows; and lists of objects that a row of its own may consist of.
_WRAPPERS = ("articles", "data", "rows", "items", "results", "records", "docs", "documents", "entries", "response")
_OF_A_ROW = ("conversations", "conversation", "messages", "dialogue", "dialog", "turns", "choices")
#: Keys of the turns of a conversation, one of which a list of nothing but turns has.
_TURNS = (("role", "content"), ("from", "value"))
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of any file: its fields, or why there are none.

    place: `5` (a line), `5, item 2`, `row 7` (of a file that has no lines).
    """

    place: str
    fields: Mapping[str, Any]
    error: RecordError | None = None


def bad_row(place: str, reason: str, detail: str) -> Row:
    """A row that cannot be read, under the name of the reason."""
    return Row(place, {}, RecordError(reason, detail))


def numbered_lines(text: TextIO) -> Iterator[tuple[int, str | None]]:
    """(number, line) of every line; None for one longer than MAX_ROW, which is passed over piece by piece."""
    number = 0
    while line := text.readline(MAX_ROW + 1):
        number += 1
        if len(line) <= MAX_ROW:
            yield number, line
            continue
        while line and not line.endswith("\n"):
            line = text.readline(_CHUNK)
        yield number, None


def json_lines(text: TextIO) -> Iterator[Row]:
    """The rows of a file with one JSON object a line, or one list of them."""
    for number, line in numbered_lines(text):
        if line is None:
            yield bad_row(str(number), "too_large", f"a line of more than {MAX_ROW:,} characters")
        elif line.strip():
            yield from _of_line(str(number), line)


def _of_line(place: str, line: str) -> Iterator[Row]:
    if (position := undecoded(line)) is not None:
        yield bad_row(place, "not_utf8", f"byte {position + 1} of the line")
        return
    try:
        value = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        yield bad_row(place, "no_json", str(error))
        return
    yield from rows_of(value, place)


def undecoded(text: str) -> int | None:
    """Where (in bytes) a text holds a byte that is none of its encoding; None where it holds none."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # What `surrogateescape` made of the byte; any other lone surrogate was in the file itself.
        if "\udc80" <= text[error.start] <= "\udcff":
            return len(text[: error.start].encode())
    return None


def json_values(text: TextIO) -> Iterator[Row]:
    """The rows of a list of JSON objects, or of objects printed over many lines, read piece by piece."""
    reader = _Values(text)
    while reader.skip():
        place = str(reader.line)
        try:
            value = reader.value()
        except RecordError as error:
            yield Row(place, {}, error)
            continue
        yield from rows_of(value, place)


class _Values:
    """The values of a file one after the other; in memory is the one at hand."""

    def __init__(self, text: TextIO) -> None:
        self.text, self.buffer, self.position, self.line = text, "", 0, 1
        # What stands before the value on its line; None where that is another value.
        self.indent: str | None = ""

    def skip(self) -> bool:
        """Go to the next value; whether there is one."""
        while True:
            match = _BETWEEN.match(self.buffer, self.position)
            assert match is not None
            between = match[0]
            if between:
                self.indent = between.rpartition("\n")[2] if "\n" in between else None
            self._move(match.end())
            if self.position < len(self.buffer):
                return True
            if not self._more(_CHUNK):
                return False

    def value(self) -> Any:
        """The value here.

        Raises:
            RecordError: it is no JSON, or too large; the next one that can be begins where `skip` goes from here.
        """
        while True:
            try:
                value, end = _DECODER.raw_decode(self.buffer, self.position)
            except (ValueError, RecursionError) as error:
                rest = len(self.buffer) - self.position
                if rest <= MAX_ROW and self._may_go_on(error) and self._more(max(_CHUNK, rest)):
                    continue
                self._pass_over()
                raise self._refusal(error, rest) from error
            self._move(end)
            return value

    def _may_go_on(self, error: Exception) -> bool:
        """Whether what is missing may come behind the buffer."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self.buffer) - _NEAR_END

    def _refusal(self, error: Exception, rest: int) -> RecordError:
        if rest > MAX_ROW:
            return RecordError("too_large", f"a row of more than {MAX_ROW:,} characters")
        return RecordError("no_json", getattr(error, "msg", None) or str(error))

    def _pass_over(self) -> None:
        """Go to where the next value of the list begins: the next { that stands as this one stood."""
        pattern = r"\}\s*,?\s*(?=\{)" if self.indent is None else rf"\n{re.escape(self.indent)}(?=\{{)"
        start = self.position + 1
        while not (match := re.compile(pattern).search(self.buffer, start)):
            # The pattern may lie across the border of two pieces.
            self._move(max(start, len(self.buffer) - 256))
            if not self._more(_CHUNK):
                self._move(len(self.buffer))
                return
            start = self.position
        self._move(match.end())

    def _more(self, size: int) -> bool:
        piece = self.text.read(size)
        self.buffer, self.position = self.buffer[self.position :] + piece, 0
        return bool(piece)

    def _move(self, position: int) -> None:
        self.line += self.buffer.count("\n", self.position, position)
        self.position = position


def rows_of(value: Any, place: str) -> Iterator[Row]:
    """The rows in a value of JSON: itself, the objects of a list, or of the one list that an object wraps; a list of
    turns is one row.
    """
    if isinstance(value, list) and _are_turns(value):
        yield Row(place, {"conversations" if "from" in value[0] else "messages": value})
    elif isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from _row(item, f"{place}, item {number}" if len(value) > 1 else place)
    elif isinstance(value, dict) and (wrapped := _wrapped(value)):
        for number, item in enumerate(wrapped, 1):
            yield Row(f"{place}, item {number}", item)
    else:
        yield from _row(value, place)


def _are_turns(value: list[Any]) -> bool:
    """Whether a list is a conversation of its own, as ChatAlpaca's lines are."""
    return len(value) > 1 and any(
        all(isinstance(turn, dict) and turn.keys() >= {*keys} for turn in value) for keys in _TURNS
    )


def _row(value: Any, place: str) -> Iterator[Row]:
    if isinstance(value, dict):
        yield Row(place, value)
    else:
        yield bad_row(place, "no_json", f"a {type(value).__name__}, not an object")


def _wrapped(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of {"articles": [{…}, …]}, as servers answer, or of {"title": {"0": …}, …}, as pandas writes columns."""
    for name, inner in value.items():
        if name in _WRAPPERS and isinstance(inner, dict):
            return _wrapped(inner)
        is_rows = isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner)
        if is_rows and (name in _WRAPPERS or (len(value) == 1 and name not in _OF_A_ROW)):
            return list(inner)
    columns = [inner for inner in value.values() if isinstance(inner, dict)]
    if len(columns) == len(value) > 1 and all(inner.keys() == columns[0].keys() for inner in columns):
        indices = [index for index in columns[0] if index.isdecimal()]
        return [{name: value[name][index] for name in value} for index in indices]
    return []
