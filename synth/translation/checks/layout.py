"""Items of lists, paragraphs and quotes: a translation has as many as its source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from synth.translation.checks import Check
from synth.translation.code_lines import COMMENT_MARK
from synth.translation.pair import RowPair, Text, TextPair

MEANINGS = {
    "items_changed": "a list has more or fewer items",
    "paragraphs_changed": "the text has more or fewer paragraphs",
    "quotes_changed": "words that stood in quotes no longer do, or the other way round",
}
#: "- ", "* ", "• ", "1. ", "2) ", "(3) ", "Step 1: " at the beginning of a line.
_ITEM = re.compile(
    r"^[ \t]*(?:\*[ \t]+(?=\d))?(?:[-*•‣◦·–+][ \t]+(?=\S)|\(?(?P<number>\d{1,3})[.)][ \t]*(?=[^\W\d]|[\"'“«*\[(]))",
    re.M,
)
#: Numbers of items within a line: "1. one 2. two 3. three", "(1) one, (2) two".
_NUMBERED = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2})[.)](?=\s)", re.MULTILINE)
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")
_QUOTE = re.compile(r"“[^”]+”|«[^»]+»|„[^“”]+[“”]|\"[^\"\n]+\"|‹[^›]+›|「[^」]+」|``[^'`]+''")
_QUOTE_MARK = re.compile(r"[“”«»„\"‹›「」]|``|(?<!\w)['‘‚]|['’](?!\w)")
#: Words of a quote that is a word rather than speech.
_SHORT_QUOTE = 3
#: A dash opens speech in French, Italian, Spanish and Vietnamese.
_SPEECH_DASH = re.compile(r"^\s*[—–―-]\s*\w|[—–―]", re.MULTILINE)
#: An enumeration of short parts, as answers to "name three …" are.
_PARTS = re.compile(r",\s+|;\s+|\s(?:and|or|e|o|ed|et|ou|y|und|oder|và|hoặc)\s")
_LONGEST_PART, _PAIR = 4, 2


def _row_doubts(row: RowPair) -> Iterator[str]:
    for pair in row.pairs:
        if pair.source.text and pair.target.text and not pair.is_untouched:
            yield from _pair_doubts(pair)


def _pair_doubts(pair: TextPair) -> Iterator[str]:
    programs = pair.source.is_program and pair.target.is_program
    source, target = (_uncommented(side) if programs else side.text for side in (pair.source, pair.target))
    if _items(source) != _items(target) or _numbers(source) != _numbers(target) or _enumeration_lost(pair):
        yield "items_changed"
    # How a comment in a program is set is the translator's.
    if not programs and _paragraphs(source) != _paragraphs(target):
        yield "paragraphs_changed"
    if _quotes_lost(source, target):
        yield "quotes_changed"


def _uncommented(side: Text) -> str:
    """A program without the signs before the lines of its comments."""
    return COMMENT_MARK.sub("", side.text)


def _items(text: str) -> int:
    """Items of lists, each on a line of its own or numbered in one."""
    lines = sum(1 for _ in _ITEM.finditer(text))
    return max(lines, _numbered(text))


def _numbers(text: str) -> list[str]:
    """The numbers of items that begin lines."""
    return [match["number"] for match in _ITEM.finditer(text) if match["number"]]


def _numbered(text: str) -> int:
    """How far numbers of items count up from one."""
    count = 0
    for match in _NUMBERED.finditer(text):
        count += int(match[1]) == count + 1
    return count if count > 1 else 0


def _paragraphs(text: str) -> int:
    return len(_PARAGRAPH.findall(text.strip()))


def _quotes_lost(source: str, target: str) -> bool:
    """Quotes of which the target has none, of any form, and no dash that opens speech."""
    quotes = _QUOTE.findall(source)
    short = bool(quotes) and len(quotes[0].split()) <= _SHORT_QUOTE
    return (short or len(quotes) > 1) and not _QUOTE_MARK.search(target) and not _SPEECH_DASH.search(target)


def _enumeration_lost(pair: TextPair) -> bool:
    """A text that is nothing but short parts, three at least, has as many of them."""
    source, target = _enumeration(pair.source.text), _enumeration(pair.target.text)
    return bool(source and target) and source != target and max(source, target) > _PAIR


def _enumeration(text: str) -> int:
    """Parts of a text that consists of short ones; 0 for another."""
    parts = [part for part in _PARTS.split(text.strip(" .\n")) if part.strip()]
    return len(parts) if all(len(part.split()) <= _LONGEST_PART for part in parts) else 0


CHECK = Check(MEANINGS, _row_doubts)
