"""Whether an instruction points at a text that it does not hold: "the passage above", "il brano", "đoạn văn trên"."""

from __future__ import annotations

import re

from synth.reverse.refusals.request import is_request
from synth.reverse.refusals.table import InstructionTable, pattern

_WORD = re.compile(r"[^\W_]+")
#: Text that may be meant: after a colon, on lines of its own, in quotation marks.
_AFTER = re.compile(r"[^.?!\n]{0,60}:\s*(?P<colon>.+)\Z|.*?\n\s*(?P<line>.+)\Z", re.DOTALL)
_QUOTED = re.compile(r"«([^»]+)»|“([^”]+)”|\"([^\"]+)\"|```(.+?)```", re.DOTALL)
#: Words of a text that is held: a quoted headline may be short; after a colon a word may be all that is meant.
_QUOTED_WORDS, _LINE_WORDS = 3, 5
#: Words from which what follows is a text, whatever it begins with.
_LONG = 25
#: Words before a demonstrative from which something is taken to have been named.
_NAMED_BEFORE = 6


def is_dangling(instruction: str, table: InstructionTable) -> bool:
    """Whether a text, or a thing called "this", is meant that the instruction does not hold."""
    low = instruction.lower()
    if (match := pattern(table.pointers).search(low)) is not None:
        return not _holds_text(instruction, match.end(), table)
    return any(_is_unnamed(low, match, table) for match in pattern(table.demonstrative).finditer(low))


def _holds_text(instruction: str, end: int, table: InstructionTable) -> bool:
    """Whether the instruction holds a text for what points at one up to `end`."""
    quoted = ("".join(part for part in groups if part) for groups in _QUOTED.findall(instruction))
    if any(len(_WORD.findall(text)) >= _QUOTED_WORDS for text in quoted):
        return True
    after = _AFTER.match(instruction, end)
    if after is None:
        return False
    text = after["colon"] or after["line"]
    if len(_WORD.findall(text)) < (1 if after["colon"] else _LINE_WORDS) or text.rstrip().endswith("?"):
        return False
    # "In base al testo fornito: racconta …" asks, and holds nothing.
    return len(_WORD.findall(text)) >= _LONG or not (table.asking and is_request(text, table))


def _is_unnamed(low: str, match: re.Match[str], table: InstructionTable) -> bool:
    """Whether "this NOUN" has no noun of its kind, nor anything else that was named, before it."""
    noun = next((group for group in match.groups() if group), "")
    if pattern(rf"(?:{table.demonstrative_times})\Z").match(noun):
        return False
    before = low[: match.start()]
    return noun[:5] not in before and len(_WORD.findall(before)) < _NAMED_BEFORE
