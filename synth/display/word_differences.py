"""Two texts, word by word: what the one has and the other has not, as pieces for a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_TOKEN = re.compile(r"\w+(?:[.,’']\w+)*|\s+|[^\w\s]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
#: Pairs of tokens that are compared: beyond that, lines are, and then the texts as wholes.
_MOST = 4_000_000


class Piece(NamedTuple):
    """A part of a text; kind: "" for what both texts have, else "del" or "ins"."""

    text: str
    kind: str = ""


def differences(old: str, new: str) -> tuple[list[Piece], list[Piece]]:
    """(the old text with what is no longer there, the new one with what was added); joined they are the texts."""
    rows = list(_compared(old, new))
    sides = [
        list(_joined(("" if name == "equal" else kind, row[side]) for name, *row in rows))
        for side, kind in enumerate(("del", "ins"))
    ]
    return sides[0], sides[1]


def merged(old: str, new: str) -> list[Piece]:
    """Both texts as one: at each change what is no longer there, then what was added."""
    pieces = []
    for name, before, after in _compared(old, new):
        pieces += [("", before)] if name == "equal" else [("del", before), ("ins", after)]
    return list(_joined(iter(pieces)))


Row = tuple[str, str, str]


def _compared(old: str, new: str) -> list[Row]:
    """[(equal or not, part of the old text, part of the new one)]"""
    for split in (_TOKEN.findall, _LINE.findall):
        if (rows := _by_parts(old, new, split)) is not None:
            return rows
    return [("replace", old, new)]


def _by_parts(old: str, new: str, split: Callable[[str], list[str]]) -> list[Row] | None:
    """None where the texts are too long to be compared by these parts."""
    before, after = split(old), split(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    inner = before[start : len(before) - end], after[start : len(after) - end]
    if len(inner[0]) * len(inner[1]) > _MOST:
        return None
    first, last = "".join(before[:start]), "".join(before[len(before) - end :])
    return [("equal", first, first), *_rows(*inner), ("equal", last, last)]


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many parts both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(first), len(second)))


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[Row]:
    """A blank between two changes is a part of them, so that words that changed side by side are one change."""
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts = [(name, "".join(old[i:j]), "".join(new[k:m])) for name, i, j, k, m in codes]
    row = ("equal", "", "")
    for i, (name, before, after) in enumerate(parts):
        is_blank = name == "equal" and 0 < i < len(parts) - 1 and not before.strip(" ")
        name = "replace" if is_blank or name != "equal" else "equal"
        if name == row[0]:
            row = (name, row[1] + before, row[2] + after)
        else:
            yield row
            row = (name, before, after)
    yield row


def _joined(pieces: Iterator[tuple[str, str]]) -> Iterator[Piece]:
    """Neighbours of one kind as one piece."""
    text, kind = "", ""
    for part_kind, part in pieces:
        if part_kind != kind and part:
            if text:
                yield Piece(text, kind)
            text, kind = "", part_kind
        text += part
    if text:
        yield Piece(text, kind)
