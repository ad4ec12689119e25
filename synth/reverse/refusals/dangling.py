"""Whether an instruction points at a text that it does not hold: "the passage above", "il brano", "đoạn văn trên"."""

from __future__ import annotations

import re

from synth.reverse.refusals.table import InstructionTable, pattern

_WORD = re.compile(r"[^\W_]+")
#: Text that may be meant: after a colon, on lines of its own, in quotation marks.
_AFTER = re.compile(r":\s*(.+)\Z|\n\s*\n?(.+)\Z", re.DOTALL)
_QUOTED = re.compile(r"«([^»]+)»|“([^”]+)”|\"([^\"]+)\"|```(.+?)```", re.DOTALL)
#: Words of a text that is held: a quoted headline may be short, and so may a sentence after a colon.
_QUOTED_WORDS, _AFTER_WORDS = 3, 5
#: Words before a demonstrative from which something is taken to have been named.
_NAMED_BEFORE = 6


def is_dangling(instruction: str, table: InstructionTable) -> bool:
    """Whether a text, or a thing called "this", is meant that the instruction does not hold."""
    low = instruction.lower()
    if (match := pattern(table.pointers).search(low)) is not None:
        return not _holds_text(instruction, match.end())
    return any(_is_unnamed(low, match, table) for match in pattern(table.demonstrative).finditer(low))


def _holds_text(instruction: str, end: int) -> bool:
    """Whether the instruction holds a text for what points at one up to `end`."""
    quoted = ("".join(part for part in groups if part) for groups in _QUOTED.findall(instruction))
    if any(len(_WORD.findall(text)) >= _QUOTED_WORDS for text in quoted):
        return True
    after = _AFTER.search(instruction, end)
    text = next((part for part in after.groups() if part), "") if after is not None else ""
    return len(_WORD.findall(text)) >= _AFTER_WORDS and not text.rstrip().endswith("?")


def _is_unnamed(low: str, match: re.Match[str], table: InstructionTable) -> bool:
    """Whether "this NOUN" has no noun of its kind, nor anything else that was named, before it."""
    noun = next((group for group in match.groups() if group), "")
    if pattern(rf"(?:{table.demonstrative_times})\Z").match(noun):
        return False
    before = low[: match.start()]
    return noun[:5] not in before and len(_WORD.findall(before)) < _NAMED_BEFORE
