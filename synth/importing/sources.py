"""What `synth import` reads: files of any kind that holds rows, folders of them, texts, data sets; kinds are told by
content, not by name.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from crawler.items import NewsmillError
from synth.importing.rows import MAX_ROW, Row, bad_row, json_lines, json_values, undecoded
from synth.importing.tables import (
    bson_rows,
    csv_rows,
    dataset_rows,
    is_hub_name,
    is_saved_dataset,
    parquet_rows,
    separator_of,
)
from synth.importing.unpack import HEAD, opened

_TEXTS = (".txt", ".text", ".md")
#: Files of a folder that are read; others stand beside them.
_ENDINGS = re.compile(
    r"\.(txt|text|json|jsonl|ndjson|csv|tsv|tab|parquet|bson)(\.(gz|zst|bz2|xz|zip))?$", re.IGNORECASE
)
#: A host that no site can have (RFC 2606): where texts without an address stand.
_HOST = "local.invalid"
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_./]?(0[1-9]|1[0-2])[-_./]?(0[1-9]|[12]\d|3[01])(?!\d)")
#: A first line up to so long is a headline.
_HEADLINE = 300

Rows = Iterator[tuple[str, Row]]
Advance = Callable[[int], None]


def check_source(path: str, encoding: str | None = None) -> None:
    """
    Raises:
        NewsmillError: there is no such file, folder or name, or no such encoding.
    """
    if "://" in path:
        raise NewsmillError(f"{path} is an address: download the file first, or crawl the newspaper")
    if path != "-" and not Path(path).exists() and not is_hub_name(path):
        raise NewsmillError(f"cannot read {path}: no such file")
    if Path(path).is_dir() and not is_saved_dataset(Path(path)) and not files_of(Path(path)):
        raise NewsmillError(
            f"cannot read {path}: none of its files holds rows or texts (.jsonl, .csv, .parquet, .txt …)"
        )
    try:
        "".encode(encoding or "utf-8")
    except LookupError as error:
        raise NewsmillError(f"--encoding {encoding}: {error}") from error


def files_of(folder: Path) -> list[Path]:
    """The files of a folder that hold rows or texts, in order."""
    files = (path for path in folder.rglob("*") if _ENDINGS.search(path.name) and path.is_file())
    return sorted(path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def size_of(path: str) -> int:
    """Bytes that a bar counts to; 0 where nobody knows."""
    file = Path(path)
    if path == "-" or not file.exists() or is_saved_dataset(file):
        return 0
    return sum(each.stat().st_size for each in files_of(file)) if file.is_dir() else file.stat().st_size


def read_rows(path: str, advance: Advance = lambda _: None, encoding: str | None = None) -> Rows:
    """(file, row) of all that a path holds: a file, a folder, a data set, stdin.

    Raises:
        NewsmillError: it cannot be read, or is of a kind that holds no rows.
        FileError: while reading: a file is damaged, or made to burst.
    """
    folder = Path(path)
    if path != "-" and (is_hub_name(path) or is_saved_dataset(folder)):
        yield from ((path, row) for row in dataset_rows(path))
    elif path != "-" and folder.is_dir():
        for file in files_of(folder):
            yield from _of_file(str(file), folder, advance, encoding)
    else:
        yield from _of_file(path, folder.parent, advance, encoding)


def _of_file(path: str, folder: Path, advance: Advance, encoding: str | None) -> Rows:
    with opened(path, advance) as members:
        for name, stream in members:
            for row in _of_stream(name, folder, stream, encoding):
                yield name, row


def _of_stream(name: str, folder: Path, stream: io.BufferedReader[Any], encoding: str | None) -> Iterator[Row]:
    head = stream.peek(HEAD)[:HEAD]
    if head.startswith(b"PAR1"):
        return parquet_rows(stream)
    if re.search(r"\.bson(\.\w+)?$", name):
        return bson_rows(stream)
    encoding = encoding or json.detect_encoding(head)
    begin = head.decode(encoding, "replace").removeprefix("\ufeff")
    kind = kind_of(begin, name)
    # A lone surrogate of UTF-16 and a wrong byte of any other encoding belong to their row alone.
    is_wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
    errors = "surrogatepass" if is_wide else "surrogateescape"
    text = io.TextIOWrapper(stream, encoding, errors, newline="" if kind == "table" else "\n")
    if kind == "table":
        return csv_rows(text, separator_of(begin))
    if kind == "text":
        return iter([text_row(name, folder, text)])
    return json_lines(text) if kind == "lines" else json_values(text)


def kind_of(head: str, name: str) -> str:
    """`lines` or `values` of JSON, `table` or `text`, by the beginning of a file, then by its name."""
    begin = head.lstrip()[:1]
    if begin not in ("{", "["):
        stem = re.sub(r"\.(gz|zst|bz2|xz)$", "", name.lower())
        if stem.endswith(_TEXTS):
            return "text"
        is_table = stem.endswith((".csv", ".tsv", ".tab")) or (separator_of(head) and "{" not in head.split("\n")[0])
        return "table" if is_table else "lines"
    lines = [line for line in head.split("\n")[:20] if line.strip()]
    if len(lines) < 2 or any(line.startswith("{") and _is_object(line) for line in lines):
        return "values" if begin == "[" else "lines"
    # A list a line, such as a conversation's turns; a list of the file's rows begins once.
    is_list_a_line = all(line.startswith("[") for line in lines) and lines[0].rstrip().endswith("]")
    return "lines" if is_list_a_line else "values"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def text_row(name: str, folder: Path, text: io.TextIOWrapper) -> Row:
    """A text as a row: its first line is the title where more follows, its day stands in the path or is the file's.

    The address is made of folder and file, on a host that there cannot be: the same file is the same article.
    """
    content = text.read(MAX_ROW + 1)
    if len(content) > MAX_ROW:
        return bad_row("1", "too_large", f"a text of more than {MAX_ROW:,} characters")
    if (position := undecoded(content)) is not None:
        return bad_row("1", "not_utf8", f"byte {position + 1}; --encoding names another encoding")
    title, _, body = content.replace("\r\n", "\n").replace("\r", "\n").strip().partition("\n")
    if not body.strip() or len(title) > _HEADLINE:
        title, body = re.sub(r"[_-]+", " ", Path(name).name.partition(".")[0]), content
    place = Path(name).relative_to(folder) if Path(name).is_relative_to(folder) else Path(name)
    address = f"https://{_HOST}/{quote(f'{folder.resolve().name}/{place.as_posix()}')}"
    return Row("1", {"title": title, "content": body, "link": address, "date": _day_of(name)})


def _day_of(name: str) -> str | datetime | None:
    """The day in a file's path, else when the file was changed."""
    if match := _DAY.search(Path(name).as_posix()):
        return "-".join(match.groups())
    file = Path(name.partition("!")[0])
    return datetime.fromtimestamp(file.stat().st_mtime, tz=UTC) if file.is_file() else datetime.now(UTC)
