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
_STRAY_HEADLINE = 14
#: Words below which nothing is returned.
_SHORTEST = 30


@dataclass(frozen=True)
class Weights:
    """What a sentence's worth is made of, in units of a cosine.

    Chosen on every other event of vi_vnmds (a test pins the others), where each lies on a plateau; `retold` by reading:
    without it each newspaper's lead repeats the event. It grows with `position`, which those leads gain by.
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


class LengthBudget(NamedTuple):
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
    budget = LengthBudget(limit, max_sentences or len(candidates))
    selected = _select(candidates, budget, weights or Weights(), [_day(document) for document in ordered])
    # A sentence or two out of long articles is no summary: they are made of speech, lists or tables.
    if not max_sentences and sum(candidate.length for candidate in selected) < min(_SHORTEST, limit / 2):
        return ""
    return " ".join(candidate.text for candidate in selected)


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
    candidates: list[Candidate] = []
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
            candidates.append(
                Candidate(text, number, position, len(words(text)), vocabulary, facts_of(text), dependent, dated)
            )
    return _without_stray_headlines(candidates, documents)


def _without_stray_headlines(candidates: list[Candidate], documents: Sequence[Document]) -> list[Candidate]:
    """Without headlines of linked articles, as scraped bodies have them: short, and none of their names comes again."""
    counts = Counter(word for document in documents for word in words(f"{document.title} {document.content}".lower()))

    def is_stray_headline(candidate: Candidate) -> bool:
        if not candidate.position or candidate.length > _STRAY_HEADLINE:
            return False
        # A number of its own is news.
        names_only = bool(candidate.facts) and not any(fact.isdigit() for fact in candidate.facts)
        return names_only and all(counts[name] <= 1 for name in candidate.facts)

    return [candidate for candidate in candidates if not is_stray_headline(candidate)]


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


def _dot(vector: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return math.fsum(value * weights[word] for word, value in vector.items() if word in weights)


# ---- which to take


def _select(
    candidates: list[Candidate], budget: LengthBudget, weights: Weights, days: Sequence[object]
) -> list[Candidate]:
    """The lead and what adds most to it, in reading order: the lead's article first, then the others by time."""
    lead = _lead(candidates, budget.words)
    if lead is None:
        return []
    weight = _idf(candidate.vocabulary for candidate in candidates)
    selected, remaining = [lead], [row for row in _distinct(candidates) if row is not lead]
    covered, length = set(lead.vocabulary | lead.facts), lead.length
    while len(selected) < budget.sentences:
        remaining = [
            row for row in remaining if length + row.length <= budget.words and not _repeats(row, selected[-1])
        ]
        eligible = [row for row in remaining if not row.dependent or _follows(row, selected)]
        if not eligible:
            break
        sources = {row.source for row in selected}
        best = max(
            eligible,
            key=lambda row: (
                row.score
                - weights.redundancy * _covered_share(row, covered, weight)
                - weights.retold * _retells(row, lead, covered)
                + weights.new_source * (row.source not in sources)
                - weights.other_day * (row.relative and days[row.source] != days[lead.source]),
                -row.source,
                -row.position,
            ),
        )
        selected.append(best)
        remaining.remove(best)
        covered |= best.vocabulary | best.facts
        length += best.length
    return sorted(selected, key=lambda row: (row.source != lead.source, row.source, row.position))


def _distinct(candidates: list[Candidate]) -> Iterator[Candidate]:
    """Without the near copies that a later source has of an earlier one's sentence: the earlier story stays whole."""
    distinct: list[Candidate] = []
    for candidate in candidates:
        earlier = (row.vocabulary for row in distinct if row.source != candidate.source)
        if not any(_is_copy(candidate.vocabulary, vocabulary) for vocabulary in earlier):
            distinct.append(candidate)
            yield candidate


def _is_copy(words_a: frozenset[str], words_b: frozenset[str]) -> bool:
    shorter, longer = sorted((len(words_a), len(words_b)))
    return shorter >= COPY * longer and len(words_a & words_b) >= COPY * len(words_a | words_b)


def _lead(candidates: list[Candidate], limit: int) -> Candidate | None:
    """The first sentence of the earliest article that is not beside the point."""
    fitting = [row for row in candidates if row.length <= limit]
    for last in (0, 1):
        leads = [row for row in fitting if row.position <= last and not row.dependent]
        if leads:
            best = max(row.score for row in leads)
            return next(row for row in leads if row.score >= 0.7 * best)
    return max(fitting, key=lambda row: (not row.dependent, row.score), default=None)


def _follows(candidate: Candidate, selected: list[Candidate]) -> bool:
    return any(row.source == candidate.source and row.position == candidate.position - 1 for row in selected)


def _covered_share(candidate: Candidate, covered: set[str], weight: Mapping[str, float]) -> float:
    """Share of what a sentence says, weighed by rarity, that was said before: 0 to 1."""
    total = math.fsum(weight[word] for word in candidate.vocabulary)
    return math.fsum(weight[word] for word in candidate.vocabulary & covered) / total if total else 1.0


def _retells(candidate: Candidate, lead: Candidate, covered: set[str]) -> float:
    """How much of another article's beginning repeats the event, by numbers and names covered before: 0 to 1."""
    if candidate.source == lead.source or candidate.position > 1:
        return 0.0
    share = len(candidate.facts & covered) / len(candidate.facts) if candidate.facts else 0.0
    return max(share, 0.5 if candidate.position == 0 else 0.0)


def _repeats(candidate: Candidate, previous: Candidate) -> bool:
    return overlap(candidate.vocabulary, previous.vocabulary) > MAX_OVERLAP


def overlap(words_a: frozenset[str], words_b: frozenset[str]) -> float:
    """Share of the smaller set that the other holds, 0 to 1."""
    return len(words_a & words_b) / max(1, min(len(words_a), len(words_b)))


def from_mapping(row: Mapping[str, Any]) -> Document:
    """A document from a source of a sample, or any row with title, content and date."""
    date = row.get("date")
    return Document(
        str(row.get("title") or ""), str(row.get("content") or ""), date if isinstance(date, datetime) else None
    )
