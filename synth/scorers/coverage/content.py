"""How much of what a source tells an answer tells, 0 to 1: by its words, and by its statements.

A source's words weigh by what they say (small words little, names and numbers most), by whether the source comes back
to them (a word of two sentences is what the text is about; one of a single sentence weighs a tenth), and by their
place (news tell first what matters). An answer is credited with the words that it has, and, sentence by sentence, with
the two statements of the source that it is nearest to: retelling one at length earns less than telling another.

Both shares grow as if the source held no more than a summary can take: BEST words and STATEMENTS statements, whatever
its length; a whole copy of any source is 1. Nothing that is added to an answer as a sentence of its own lowers it.

Constants chosen on REALSumm (30 documents, benchmarks/scores/bench_scores.py); each may be halved or doubled at a cost
of .01 in the correlation with people.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from synth.language.tables import is_syllabic, nearest
from synth.scorers.coverage.terms import Statement, statements
from synth.scorers.readings import Source, read_once

#: Weight of a word that the source has in one sentence only, beside one that it comes back to.
_ONCE = 0.1
#: What a word at the very end weighs beside one at the beginning, and the words after which most of that is lost.
_LATE, _DECAY = 0.6, 400.0
#: Words, and statements, of which a summary at its best tells most.
BEST, STATEMENTS = 40, 5
#: Share of the words in the score; the rest is that of the statements.
WORDS_SHARE = 0.7
#: Statements of a source that one sentence of an answer tells, and what of its weight the second must hold.
_TOLD, _LEAST = 2, 0.05
#: Terms of a statement that is known again within a longer sentence.
_COPIED = 4


@dataclass(frozen=True, slots=True)
class Content:
    """What a source tells, read once for all answers."""

    text: str
    syllabic: bool
    statements: list[Statement]
    #: terms of each statement, in order, and as a set
    sequences: list[tuple[str, ...]]
    keys: list[frozenset[str]]
    #: term -> weight
    weights: dict[str, float]
    #: term -> numbers of its statements
    places: dict[str, list[int]]
    #: weight of each statement
    sizes: list[float]
    #: of words, then of statements: how many times more there is than a summary can take
    excess: tuple[float, float]


def coverages(answer: str, sources: Sequence[Source]) -> list[float]:
    """How much of each source the answer tells, 0 to 1; 0 where either is empty, [] without sources.

    Args:
        sources: texts, or articles as samples hold them: {title, description, content}.
    """
    contents = [read_source(source_text(source)) for source in sources]
    text = unicodedata.normalize("NFC", answer)
    by_syllables = {syllabic: statements(text, syllabic) for syllabic in {content.syllabic for content in contents}}
    return [coverage(by_syllables[content.syllabic], content) for content in contents]


class CoveredStatement(NamedTuple):
    """A sentence of a source (characters of `source_text`), and how much of it one sentence of the answer tells."""

    start: int
    end: int
    share: float


def covered_statements(answer: str, text: str) -> list[CoveredStatement]:
    """The sentences of a source's text in order, each with its share that the answer tells, 0 to 1."""
    content = read_source(text)
    credits = _credits(statements(unicodedata.normalize("NFC", answer), content.syllabic), content)
    return [
        CoveredStatement(row.start, row.end, round(credits.get(number, 0.0) / size, 4) if size else 0.0)
        for number, (row, size) in enumerate(zip(content.statements, content.sizes, strict=True))
    ]


def source_text(source: Source) -> str:
    """Headline, lead and body of a source, or the text itself; NFC."""
    if isinstance(source, str):
        return unicodedata.normalize("NFC", source)
    parts = (source.get(name) for name in ("title", "description", "content"))
    return unicodedata.normalize("NFC", "\n".join(part for part in parts if isinstance(part, str) and part))


@read_once
def read_source(text: str) -> Content:
    """The content of a source's text (`source_text`)."""
    syllabic = is_syllabic(nearest(text))
    rows = statements(text, syllabic)
    weights, places = _weights(rows)
    sequences = [tuple(term.key for term in row.terms) for row in rows]
    keys = [frozenset(sequence) for sequence in sequences]
    sizes = [sum(weights[key] for key in each) for each in keys]
    excess = _excess(weights.values(), BEST), _excess((math.sqrt(size) for size in sizes), STATEMENTS)
    return Content(text, syllabic, rows, sequences, keys, weights, places, sizes, excess)


def _weights(rows: Sequence[Statement]) -> tuple[dict[str, float], dict[str, list[int]]]:
    places: dict[str, list[int]] = defaultdict(list)
    says: dict[str, float] = {}
    before = 0
    for number, row in enumerate(rows):
        standing = _LATE + (1 - _LATE) * math.exp(-before / _DECAY)
        for key, weight in row.terms:
            says.setdefault(key, weight * standing)
            if places[key][-1:] != [number]:
                places[key].append(number)
        before += len(row.terms)
    weights = {key: says[key] * ((len(numbers) > 1) + _ONCE) for key, numbers in places.items()}
    return weights, dict(places)


def _excess(values: Iterable[float], most: int) -> float:
    ordered = sorted(values, reverse=True)
    best = sum(ordered[:most])
    return sum(ordered) / best if best > 0 else 1.0


def coverage(answer: Sequence[Statement], content: Content) -> float:
    """How much of a source an answer tells, which was read as the source is (`content.syllabic`)."""
    total = math.fsum(content.weights.values())
    if not total:
        return 0.0
    keys = {term.key for row in answer for term in row.terms}
    words = math.fsum(content.weights[key] for key in keys if key in content.weights) / total
    roots = [math.sqrt(size) for size in content.sizes]
    credit = math.fsum(math.sqrt(value) for value in _credits(answer, content).values()) / math.fsum(roots)
    of_words, of_statements = (_saturated(*pair) for pair in zip((words, credit), content.excess, strict=True))
    return round(WORDS_SHARE * of_words + (1 - WORDS_SHARE) * of_statements, 6)


def _saturated(share: float, excess: float) -> float:
    """A share of all, as one of what a summary can take: excess times as large at first, and 1 at 1."""
    return 1.0 - math.pow(max(0.0, 1.0 - share), excess)


def _credits(answer: Sequence[Statement], content: Content) -> dict[int, float]:
    """Statement of the source -> weight of what the answer's nearest sentence has of it."""
    result: dict[int, float] = defaultdict(float)
    for row in answer:
        for part in _parts(tuple(term.key for term in row.terms), content):
            for number, value in _statements_told(set(part), content):
                result[number] = max(result[number], value)
    return result


def _parts(keys: tuple[str, ...], content: Content) -> Iterator[tuple[str, ...]]:
    """A sentence's terms, whole statements of the source cut out: copied without their full stops they run together."""
    start = at = 0
    while at < len(keys):
        if length := _copied(keys, at, content):
            yield keys[start:at]
            yield keys[at : at + length]
            start = at + length
        at += length or 1
    yield keys[start:]


def _copied(keys: tuple[str, ...], at: int, content: Content) -> int:
    """Terms of the longest statement of the source that is copied there; 0: none."""
    sequences = (content.sequences[number] for number in content.places.get(keys[at], ()))
    return max(
        (len(each) for each in sequences if len(each) >= _COPIED and each == keys[at : at + len(each)]), default=0
    )


def _statements_told(keys: set[str], content: Content) -> list[tuple[int, float]]:
    """The statements that a sentence is nearest to, the next by what the one before leaves; and its originals."""
    remaining = {key for key in keys if key in content.weights}
    least = _LEAST * sum(content.weights[key] for key in remaining)
    overlaps = _overlaps(remaining, content)
    copied = [(number, value) for number, value in overlaps.items() if keys == content.keys[number]]
    credits: list[tuple[int, float]] = []
    while remaining and len(credits) < _TOLD:
        number, value = max(overlaps.items(), key=lambda pair: (pair[1], -pair[0]))
        if value < least:
            break
        credits.append((number, value))
        remaining -= content.keys[number]
        overlaps = _overlaps(remaining, content)
    return credits + copied


def _overlaps(keys: Iterable[str], content: Content) -> dict[int, float]:
    result: dict[int, float] = defaultdict(float)
    for key in keys:
        weight = content.weights[key]
        for number in content.places[key]:
            result[number] += weight
    return result
