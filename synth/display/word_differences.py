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
    for split in (_TOKEN.findall, _LINE.findall):
        if (compared := _compared(old, new, split)) is not None:
            return compared
    return [Piece(old, "del")] if old else [], [Piece(new, "ins")] if new else []


def _compared(old: str, new: str, split: Callable[[str], list[str]]) -> tuple[list[Piece], list[Piece]] | None:
    """None where the texts are too long to be compared by these parts."""
    before, after = split(old), split(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    inner = before[start : len(before) - end], after[start : len(after) - end]
    if len(inner[0]) * len(inner[1]) > _MOST:
        return None
    rows = [("equal", before[:start], before[:start]), *_rows(*inner)]
    rows.append(("equal", before[len(before) - end :], before[len(before) - end :]))
    sides = [
        list(_joined(("" if name == "equal" else kind, "".join(row[side])) for name, *row in rows))
        for side, kind in enumerate(("del", "ins"))
    ]
    return sides[0], sides[1]


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """How many parts both begin with."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((i for i, (one, other) in pairs if one != other), min(len(first), len(second)))


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """(equal or not, parts of the old text, parts of the new one); a blank between two changes is a part of them."""
    rows = [
        (name, old[i:j], new[k:m]) for name, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    ]
    for i, (name, before, after) in enumerate(rows):
        is_blank = name == "equal" and 0 < i < len(rows) - 1 and not "".join(before).strip(" ")
        yield "blank" if is_blank else name, before, after


def _joined(pieces: Iterator[tuple[str, str]]) -> Iterator[Piece]:
    """Neighbours of one kind as one piece."""
    text, kind = "", ""
    for other, part in pieces:
        if other != kind and part:
            if text:
                yield Piece(text, kind)
            text, kind = "", other
        text += part
    if text:
        yield Piece(text, kind)
