"""A source with the sentences marked of which an answer tells most, or a part (synth.scorers.coverage)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synth.scorers.coverage.content import CoveredStatement, covered_statements, source_text

#: Share of a sentence's content from which the answer tells it, and from which it tells a part of it.
FULL, PART = 0.6, 0.25
#: Characters of an answer and of a source that are compared: a page is shown at once, whatever is stored.
_ANSWER_MOST, _SOURCE_MOST = 20_000, 50_000

#: A run of text: {text, level: "full", "part" or "", first: whether a marked sentence begins with it}.
Piece = dict[str, Any]


class _Span(NamedTuple):
    """Characters of a text, and how much of them the answer tells."""

    start: int
    end: int
    level: str


def source_coverage(
    answer: str, source: Mapping[str, Any], paragraphs: Sequence[Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """What a page shows of what an answer tells of a source.

    Args:
        source: an article as samples hold it: {title, description, content}.
        paragraphs: of its content, as a card shows them: lists of {text, anchor}; some may be cut.

    Returns:
        title, description and content as pieces; `paragraphs` with `pieces` in each part; `counts` of sentences
        {full, part, all}.
    """
    texts = {name: _text(source.get(name)) for name in ("title", "description", "content")}
    whole = source_text(texts)
    rows = covered_statements(answer[:_ANSWER_MOST], whole[:_SOURCE_MOST]) if answer else []
    spans = [_span(whole, row) for row in rows]
    levels = [span.level for span in spans]
    view: dict[str, Any] = {
        "counts": {"full": levels.count("full"), "part": levels.count("part"), "all": len(levels)}
    }  # fmt: skip
    start = 0
    for name, text in texts.items():
        own = [_Span(row.start - start, min(row.end - start, len(text)), row.level)
               for row in spans if start <= row.start < start + len(text)]  # fmt: skip
        view[name] = pieces(text, own)
        start += len(text) + bool(text)
    sentences = [(" ".join(texts["content"][row.start : row.end].split()), row.level) for row in own]
    return view | {"paragraphs": list(_paragraphs(paragraphs, [row for row in sentences if row[0]]))}


def _text(value: Any) -> str:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else ""


def _span(text: str, row: CoveredStatement) -> _Span:
    """Without the white space around it."""
    sentence = text[row.start : row.end]
    start = row.start + len(sentence) - len(sentence.lstrip())
    level = "full" if row.share >= FULL else "part" if row.share >= PART else ""
    return _Span(start, start + len(sentence.strip()), level)


def pieces(text: str, spans: Sequence[_Span]) -> list[Piece]:
    """A text cut at its marked spans, which are in order; the pieces joined are the text."""
    result: list[Piece] = []
    at = 0
    for start, end, level in spans:
        if level and end > start >= at:
            result += [_piece(text[at:start]), _piece(text[start:end], level, first=True)]
            at = end
    return [piece for piece in (*result, _piece(text[at:])) if piece["text"]]


def _piece(text: str, level: str = "", *, first: bool = False) -> Piece:
    return {"text": text, "level": level, "first": first}


def _paragraphs(
    paragraphs: Sequence[Sequence[Mapping[str, Any]]], sentences: Sequence[tuple[str, str]]
) -> Iterator[list[dict[str, Any]]]:
    """The parts of each paragraph with `pieces`: the sentences are looked for in order; one that is cut is passed."""
    following = 0
    for parts in paragraphs:
        texts = [_text(part["text"]) for part in parts]
        joined = "".join(texts)
        spans: list[_Span] = []
        at = 0
        for number in range(following, len(sentences)):
            sentence, level = sentences[number]
            start = _place(joined, sentence, at)
            if start >= 0:
                at, following = start + len(sentence), number + 1
                spans.append(_Span(start, at, level))
        yield [{**part, "pieces": row} for part, row in zip(parts, _parted(pieces(joined, spans), texts), strict=True)]


def _place(text: str, sentence: str, start: int) -> int:
    """Where a sentence stands, and not within a word; -1: nowhere."""
    offset = text.find(sentence, start)
    while offset >= 0:
        before, after = text[:offset][-1:], text[offset + len(sentence) :][:1]
        if not before.isalnum() and not (sentence[-1].isalnum() and after.isalnum()):
            return offset
        offset = text.find(sentence, offset + 1)
    return -1


def _parted(row: Sequence[Piece], texts: Sequence[str]) -> Iterator[list[Piece]]:
    """The pieces of joined texts, for each text its own."""
    rest = list(row)
    for text in texts:
        own: list[Piece] = []
        remainder = len(text)
        while remainder:
            piece = rest.pop(0)
            own.append({**piece, "text": piece["text"][:remainder]})
            if len(piece["text"]) > remainder:
                rest.insert(0, {**piece, "text": piece["text"][remainder:], "first": False})
            remainder -= len(own[-1]["text"])
        yield own
