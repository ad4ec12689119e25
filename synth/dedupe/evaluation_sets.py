"""Evaluation sets as files: their rows as question and answer."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crawler.items import NewsmillError

#: Names of fields, as the formats of Alpaca, ShareGPT, OpenAI and most benchmarks have them.
QUESTION_FIELDS = ("question", "prompt", "instruction", "input", "context", "query", "problem")
ANSWER_FIELDS = ("answer", "output", "response", "completion", "target", "chosen", "solution")
#: Lists of turns, [{role or from, content or value}].
TURNS = ("messages", "conversations")
FIELDS = (*QUESTION_FIELDS, *ANSWER_FIELDS, *TURNS)
_MODEL = frozenset({"assistant", "gpt", "model", "bot"})


class SetRow(NamedTuple):
    """One row of a set."""

    #: from 1; of a text file and of JSON lines the line.
    number: int
    question: str
    answer: str


def read_set(path: Path, fields: Sequence[str] = ()) -> Iterator[SetRow]:
    """The rows of a file: .json (a list, or a mapping that holds one), .csv, .tsv, .txt and .md (a row a line), any
    other name as JSON lines.

    Args:
        fields: names of the fields to read, all as questions, instead of those that are recognised.

    Raises:
        NewsmillError: the file cannot be read, or a row has none of the fields; names the file and the row.
    """
    readers = {".json": _json, ".csv": _csv, ".tsv": _csv, ".txt": _lines, ".md": _lines}
    try:
        for number, row in readers.get(path.suffix.lower(), _json_lines)(path):
            yield _row(path, number, row, fields)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NewsmillError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _lines(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8-sig") as lines:
        yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())


def _json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in _lines(path):
        try:
            yield number, json.loads(line)
        except (ValueError, RecursionError) as error:
            raise NewsmillError(
                f"{path}:{number} is no JSON ({error}): sets are JSON lines, or named .json, .csv, .tsv, .txt"
            ) from error


def _json(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise
        # JSON lines often have this name, too.
        yield from _json_lines(path)
        return
    if isinstance(content, dict) and not {str(name).casefold() for name in content} & set(FIELDS):
        lists = [
            value for value in content.values() if isinstance(value, list) and value and isinstance(value[0], dict)
        ]
        content = lists[0] if len(lists) == 1 else content
    content = [content] if isinstance(content, dict) else content
    if not isinstance(content, list):
        raise NewsmillError(f"{path} holds no rows: a list of objects is wanted")
    yield from enumerate(content, 1)


def _csv(path: Path) -> Iterator[tuple[int, Any]]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
        yield from enumerate(rows, 1)


def _row(path: Path, number: int, row: Any, fields: Sequence[str]) -> SetRow:
    if isinstance(row, str):
        return SetRow(number, row, "")
    if not isinstance(row, Mapping):
        raise NewsmillError(f"{path}: row {number} is no object but a {type(row).__name__}")
    by_name = {str(name).casefold(): value for name, value in row.items()}
    if fields:
        question, answer, names = _texts(by_name, [name.casefold() for name in fields]), [], fields
    else:
        question, answer = _texts(by_name, QUESTION_FIELDS), _texts(by_name, ANSWER_FIELDS)
        for name in TURNS:
            for from_model, text in _turns(by_name.get(name)):
                (answer if from_model else question).append(text)
        names = FIELDS
    if not any(name.casefold() in by_name for name in names):
        has = ", ".join(str(name) for name in row) or "none"
        raise NewsmillError(
            f"{path}: row {number} has none of the fields {', '.join(names)} but {has}: name some, --against-fields a,b"
        )
    return SetRow(number, "\n".join(question), "\n".join(answer))


def _texts(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [text for name in names for text in _strings(row.get(name))]


def _strings(value: Any) -> Iterator[str]:
    """The texts in a value, those of lists and mappings included (`answers: {text: [...]}`)."""
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _turns(value: Any) -> Iterator[tuple[bool, str]]:
    for turn in value if isinstance(value, list) else ():
        if isinstance(turn, Mapping):
            who = str(turn.get("role") or turn.get("from") or "")
            text = "\n".join(_strings(turn.get("content") or turn.get("value")))
            # A system message is the same in all rows: it tells nothing of one.
            if text and who != "system":
                yield who in _MODEL, text
