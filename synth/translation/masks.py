"""Masks: what must come through a translation as it is gives way to short signs, each of which must come back once.

"Run `ls -l` first."  ->  "Run ⟦1⟧ first."  ->  "Esegui prima ⟦1⟧."  ->  "Esegui prima `ls -l`."
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: Forms of masks in the order in which they are tried: the text must not have them, and a model's vocabulary should.
FORMS = ("⟦{}⟧", "[[{}]]", "<x{}>", "{{{{{}}}}}", "§{}§", "@@{}@@")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class MaskedText:
    """A text with masks, and what each stands for.

    Attributes:
        text: the text with masks.
        originals: what mask number 1, 2 … stands for.
        form: how a mask is written, with {} for its number.
    """

    text: str
    originals: tuple[str, ...]
    form: str = FORMS[0]

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds masks, also those that a model wrote with blanks inside; group 1 is the number."""
        return mask_pattern(self.form)

    def has_letters(self) -> bool:
        """Whether there is anything to translate besides what the masks stand for."""
        return bool(_LETTER.search(self.pattern.sub("", self.text)))

    def restore(self, text: str) -> str:
        """A translation with what its masks stand for; a mask that no text had is taken out."""

        def original(match: re.Match[str]) -> str:
            number = int(match[1])
            return self.originals[number - 1] if 0 < number <= len(self.originals) else ""

        return self.pattern.sub(original, text)


def mask(text: str, spans: Iterable[Sequence[Any]], fits: Callable[[str], bool] = lambda _: True) -> MaskedText:
    """The text with a mask for each span (start, end, …); spans with nothing but white space between are one.

    Args:
        fits: whether a model can read and write a form of masks; the first that it can, and the text lacks, is taken.
    """
    form = next((form for form in FORMS if not mask_pattern(form).search(text) and fits(form)), FORMS[0])
    parts: list[str] = []
    originals: list[str] = []
    position = 0
    for start, end in _merged(text, spans):
        originals.append(text[start:end])
        parts += [text[position:start], form.format(len(originals))]
        position = end
    return MaskedText("".join((*parts, text[position:])), tuple(originals), form)


def lost_masks(source: str, translation: str, pattern: re.Pattern[str]) -> list[int]:
    """Numbers of the masks that the translation does not have as often as the source has them."""
    expected, actual = (Counter(int(number) for number in pattern.findall(text)) for text in (source, translation))
    return sorted(number for number in expected | actual if expected[number] != actual[number])


def mask_pattern(form: str) -> re.Pattern[str]:
    """What finds masks of a form, also those with blanks inside."""
    begin, end = form.format("\0").split("\0")
    return re.compile(rf"{re.escape(begin)}\s*(\d+)\s*{re.escape(end)}", re.IGNORECASE)


def _merged(text: str, spans: Iterable[Sequence[Any]]) -> Sequence[tuple[int, int]]:
    """Spans in order: fewer masks are fewer that can be lost."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((span[0], span[1]) for span in spans if span[0] < span[1]):
        if merged and (start < merged[-1][1] or text[merged[-1][1] : start].isspace() or start == merged[-1][1]):
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
