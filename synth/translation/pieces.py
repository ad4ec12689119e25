"""A long text in pieces that a call or a model can take, and the white space between them, which is never sent.

Joined again, pieces and white space are the text to the byte. A text is cut between paragraphs, else lines, else
sentences, else words, else anywhere; neighbours stay together as long as they fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from synth.language.segmentation import sentences

Fits = Callable[[str], bool]

_NO_MASK = re.compile(r"(?!)")

_PARAGRAPH = re.compile(r"[ \t]*\n[ \t]*\n\s*")
_LINE = re.compile(r"\s*\n\s*")
_BLANK = re.compile(r"\s+")
#: What a line may begin with that is no part of its sentence: bullets, numbers of items, headings, quotation marks.
_MARKER = re.compile(r"(?:(?:[-*+•‣◦–—]|#{1,6}|>|\(?\d{1,3}[.)])[ \t]+)+")


class Piece(NamedTuple):
    """A part of a text: something to translate, or what stands between."""

    text: str
    is_sent: bool


@dataclass(frozen=True)
class Cutting:
    """How texts are cut.

    Attributes:
        fits: whether a piece can be taken whole.
        language: ISO 639-1 code of the texts, for where sentences end.
        by_sentence: cut at every line and sentence, and leave out what lines begin with: for models of sentences.
        masks: finds masks, which are not sent where they begin or end a piece: there they cannot be lost.
    """

    fits: Fits
    language: str = ""
    by_sentence: bool = False
    masks: re.Pattern[str] = _NO_MASK

    def smaller(self) -> Cutting:
        """The same for a second try: every sentence for itself."""
        return replace(self, by_sentence=True)


def pieces_of(text: str, cutting: Cutting) -> list[Piece]:
    """The text in pieces, in order; `"".join(piece.text for piece in …)` is the text."""
    return list(_stripped(text, cutting))


def _stripped(text: str, cutting: Cutting) -> Iterator[Piece]:
    """A text without the white space around it, which comes as pieces of its own."""
    core = text.strip()
    if not core:
        yield from _between(text)
        return
    start = text.index(core)
    yield from _between(text[:start])
    yield from _by_lines(core, cutting) if cutting.by_sentence else _fitted(core, cutting)
    yield from _between(text[start + len(core) :])


def _between(text: str) -> Iterator[Piece]:
    if text:
        yield Piece(text, is_sent=False)


def _by_lines(core: str, cutting: Cutting) -> Iterator[Piece]:
    """Every sentence of every line, without what the line begins with."""
    for line, gap in _split(core, _LINE):
        marker = _MARKER.match(line)
        begin = marker.end() if marker and marker.end() < len(line) else 0
        yield from _between(line[:begin])
        for sentence, blank in _sentences(line[begin:], cutting.language):
            yield from _fitted(sentence, cutting)
            yield from _between(blank)
        yield from _between(gap)


def _fitted(core: str, cutting: Cutting) -> Iterator[Piece]:
    """A text that neither begins nor ends with white space, in pieces that fit."""
    if cutting.fits(core):
        yield from _whole(core, cutting)
        return
    for parts in (_split(core, _PARAGRAPH), _split(core, _LINE), _sentences(core, cutting.language),
                  _split(core, _BLANK)):  # fmt: skip
        if len(parts) > 1:
            for group, gap in _grouped(parts, cutting.fits):
                yield from _fitted(group, cutting)
                yield from _between(gap)
            return
    # A word as long as a page; a single character is sent, whatever it costs.
    middle = _middle(core, cutting.masks)
    if not 0 < middle < len(core):
        yield Piece(core, is_sent=True)
        return
    yield from _fitted(core[:middle], cutting)
    yield from _fitted(core[middle:], cutting)


def _middle(core: str, masks: re.Pattern[str]) -> int:
    """Where to cut a word, outside of its masks; one of its ends where nothing can be cut."""
    middle = len(core) // 2
    inside = next((match for match in masks.finditer(core) if match.start() < middle < match.end()), None)
    return middle if inside is None else inside.start() or inside.end()


def _whole(core: str, cutting: Cutting) -> Iterator[Piece]:
    """A piece, without the masks that it begins and ends with."""
    runs = [
        match.span() for match in re.finditer(rf"(?:\s*(?:{cutting.masks.pattern})\s*)+", core, cutting.masks.flags)
    ]
    begin = runs[0][1] if runs and not runs[0][0] else 0
    end = runs[-1][0] if runs and runs[-1][1] == len(core) else len(core)
    if begin >= end:
        yield from _between(core)
        return
    yield from _between(core[:begin])
    yield Piece(core[begin:end], is_sent=True)
    yield from _between(core[end:])


def _grouped(parts: Sequence[tuple[str, str]], fits: Fits) -> Iterator[tuple[str, str]]:
    """Neighbours joined as long as they fit; those that fit no piece alone stand alone."""
    group, gap = parts[0]
    for part, following in parts[1:]:
        if fits(group + gap + part):
            group, gap = group + gap + part, following
        else:
            yield group, gap
            group, gap = part, following
    yield group, gap


def _split(text: str, separator: re.Pattern[str]) -> list[tuple[str, str]]:
    """(part, what stands behind it) of a text that neither begins nor ends with white space."""
    parts, position = [], 0
    for match in separator.finditer(text):
        parts.append((text[position : match.start()], match[0]))
        position = match.end()
    return [*parts, (text[position:], "")]


def _sentences(text: str, language: str) -> list[tuple[str, str]]:
    """(sentence, white space behind it): those of `synth.language.segmentation`, as they stand in the text."""
    parts, position = [], 0
    for sentence in sentences(text, language):
        end = _end_of(sentence, text, position)
        blank = _BLANK.match(text, end)
        parts.append((text[position:end], blank[0] if blank else ""))
        position = blank.end() if blank else end
    if position < len(text):
        parts.append((text[position:], ""))
    return parts or [(text, "")]


def _end_of(sentence: str, text: str, position: int) -> int:
    """Where a sentence whose white space was folded ends in the text."""
    remaining = sum(not character.isspace() for character in sentence)
    while remaining and position < len(text):
        remaining -= not text[position].isspace()
        position += 1
    return position
