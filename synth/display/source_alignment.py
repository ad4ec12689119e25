"""Where an answer's sentences come from: the source that has each word for word, or nearly so, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from synth.language.segmentation import sentences, words

#: Share of a sentence's words that one sentence of a source must hold to count as near.
NEAR = 0.6
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(slots=True)
class SourceSentence:
    """A sentence of a source."""

    source: int
    paragraph: int
    text: str
    vocabulary: frozenset[str]
    #: name of the place in the page, set once a sentence of the answer points there.
    anchor: str = ""


@dataclass(slots=True)
class Alignment:
    """What the page shows of one answer.

    `answer`: paragraphs of {text, how, source, anchor}; how is "verbatim", "near" or "none", source counts from 1.
    `sources`: for each shown source, paragraphs of {text, anchor}, whose texts joined are the paragraph; beyond the cut
    only the sentences that are pointed at.
    """

    answer: list[list[dict[str, Any]]]
    sources: list[list[list[dict[str, Any]]]]
    counts: dict[str, int] = field(default_factory=dict)
    #: characters of each shown source that are left out.
    cut: list[int] = field(default_factory=list)


def align(
    answer: str, contents: Sequence[str], language: str, name: str, page_sources: int, most: int | None = None
) -> Alignment:
    """Align an answer with its sources.

    Args:
        contents: texts of all sources, in order.
        name: what the anchors of this answer begin with.
        page_sources: how many of the sources the page shows; only those get anchors.
        most: characters of a source that the page shows, besides the sentences pointed at; None: all.
    """
    pieces = list(_pieces(contents, language))
    answer_rows: list[list[dict[str, Any]]] = []
    counts = {"verbatim": 0, "near": 0, "none": 0}
    for paragraph in paragraphs(answer):
        row = []
        for text in sentences(paragraph, language):
            how, piece = _nearest(text, pieces)
            counts[how] += 1
            if piece and piece.source < page_sources and not piece.anchor:
                piece.anchor = f"{name}-{sum(bool(piece.anchor) for piece in pieces) + 1}"
            source, anchor = (piece.source + 1, piece.anchor) if piece else (0, "")
            row.append({"text": text, "how": how, "source": source, "anchor": anchor})
        answer_rows.append(row)
    marked = [
        _marked(content, [p for p in pieces if p.source == i]) for i, content in enumerate(contents[:page_sources])
    ]
    cut = [0] * len(marked)
    if most is not None:
        for i, rows in enumerate(marked):
            marked[i], cut[i] = _shortened(rows, most)
    return Alignment(answer_rows, marked, counts, cut)


def paragraphs(text: str) -> list[str]:
    """Paragraphs with white space folded; a blank line parts them."""
    return [" ".join(part.split()) for part in _BLANK_LINE.split(text) if part.strip()]


def _pieces(contents: Iterable[str], language: str) -> Iterable[SourceSentence]:
    for source, content in enumerate(contents):
        for i, paragraph in enumerate(paragraphs(content)):
            for text in sentences(paragraph, language):
                yield SourceSentence(source, i, text, _vocabulary(text))


def _vocabulary(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in words(text))


def _nearest(text: str, pieces: Sequence[SourceSentence]) -> tuple[str, SourceSentence | None]:
    """How a sentence is found, and where; of several equal places the first."""
    for piece in pieces:
        # Agency stamps before a sentence are cut when it is taken over: so containment, not equality.
        if text in piece.text:
            return "verbatim", piece
    vocabulary = _vocabulary(text)
    if not vocabulary or not pieces:
        return "none", None
    best = max(pieces, key=lambda piece: len(vocabulary & piece.vocabulary))
    if len(vocabulary & best.vocabulary) < NEAR * len(vocabulary):
        return "none", None
    # The same words as a set, in the same order but for marks, are the same words.
    same = [word.lower() for word in words(text)] == [word.lower() for word in words(best.text)]
    return "verbatim" if same else "near", best


def _marked(content: str, pieces: Sequence[SourceSentence]) -> list[list[dict[str, Any]]]:
    """The paragraphs of a source, cut where a sentence is pointed at."""
    rows = []
    for i, paragraph in enumerate(paragraphs(content)):
        row: list[dict[str, Any]] = []
        cursor = 0
        for piece in pieces:
            start = paragraph.find(piece.text, cursor) if piece.anchor and piece.paragraph == i else -1
            if start >= 0:
                end = start + len(piece.text)
                row += [{"text": paragraph[cursor:start], "anchor": ""}, {"text": piece.text, "anchor": piece.anchor}]
                cursor = end
        row.append({"text": paragraph[cursor:], "anchor": ""})
        rows.append([part for part in row if part["text"]])
    return rows


def _shortened(rows: list[list[dict[str, Any]]], most: int) -> tuple[list[list[dict[str, Any]]], int]:
    """(paragraphs as far as `most` characters, and beyond only what is pointed at; how many characters are cut)."""
    remaining, out = most, 0
    shortened = []
    for row in rows:
        short: list[dict[str, Any]] = []
        for part in row:
            text = part["text"]
            if not part["anchor"] and len(text) > remaining:
                head = text[:remaining].rpartition(" ")[0] if remaining > 0 else ""
                # A gap is shown once, at its beginning.
                gap = "" if short and short[-1]["text"].endswith("…") else "…" if not head else f"{head} …"
                out += len(text) - len(head)
                text = gap
            remaining -= len(part["text"])
            if text:
                short.append({**part, "text": text})
        if any(part["anchor"] or part["text"] != "…" for part in short):
            shortened.append(short)
    return shortened, out
