"""A summary made of the sources' own sentences: central, early, not repeated, in the order of time.

Centroid scores (Radev et al., 2004) with the headlines as a second centroid and a prior for the article's beginning;
chosen greedily by what a sentence adds to those before it (after maximal marginal relevance, Carbonell and Goldstein,
1998). Cost is linear in the sentences, which a LexRank graph's is not.
"""

from __future__ import annotations

import itertools
import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from synth.language.segmentation import sentences, words
from synth.llm.extractive.sentence_filter import begins_dependent, clean, has_relative_day, is_dependent, is_fit

#: Raised when the same sources give another summary than before, so that stored replies of the old way are not reused.
VERSION = 2
#: Words of a summary where the sources are longer: what the human summaries of vi_vnmds have in the median (182).
MAX_WORDS = 180
#: Share of the shorter sentence's words that another may hold before the two tell the same.
MAX_OVERLAP = 0.5
#: Share of all words of two sentences that near copies have in common.
COPY = 0.7
#: Sentences of one source that are looked at: news tell what matters first, and cost stays linear.
_DEPTH = 40
#: Words of the longest headline.
_STRAY = 14
#: Words below which nothing is returned.
_SHORTEST = 30


@dataclass(frozen=True)
class Weights:
    """What a sentence's worth is made of, in units of a cosine.

    Chosen on every other event of vi_vnmds (a test pins the others), where each lies on a plateau; `retold` by reading:
    without it each newspaper's lead tells the event once more. It grows with `position`, which those leads gain by.
    """

    centroid: float = 1.0
    titles: float = 0.5
    position: float = 2.0
    redundancy: float = 0.5
    retold: float = 0.75
    new_source: float = 0.2
    other_day: float = 0.3


@dataclass(frozen=True, slots=True)
class Document:
    """A source as the summariser sees it; `date` orders the sources where given."""

    title: str
    content: str
    date: datetime | None = None


class Room(NamedTuple):
    """How long a summary may be."""

    words: int
    sentences: int


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
    dependent: bool
    #: has "today", "yesterday" and the like.
    relative: bool
    vector: dict[str, float] = field(default_factory=dict)
    score: float = 0.0


def summarize(
    documents: Sequence[Document],
    language: str = "",
    max_words: int | None = None,
    weights: Weights | None = None,
    max_sentences: int | None = None,
) -> str:
    """One text from several articles, in their own sentences.

    The first sentence is the lead of an article, the others follow by date and position. No two sentences share more
    than MAX_OVERLAP of the shorter one's words. The same documents give the same text, in whatever order they come.

    Args:
        language: ISO 639-1 code of the documents.
        max_words: never exceeded; default: the median length of the sources, at most MAX_WORDS.
        max_sentences: never exceeded; default: as many as the words allow.
    Returns:
        One paragraph; "" where too few sentences are fit to stand alone.
    """
    ordered = sorted(documents, key=_by_time)
    limit = max_words if max_words is not None else default_length(ordered)
    candidates = _candidates(ordered, language)
    _score(candidates, ordered, weights or Weights())
    room = Room(limit, max_sentences or len(candidates))
    chosen = _choose(candidates, room, weights or Weights(), [_day(document) for document in ordered])
    # A sentence or two out of long articles is no summary: they are made of speech, lists or tables.
    if not max_sentences and sum(candidate.length for candidate in chosen) < min(_SHORTEST, limit / 2):
        return ""
    return " ".join(candidate.text for candidate in chosen)


def default_length(documents: Sequence[Document]) -> int:
    """Words of the median source, at most MAX_WORDS."""
    lengths = [len(words(document.content)) for document in documents]
    return min(MAX_WORDS, int(statistics.median(lengths))) if lengths else 0


def _day(document: Document) -> object:
    return document.date.date() if document.date else None


def _by_time(document: Document) -> tuple[float, str, str]:
    return document.date.timestamp() if document.date else math.inf, document.title, document.content


# ---- the sentences to choose from

#: Sentences after which a quotation that nothing closes counts as a slip of the pen.
_LONG_QUOTATION = 8


def _candidates(documents: Sequence[Document], language: str) -> list[Candidate]:
    found: list[Candidate] = []
    titles = [frozenset(word.lower() for word in words(document.title)) for document in documents]
    for number, document in enumerate(documents):
        for position, text in _outside_quotations(document.content, language):
            if not is_fit(text, language):
                continue
            vocabulary = frozenset(word.lower() for word in words(text))
            # Links to other articles stand in scraped bodies as their headlines.
            if any(vocabulary <= title for title in titles):
                continue
            # Nothing comes before the first sentence: it cannot point back.
            dependent = is_dependent(text, language) if position else begins_dependent(text, language)
            dated = has_relative_day(text, language)
            found.append(
                Candidate(text, number, position, len(words(text)), vocabulary, facts_of(text), dependent, dated)
            )
    return _without_strays(found, documents)


def _without_strays(candidates: list[Candidate], documents: Sequence[Document]) -> list[Candidate]:
    """Without headlines of linked articles, as scraped bodies have them: short, and none of their names comes again."""
    told = Counter(word for document in documents for word in words(f"{document.title} {document.content}".lower()))

    def is_stray(one: Candidate) -> bool:
        # A number of its own is news.
        names_only = bool(one.facts) and not any(fact.isdigit() for fact in one.facts)
        return bool(one.position) and one.length <= _STRAY and names_only and all(told[name] <= 1 for name in one.facts)

    return [one for one in candidates if not is_stray(one)]


def facts_of(sentence: str) -> frozenset[str]:
    """Numbers and names: what two reports of one event share, however differently they word it."""
    numbers = (re.sub(r"\D", "", number) for number in re.findall(r"\d+(?:[.,:]\d+)*", sentence))
    # The first word's capital says nothing.
    names = (word.lower() for word in words(sentence)[1:] if word[0].isupper())
    return frozenset(itertools.chain(numbers, names))


def _outside_quotations(content: str, language: str) -> Iterator[tuple[int, str]]:
    """(position, sentence) of those that do not lie in a quotation of several sentences."""
    position = 0
    for paragraph in re.split(r"\n\s*\n", content):
        inside = 0
        for text in sentences(clean(paragraph), language):
            if position == _DEPTH:
                return
            if inside > _LONG_QUOTATION or (inside and text[0] in "«“"):
                inside = 0
            if not inside:
                yield position, text
            flips = (
                text.count('"')
                + text.count("''")
                + text.count("«")
                + text.count("»")
                + text.count("“")
                + text.count("”")
            )
            inside = (0 if inside else 1) if flips % 2 else inside + bool(inside)
            position += 1


# ---- how much each is worth


def _score(candidates: list[Candidate], documents: Sequence[Document], weights: Weights) -> None:
    """Fill in vectors and scores."""
    weight = _idf(candidate.vocabulary for candidate in candidates)
    for candidate in candidates:
        counts = Counter(word.lower() for word in words(candidate.text))
        candidate.vector = _unit({word: (1 + math.log(count)) * weight[word] for word, count in counts.items()})
    centre = _unit(_sum(candidate.vector for candidate in candidates))
    titles = Counter(word.lower() for document in documents for word in set(words(document.title)))
    headline = _unit({word: count * weight[word] for word, count in titles.items() if word in weight})
    for candidate in candidates:
        candidate.score = (
            weights.centroid * _dot(candidate.vector, centre)
            + weights.titles * _dot(candidate.vector, headline)
            + weights.position / math.sqrt(1 + candidate.position)
        )


def _idf(vocabularies: Iterable[frozenset[str]]) -> dict[str, float]:
    sets = list(vocabularies)
    counts = Counter(word for vocabulary in sets for word in vocabulary)
    return {word: math.log(1 + len(sets) / count) for word, count in counts.items()}


def _unit(vector: Mapping[str, float]) -> dict[str, float]:
    # Summed in one order: sets and dictionaries of equal content must give equal floats.
    length = math.sqrt(math.fsum(value * value for value in vector.values()))
    return {word: value / length for word, value in vector.items()} if length else {}


def _sum(vectors: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for vector in vectors:
        for word, value in vector.items():
            total[word] = total.get(word, 0.0) + value
    return total


def _dot(left: Mapping[str, float], right: Mapping[str, float]) -> float:
    return math.fsum(value * right[word] for word, value in left.items() if word in right)


# ---- which to take


def _choose(candidates: list[Candidate], room: Room, weights: Weights, days: Sequence[object]) -> list[Candidate]:
    """The lead and what adds most to it, in reading order: the lead's article first, then the others by time."""
    lead = _lead(candidates, room.words)
    if lead is None:
        return []
    weight = _idf(candidate.vocabulary for candidate in candidates)
    chosen, left = [lead], [one for one in _distinct(candidates) if one is not lead]
    told, used = set(lead.vocabulary | lead.facts), lead.length
    while len(chosen) < room.sentences:
        left = [one for one in left if used + one.length <= room.words and not _repeats(one, chosen[-1])]
        open_ones = [one for one in left if not one.dependent or _follows(one, chosen)]
        if not open_ones:
            break
        sources = {one.source for one in chosen}
        best = max(
            open_ones,
            key=lambda one: (
                one.score
                - weights.redundancy * _covered(one, told, weight)
                - weights.retold * _retells(one, lead, told)
                + weights.new_source * (one.source not in sources)
                - weights.other_day * (one.relative and days[one.source] != days[lead.source]),
                -one.source,
                -one.position,
            ),
        )
        chosen.append(best)
        left.remove(best)
        told |= best.vocabulary | best.facts
        used += best.length
    return sorted(chosen, key=lambda one: (one.source != lead.source, one.source, one.position))


def _distinct(candidates: list[Candidate]) -> Iterator[Candidate]:
    """Without the near copies that a later source has of an earlier one's sentence: whose story is told stays whole."""
    kept: list[Candidate] = []
    for one in candidates:
        if not any(other.source != one.source and _is_copy(one.vocabulary, other.vocabulary) for other in kept):
            kept.append(one)
            yield one


def _is_copy(left: frozenset[str], right: frozenset[str]) -> bool:
    shorter, longer = sorted((len(left), len(right)))
    return shorter >= COPY * longer and len(left & right) >= COPY * len(left | right)


def _lead(candidates: list[Candidate], limit: int) -> Candidate | None:
    """The first sentence of the earliest article that is not beside the point."""
    fitting = [one for one in candidates if one.length <= limit]
    for last in (0, 1):
        leads = [one for one in fitting if one.position <= last and not one.dependent]
        if leads:
            best = max(one.score for one in leads)
            return next(one for one in leads if one.score >= 0.7 * best)
    return max(fitting, key=lambda one: (not one.dependent, one.score), default=None)


def _follows(candidate: Candidate, chosen: list[Candidate]) -> bool:
    return any(one.source == candidate.source and one.position == candidate.position - 1 for one in chosen)


def _covered(candidate: Candidate, told: set[str], weight: Mapping[str, float]) -> float:
    """Share of what a sentence says, weighed by rarity, that was said before: 0 to 1."""
    total = math.fsum(weight[word] for word in candidate.vocabulary)
    return math.fsum(weight[word] for word in candidate.vocabulary & told) / total if total else 1.0


def _retells(candidate: Candidate, lead: Candidate, told: set[str]) -> float:
    """How much of another article's beginning tells the event once more, by numbers and names told before: 0 to 1."""
    if candidate.source == lead.source or candidate.position > 1:
        return 0.0
    known = len(candidate.facts & told) / len(candidate.facts) if candidate.facts else 0.0
    return max(known, 0.5 if candidate.position == 0 else 0.0)


def _repeats(candidate: Candidate, other: Candidate) -> bool:
    return overlap(candidate.vocabulary, other.vocabulary) > MAX_OVERLAP


def overlap(left: frozenset[str], right: frozenset[str]) -> float:
    """Share of the smaller set that the other holds, 0 to 1."""
    return len(left & right) / max(1, min(len(left), len(right)))


def from_mapping(row: Mapping[str, Any]) -> Document:
    """A document from a source of a sample, or any row with title, content and date."""
    date = row.get("date")
    return Document(
        str(row.get("title") or ""), str(row.get("content") or ""), date if isinstance(date, datetime) else None
    )
