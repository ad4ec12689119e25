"""A summary made of the sources' own sentences: central, early, not repeated, in the order of time.

Centroid scores (Radev et al., 2004) with the headlines as a second centroid and a prior for the article's beginning;
chosen greedily by what a sentence adds to those before it (after maximal marginal relevance, Carbonell and Goldstein,
1998). Cost is linear in the sentences, which a LexRank graph's is not.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from synth.language.segmentation import words
from synth.llm.extractive.candidates import Candidate, Document, candidates_of, units_of
from synth.llm.extractive.references import Needs

#: Raised when the same sources give another summary than before, so that stored replies of the old way are not reused.
VERSION = 3
#: Words of a summary where the sources are longer: what the human summaries of vi_vnmds have in the median (182).
MAX_WORDS = 180
#: Share of the shorter sentence's words that another may hold before the two tell the same.
MAX_OVERLAP = 0.5
#: Share of all words of two sentences that near copies have in common.
COPY = 0.7
#: Share of what a sentence says that must be new, and of the beginning of another article, which tells the event anew.
#: A sentence of another article stands in between.
NEW, NEW_ELSEWHERE, NEW_IN_LEAD = 0.35, 0.65, 0.7
#: Sentences of each article but the lead's.
_OTHERS = 2
#: Names and numbers from which another article's first sentence reports what the draft has reported.
_SAME_FACTS = 2
#: First sentences of an article that tell its event.
_LEADS = 2
#: Position of the latest sentence that still is an article's beginning.
_LATEST_LEAD = 3
#: Share of the best beginning's worth from which an earlier article's comes first.
_NEAR_BEST = 0.6
#: Words below which nothing is returned.
_SHORTEST = 45


@dataclass(frozen=True)
class Weights:
    """What a sentence's worth is made of, in units of a cosine.

    Chosen on every other event of vi_vnmds (a test pins the others), where each lies on a plateau; `retold` by reading:
    without it each newspaper's lead repeats the event. It grows with `position`, which those leads gain by.
    """

    centroid: float = 1.0
    titles: float = 0.5
    position: float = 2.0
    agreement: float = 0.5
    novelty: float = 0.5
    retold: float = 0.3
    new_source: float = 0.4
    next_sentence: float = 0.05


class LengthBudget(NamedTuple):
    """How long a summary may be."""

    words: int
    sentences: int


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
    candidates = candidates_of(ordered, language)
    _score(candidates, ordered, weights or Weights(), language)
    budget = LengthBudget(limit, max_sentences or len(candidates))
    selected = _select(candidates, ordered, budget, weights or Weights())
    # A sentence or two out of long articles is no summary: they are made of speech, lists or tables.
    length, room = sum(candidate.length for candidate in selected), min(limit, default_length(ordered))
    if not max_sentences and (length < min(_SHORTEST, room / 2) or (len(selected) == 1 and room > _SHORTEST)):
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


# ---- how much each is worth


def _score(candidates: list[Candidate], documents: Sequence[Document], weights: Weights, language: str) -> None:
    """Fill in vectors and scores."""
    weight = _idf(candidate.vocabulary for candidate in candidates)
    for candidate in candidates:
        counts = Counter(word.lower() for word in words(candidate.text))
        candidate.vector = _unit({word: (1 + math.log(count)) * weight[word] for word, count in counts.items()})
    centre = _unit(_sum(candidate.vector for candidate in candidates))
    titles = Counter(word.lower() for document in documents for word in set(words(document.title)))
    headline = _unit({word: count * weight[word] for word, count in titles.items() if word in weight})
    articles = [units_of(f"{document.title}. {document.content}", language) for document in documents]
    for candidate in candidates:
        candidate.score = (
            weights.centroid * _dot(candidate.vector, centre)
            + weights.titles * _dot(candidate.vector, headline)
            + weights.position / math.sqrt(1 + candidate.position)
            + weights.agreement * _agreement(candidate, articles)
        )


def _agreement(candidate: Candidate, articles: Sequence[frozenset[str]]) -> float:
    """Share of what a sentence says that the mean other article says, too: 0 to 1."""
    further = [units for number, units in enumerate(articles) if number != candidate.source]
    if not further or not candidate.units:
        return 0.0
    return sum(len(candidate.units & units) for units in further) / (len(further) * len(candidate.units))


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
    candidates: list[Candidate], documents: Sequence[Document], budget: LengthBudget, weights: Weights
) -> list[Candidate]:
    """The lead and what adds most to it, in reading order: the lead's article first, then the others by time."""
    days = [_day(document) for document in documents]
    names = frozenset(word.lower() for document in documents for word in words(document.title))
    lead = _lead(candidates, budget.words, names)
    if lead is None:
        return []
    # "Today" is another day in another article.
    same_day = (row for row in candidates if not row.relative or days[row.source] == days[lead.source])
    draft = Draft(lead, _idf(row.units for row in candidates))
    remaining = [row for row in _distinct(list(same_day)) if row is not lead]
    while len(draft.rows) < budget.sentences:
        remaining = [row for row in remaining if draft.length + row.length <= budget.words and not draft.repeats(row)]
        best = draft.best_addition(remaining, weights, budget)
        if not best:
            break
        for row in best:
            draft.add(row)
            remaining.remove(row)
    return draft.in_order()


class Draft:
    """A summary that grows sentence by sentence."""

    def __init__(self, lead: Candidate, weight: Mapping[str, float]) -> None:
        self.lead, self.rows, self.length = lead, [lead], lead.length
        self._weight, self._units = weight, set(lead.units)
        self._facts = set(lead.facts)

    def add(self, row: Candidate) -> None:
        self.rows.append(row)
        self.length += row.length
        self._units |= row.units
        self._facts |= row.facts

    def in_order(self) -> list[Candidate]:
        """The lead's article first, then the others by time, each in its own order."""
        return sorted(self.rows, key=self._place)

    def _place(self, row: Candidate) -> tuple[bool, int, int]:
        return row.source != self.lead.source, row.source, row.position

    def can_hold(self, row: Candidate) -> bool:
        """Whether what the sentence points at stands before its place."""
        return self._place(row) > self._place(self.lead) and row.needs.are_met(
            self._text_before(row), self._follows(row)
        )

    def _text_before(self, row: Candidate) -> frozenset[str]:
        before = (other.terms for other in self.rows if self._place(other) < self._place(row))
        return frozenset[str]().union(*before)

    def _follows(self, row: Candidate) -> bool:
        return any(other.source == row.source and other.position == row.position - 1 for other in self.rows)

    def best_addition(
        self, remaining: Sequence[Candidate], weights: Weights, budget: LengthBudget
    ) -> tuple[Candidate, ...]:
        """The sentence that adds most, or that and the one before it, which it needs; () where nothing can be added."""
        places = {(row.source, row.position): row for row in remaining}
        additions: list[tuple[Candidate, ...]] = []
        for row in remaining:
            previous = places.get((row.source, row.position - 1))
            if self.can_hold(row):
                additions.append((row,))
            elif previous and self._can_hold_pair(previous, row, budget):
                additions.append((previous, row))
        return max(additions, key=lambda rows: self._rank(rows, weights), default=())

    def _rank(self, rows: tuple[Candidate, ...], weights: Weights) -> tuple[float, int, int]:
        mean = math.fsum(self.worth(row, weights) for row in rows) / len(rows)
        return mean, -rows[0].source, -rows[0].position

    def _can_hold_pair(self, previous: Candidate, row: Candidate, budget: LengthBudget) -> bool:
        if len(self.rows) + 2 > budget.sentences or self.length + previous.length + row.length > budget.words:
            return False
        if overlap(previous.vocabulary, row.vocabulary) > MAX_OVERLAP or not self.can_hold(previous):
            return False
        return row.needs.are_met(self._text_before(row) | previous.terms, follows=True)

    def repeats(self, row: Candidate) -> bool:
        """Whether the draft tells it already: word by word in the last sentence, or most of what it says in all."""
        if overlap(row.vocabulary, self.rows[-1].vocabulary) > MAX_OVERLAP:
            return True
        if row.source == self.lead.source:
            return self.novelty(row) < NEW
        if row.position == 0 and len(row.facts & self._facts) >= _SAME_FACTS and not row.syllabic:
            return True
        if sum(other.source == row.source for other in self.rows) >= _OTHERS and not row.syllabic:
            return True
        return self.novelty(row) < (NEW_IN_LEAD if row.position < _LEADS else NEW_ELSEWHERE)

    def novelty(self, row: Candidate) -> float:
        """Share of what a sentence says, weighed by rarity, that was not said before: 0 to 1."""
        total = math.fsum(self._weight[unit] for unit in row.units)
        return math.fsum(self._weight[unit] for unit in row.units - self._units) / total if total else 0.0

    def worth(self, row: Candidate, weights: Weights) -> float:
        """What the sentence would add."""
        sources = {other.source for other in self.rows}
        return (
            row.score
            + weights.novelty * self.novelty(row)
            - weights.retold * self._retells(row)
            + weights.new_source * (row.source not in sources)
            + weights.next_sentence * self._follows(row)
        )

    def _retells(self, row: Candidate) -> float:
        """How much of another article's beginning repeats the event, by numbers and names told before: 0 to 1."""
        if row.source == self.lead.source or row.position >= _LEADS:
            return 0.0
        share = len(row.facts & self._facts) / len(row.facts) if row.facts else 0.0
        return max(share, 0.5 if row.position == 0 else 0.0)


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


def _lead(candidates: list[Candidate], limit: int, names: frozenset[str]) -> Candidate | None:
    """The first sentence of the earliest article that is not beside the point and needs nothing before it.

    One that is not its article's first must name somebody or something of the headlines (`names`).
    """
    fitting = [row for row in candidates if row.length <= limit and not row.dependent]
    whole = [row for row in fitting if row.needs == Needs() and (not row.position or row.facts & names)]
    with_names = [row for row in fitting if row.syllabic and not row.needs.previous]
    exact = [row for row in fitting if row.needs == Needs() and row.facts]
    for last, rows in ((0, whole), (1, whole), (_LATEST_LEAD, whole), (_LATEST_LEAD, with_names), (1, exact)):
        leads = [row for row in rows if row.position <= last]
        if leads:
            best = max(row.score for row in leads)
            return next(row for row in leads if row.score >= _NEAR_BEST * best)
    return None


def overlap(words_a: frozenset[str], words_b: frozenset[str]) -> float:
    """Share of the smaller set that the other holds, 0 to 1."""
    return len(words_a & words_b) / max(1, min(len(words_a), len(words_b)))
