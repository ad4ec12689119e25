"""An answer as it is held against its sources: its tokens, numbers, sentences and units, each made once."""

from __future__ import annotations

import bisect
import functools
import re
import unicodedata
from collections.abc import Sequence

from synth.language.segmentation import sentences
from synth.language.tables import languages, nearest
from synth.scorers.faithful.numbers import mentions_of
from synth.scorers.faithful.tokens import tokens_of
from synth.scorers.faithful.units import Units, units_of


class Answer:
    """`text` is in NFC; `origin`: the place in the answer, as it was given, of each of its characters."""

    def __init__(self, answer: str, language: str | None = None) -> None:
        """language: ISO 639-1; the nearest is guessed where there is no table for it."""
        self.given = answer
        self.text, self.origin = _composed(answer)
        self.language: str = language if language and language in languages() else nearest(self.text)
        self.tokens = tokens_of(self.text)
        self.mentions = list(mentions_of(self.tokens, self.language))
        self.sentences = sentences(answer, self.language)

    @functools.cached_property
    def units(self) -> Units:
        """The units of the text."""
        composed = self.sentences if self.text == self.given else sentences(self.text, self.language)
        return units_of(self.text, self.tokens, self.mentions, composed, self.language)

    @functools.cached_property
    def _counts(self) -> tuple[list[int], list[int]]:
        """How many characters that are no space stand before each sentence's end, and before each character."""
        ends, total = [], 0
        for sentence in self.sentences:
            total += sum(not character.isspace() for character in sentence)
            ends.append(total)
        # Sentences come with their white space folded: only what is none can be counted.
        before, count = [], 0
        for character in self.given:
            before.append(count)
            count += not character.isspace()
        return ends, before

    def sentence_of(self, offset: int) -> int:
        """The number of the sentence that a character of the answer is in."""
        ends, before = self._counts
        return min(bisect.bisect_right(ends, before[offset]), max(0, len(ends) - 1))


def _composed(text: str) -> tuple[str, Sequence[int]]:
    """(the text with its accents composed, the place of each of its characters in the text, the end included)."""
    if unicodedata.is_normalized("NFC", text):
        return text, range(len(text) + 1)
    parts: list[str] = []
    origin: list[int] = []
    for match in re.finditer(r".[\u0300-\u036f]*+", text, re.DOTALL):
        part = unicodedata.normalize("NFC", match.group())
        parts.append(part)
        origin.extend([match.start()] * len(part))
    return "".join(parts), [*origin, len(text)]
