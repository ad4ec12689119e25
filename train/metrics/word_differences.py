"""Which words of two texts differ, for people to see at a glance: runs of shared words, and of each text's own.

By `difflib` on words as they are written (case and signs count, Unicode form does not), over at most MOST words of each
text: what a model says over and over costs difflib the square of its length.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from train.metrics.words import expression

#: Words of a text that are compared; the rest is only counted.
MOST = 400
#: Share of shared words below which marks say nothing: nearly every word would have one.
FEW = 0.15


class Run(NamedTuple):
    """Neighbouring words as they stand in the text; own: the other text has not got them. White space is never own."""

    text: str
    own: bool


class Compared(NamedTuple):
    """Two texts in runs. share: of their words that both have, 0 to 1. more: words of each beyond the first MOST."""

    first: list[Run]
    second: list[Run]
    share: float
    more: tuple[int, int]

    @property
    def alike(self) -> bool:
        """Whether the two have enough in common for the marks to say something."""
        return self.share >= FEW


def compare_words(first: str, second: str, most: int = MOST) -> Compared:
    """The two texts as runs of shared and of own words.

    Put together again the runs of a text are its first `most` words, NFC, empty lines reduced to one.
    """
    (before, more_before), (after, more_after) = (_parts(text, most) for text in (first, second))
    matcher = SequenceMatcher(None, [part.strip() for part in before], [part.strip() for part in after], autojunk=False)
    blocks = matcher.get_matching_blocks()
    # Full stops and commas in common are no words in common.
    shared = sum(_is_word(part) for block in blocks for part in before[block.a : block.a + block.size])
    count = sum(map(_is_word, before + after))
    return Compared(
        list(_runs(before, [(block.a, block.size) for block in blocks])),
        list(_runs(after, [(block.b, block.size) for block in blocks])),
        2 * shared / count if shared else 0.0,
        (more_before, more_after),
    )


def tidy(text: str) -> str:
    """NFC, with one empty line at most in a row: a model's hundred newlines are no hundred lines of the page."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return re.sub(r"[^\S\n]*\n(?:[^\S\n]*\n)+[^\S\n]*", "\n\n", text)


def _parts(text: str, most: int) -> tuple[list[str], int]:
    """(words with the white space before them, how many more there are)."""
    text = tidy(text)
    ends = [match.end() for match in _pattern().finditer(text)]
    shown = ends[:most]
    parts = [text[start:end] for start, end in zip([0, *shown], shown, strict=False)]
    return parts, len(ends) - len(shown)


@functools.cache
def _pattern() -> re.Pattern[str]:
    """A word, with what a point, a comma, a colon or a line joins to it (1.200, 10:30, Emilia-Romagna), or one sign.

    An apostrophe ends a word: "dell'acqua" is two.
    """
    word = f"(?:{expression()})"
    return re.compile(rf"{word}(?:[.,:/-]{word})*['’]?|_+|[^\w\s]")


def _is_word(part: str) -> bool:
    return any(map(str.isalnum, part))


def _runs(parts: Sequence[str], shared: Sequence[tuple[int, int]]) -> Iterator[Run]:
    """Runs of the parts; shared: (start, size) of those that the other text has, in order."""
    end = 0
    for start, size in shared:
        own = "".join(parts[end:start])
        lead = own[: len(own) - len(own.lstrip())]
        runs = (
            Run(lead, own=False),
            Run(own[len(lead) :], own=True),
            Run("".join(parts[start : start + size]), own=False),
        )
        yield from (run for run in runs if run.text)
        end = start + size
