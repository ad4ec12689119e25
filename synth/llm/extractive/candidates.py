"""The sentences of the sources that may stand in a summary, and what each needs before it."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from synth.language.segmentation import sentences, words
from synth.language.tables import is_syllabic, languages
from synth.llm.extractive.prose import Context, context_of, defect, without_heading
from synth.llm.extractive.references import Needs, Reader, terms_of
from synth.llm.extractive.sentence_filter import (
    begins_dependent,
    clean,
    has_relative_day,
    is_fit,
    is_like_caption,
    starts_with_credit,
)

#: Sentences of one source that are looked at: news tell what matters first, and cost stays linear.
_DEPTH = 40
#: Position of the latest sentence that may be chosen: deeper ones lean on what stands between.
_LATEST = 8
#: Words of the longest headline, and of the longest caption before a story.
_STRAY_HEADLINE = 14
_CAPTION = 17
#: Sentences after which a quotation that nothing closes counts as a slip of the pen.
_LONG_QUOTATION = 8
#: Letters by which two words are the same in an inflected language, and those of the shortest that counts.
_STEM, _SHORTEST_WORD = 5, 4


@dataclass(frozen=True, slots=True)
class Document:
    """A source as the summariser sees it; `date` orders the sources where given."""

    title: str
    content: str
    date: datetime | None = None


@dataclass(slots=True)
class Candidate:
    """A sentence that may stand in a summary."""

    text: str
    source: int
    position: int
    length: int
    vocabulary: frozenset[str]
    #: numbers and names.
    facts: frozenset[str]
    #: what it says, without small words and endings.
    units: frozenset[str]
    #: what later sentences may point at.
    terms: frozenset[str]
    needs: Needs
    #: begins with a word that continues a thought: no lead even of its own article.
    dependent: bool
    #: has "today", "yesterday" and the like.
    relative: bool
    #: whether syllables are written apart in its language: what it shares with others looks less.
    syllabic: bool = False
    vector: dict[str, float] = field(default_factory=dict)
    score: float = 0.0


def candidates_of(documents: Sequence[Document], language: str) -> list[Candidate]:
    """The fit sentences of all documents, in their order."""
    contents = [document.content for document in documents]
    titles = [frozenset(word.lower() for word in words(document.title)) for document in documents]
    rows = [
        row
        for number, document in enumerate(documents)
        for row in _of_document(document, number, context_of(document.content, _others(contents, number)), language)
        # Links to other articles stand in scraped bodies as their headlines.
        if not any(row.vocabulary <= title for title in titles)
    ]
    return _without_stray_headlines(rows, documents)


def _others(contents: Sequence[str], number: int) -> list[str]:
    return [content for other, content in enumerate(contents) if other != number]


def _of_document(document: Document, number: int, context: Context, language: str) -> Iterator[Candidate]:
    folded = " ".join(document.content.split())
    reader, rows = Reader(language), list(_rows(document.content, context, language))
    for row, following in itertools.zip_longest(rows, rows[1:]):
        needs = reader.needs_of(row.text)
        if (
            row.position > _LATEST
            or row.quoted
            or not is_fit(row.text, language)
            or defect(row.text, context, language)
        ):
            continue
        # A stamp that stood within the sentence is not in what is left of it.
        if row.text not in folded or (following and starts_with_credit(following.raw)) or _is_caption(row, language):
            continue
        yield Candidate(
            row.text, number, row.position, len(words(row.text)),
            frozenset(word.lower() for word in words(row.text)), facts_of(row.text), units_of(row.text, language),
            terms_of(row.text), needs, begins_dependent(row.text, language), has_relative_day(row.text, language),
            is_syllabic(language),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """A sentence where it stands."""

    position: int
    text: str
    #: in a quotation of several sentences.
    quoted: bool
    #: ends its paragraph, and begins it.
    alone: bool
    #: with the heading or credit that is joined to it.
    raw: str = ""


def _is_caption(row: _Row, language: str) -> bool:
    """Whether a short sentence stands under a picture: nobody says, did or will do anything in it."""
    return is_like_caption(row.text, language) and len(words(row.text)) <= _CAPTION


def _rows(content: str, context: Context, language: str) -> Iterator[_Row]:
    """The sentences without what is joined to them in front."""
    for row in _outside_quotations(content, language):
        yield replace(row, text=without_heading(row.text, context, language), raw=row.text)


def _outside_quotations(content: str, language: str) -> Iterator[_Row]:
    """The sentences, and which of them lie in a quotation of several."""
    position = 0
    for paragraph in re.split(r"\n\s*\n", content):
        inside, texts = 0, sentences(clean(paragraph), language)
        for text in texts:
            if position == _DEPTH:
                return
            if inside > _LONG_QUOTATION or (inside and text[0] in "«“"):
                inside = 0
            yield _Row(position, text, bool(inside), len(texts) == 1)
            flips = sum(text.count(mark) for mark in ('"', "''", "«", "»", "“", "”"))
            inside = (0 if inside else 1) if flips % 2 else inside + bool(inside)
            position += 1


def _without_stray_headlines(rows: list[Candidate], documents: Sequence[Document]) -> list[Candidate]:
    """Without headlines of linked articles, as scraped bodies have them: short, and none of their names comes again."""
    counts = Counter(word for document in documents for word in words(f"{document.title} {document.content}".lower()))

    def is_stray_headline(row: Candidate) -> bool:
        if not row.position or row.length > _STRAY_HEADLINE:
            return False
        # A number of its own is news.
        names_only = bool(row.facts) and not any(fact.isdigit() for fact in row.facts)
        once = sum(counts[name] <= 1 for name in row.facts)
        # One of three names may be of everybody: "Capodanno", "Roma".
        return names_only and once >= max(1, len(row.facts) - len(row.facts) // 3)

    return [row for row in rows if not is_stray_headline(row)]


def facts_of(sentence: str) -> frozenset[str]:
    """Numbers and names: what two reports of one event share, however differently they word it."""
    numbers = (re.sub(r"\D", "", number) for number in re.findall(r"\d+(?:[.,:]\d+)*", sentence))
    # The first word's capital says nothing.
    names = (word.lower() for word in words(sentence)[1:] if word[0].isupper())
    return frozenset(itertools.chain(numbers, names))


def units_of(sentence: str, language: str) -> frozenset[str]:
    """What a sentence says: numbers, and stems of its longer words, or pairs of syllables where these stand apart."""
    tokens = [word.casefold() for word in words(sentence)]
    numbers = {token for token in tokens if token[0].isdigit()}
    if is_syllabic(language):
        return frozenset(f"{first} {second}" for first, second in itertools.pairwise(tokens)) | numbers
    table = languages().get(language)
    small = table.frequent | table.names.common if table else frozenset[str]()
    return frozenset(token[:_STEM] for token in tokens if len(token) >= _SHORTEST_WORD and token not in small) | numbers


def from_mapping(row: Mapping[str, Any]) -> Document:
    """A document from a source of a sample, or any row with title, content and date."""
    date = row.get("date")
    return Document(
        str(row.get("title") or ""), str(row.get("content") or ""), date if isinstance(date, datetime) else None
    )
