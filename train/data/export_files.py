"""Reading exported files: Alpaca rows, chat rows, articles and plain text, from JSON, JSON lines or text files."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from train.errors import TrainError

#: What holds text in the rows of an export or of an article file.
TEXT_FIELDS = ("instruction", "input", "output", "prompt", "response", "title", "description", "content", "text")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON list or of JSON lines.

    Raises:
        TrainError: the file cannot be read, or a line of it is no JSON object; names the line.
    """
    text = read_text(path)
    if text.lstrip().startswith("["):
        try:
            rows = json.loads(text)
        except ValueError as error:
            at = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise TrainError(f"{path}{at} is no JSON: {getattr(error, 'msg', error)}") from error
        for number, row in enumerate(rows, 1):
            if not isinstance(row, dict):
                raise TrainError(f"{path}: row {number} is no object but {type(row).__name__}")
        return list(rows)
    return list(_json_lines(path, text))


def read_text(path: Path) -> str:
    """The text of a file: UTF-8, or UTF-16 where its byte order mark says so; without the mark.

    Raises:
        TrainError: it cannot be read.
    """
    try:
        data = path.read_bytes()
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return re.sub("\r\n?", "\n", data.decode("utf-16" if wide else "utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise TrainError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _json_lines(path: Path, text: str) -> Iterator[dict[str, Any]]:
    # Not splitlines: U+2028 and its kin end no JSON line.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise TrainError(f"{path}:{number} is no JSON: {getattr(error, 'msg', error)}") from error
        if not isinstance(row, dict):
            raise TrainError(f"{path}:{number} is no object but {type(row).__name__}")
        yield row


def read_corpus(paths: list[Path]) -> list[str]:
    """One text a row of every file, or one text a file that holds no JSON; empty ones left out."""
    texts: list[str] = []
    for path in paths:
        if path.suffix in (".json", ".jsonl"):
            texts += ["\n".join(_fields(row)) for row in read_rows(path)]
        else:
            texts.append(read_text(path))
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise TrainError(f"no text in {', '.join(map(str, paths))}: give an export, an article file or plain text")
    return texts


def _fields(row: dict[str, Any]) -> Iterator[str]:
    for name in TEXT_FIELDS:
        value = row.get(name)
        if isinstance(value, str) and value.strip():
            # Without halves of characters, which no tokenizer takes.
            yield value.encode("utf-8", "ignore").decode("utf-8")


def request_of(row: dict[str, Any]) -> tuple[str, str]:
    """(instruction, input) of a prompt row: Alpaca names, or `prompt` alone.

    Raises:
        TrainError: the row holds neither.
    """
    instruction = row.get("instruction") or row.get("prompt")
    if not isinstance(instruction, str) or not instruction.strip():
        raise TrainError(f"a prompt row needs `instruction` or `prompt`; this one has {sorted(row)}")
    return instruction, str(row.get("input") or "")


def row_id(row: dict[str, Any]) -> str:
    """The row's own `id`, else 16 digits of its request's hash: the same text has the same id everywhere."""
    if row.get("id"):
        return str(row["id"])
    return hashlib.sha256("\0".join(request_of(row)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest_of(paths: list[Path], *settings: object) -> str:
    """sha256 (hex) of files and settings: whether work was done on the same input."""
    digest = hashlib.sha256(repr(settings).encode())
    for path in paths:
        digest.update(read_text(path).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
