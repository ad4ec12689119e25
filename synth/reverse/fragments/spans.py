"""Where paragraphs and sentences of an article stand: fragments are cut out of it to the byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from synth.language.segmentation import sentences, words

_PARAGRAPH = re.compile(r"[^\s](?:.|\n(?!\s*\n))*")


class Span(NamedTuple):
    """A part of a text: text[start:end]."""

    start: int
    end: int


class Sentence(NamedTuple):
    """A sentence: where it stands, its text with white space folded, how many words it has."""

    start: int
    end: int
    text: str
    words: int


def paragraphs(content: str) -> list[Span]:
    """The parts of a text between blank lines, without the white space around them."""
    spans = (Span(*match.span()) for match in _PARAGRAPH.finditer(content))
    return [Span(start, start + len(content[start:end].rstrip())) for start, end in spans]


def sentence_spans(content: str, paragraph: Span, language: str) -> list[Sentence]:
    """The sentences of a paragraph, in order; between them lies white space only."""
    return list(_located(content, paragraph, sentences(content[paragraph.start : paragraph.end], language)))


def _located(content: str, paragraph: Span, texts: list[str]) -> Iterator[Sentence]:
    """Joined, the sentences hold every character that is no space: they are found by counting those."""
    position = paragraph.start
    for text in texts:
        while content[position].isspace():
            position += 1
        start, remaining = position, sum(not character.isspace() for character in text)
        while remaining:
            remaining -= not content[position].isspace()
            position += 1
        yield Sentence(start, position, text, len(words(text)))
