"""What an answer says of things that its sources have, and that they say otherwise.

Presence says nothing of these: each word of "12 died and 3 were hurt" stands in a source of 3 dead and 12 hurt. Each is
a contest between what the sources say around the same words:

- opposite: where the source that speaks of the same has the opposite word ("sceso" for "salito");
- negation: where it has the word with, or without, a negation;
- attachment: where it counts by another number what this number counts;
- roles: where two words stand around the same words in the other order, and no passive turns them.

What any source says just as the answer does wins, so a sentence that is copied contradicts nothing.
"""

from __future__ import annotations

import bisect
import functools
import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from synth.scorers.faithful.units import Units, first_words, opposite_sides

#: Units on either side that say what a word is said of, in the answer and in a source.
_CONTEXT, _NEIGHBOURHOOD = 4, 6
#: Share of that context that the contradicting source must have, and by how much more than one that agrees.
_ENOUGH, _MARGIN = 0.4, 0.15
#: Units between a number and what it counts.
_REACH = 3
#: Units after a number of the answer that may say what it counts.
_COUNTED = 2
#: Units that two sentences must share whose order is compared, and that they may have.
_SHARED, _LONGEST = 3, 100
#: Runs of equal units between which two may be exchanged.
_RUNS = 5
#: Units of what is exchanged, and between it.
_SPAN = 6
#: Units of an answer that are looked at.
_UNITS = 3000


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What is said otherwise: [start, end) of the answer, the number of its sentence, its kind."""

    start: int
    end: int
    sentence: int
    kind: str


def contradictions(answer: Units, sources: Sequence[tuple[Units, str]], language: str) -> list[Contradiction]:
    """All of an answer; `sources`: the units of each and its language. Those in another language are not asked."""
    readings = [units for units, code in sources if code == language]
    if not readings or not len(answer):
        return []
    contest = _Contest(answer, readings, language)
    turned: list[Contradiction] = []
    for at in range(min(len(answer), _UNITS)):
        if kind := contest.kind(at):
            (start, end), sentence = answer.spans[at], answer.sentence[at]
            last = turned[-1] if turned else None
            if (
                last
                and last.kind == kind == "roles"
                and last.end == answer.spans[at - 1][1]
                and last.sentence == sentence
            ):
                start = turned.pop().start
            turned.append(Contradiction(start, end, sentence, kind))
    return turned


class _Contest:
    """The units of one answer against those of its sources."""

    def __init__(self, answer: Units, sources: Sequence[Units], language: str) -> None:
        self.answer, self.sources, self.language = answer, sources, language
        self.bounds = _sentence_bounds(answer)
        self.swapped = set(self._swapped())

    def kind(self, at: int) -> str:
        """What is wrong with a unit; "" for nothing."""
        if self.answer.mentions[at] is not None:
            return "attachment" if self._is_misattached(at) else ""
        if at in self.swapped:
            return "roles"
        if sides := polarity(self.answer, at, self.language):
            return "opposite" if any(self._is_opposite(at, *side) for side in sides) else ""
        return "negation" if self._is_negated_otherwise(at) else ""

    # ---- polarity and negation

    def _is_opposite(self, at: int, pair: int, side: int) -> bool:
        own = contrary = 0.0
        effective = side ^ self.answer.negated[at]
        for source in self.sources:
            for position, source_side in polar_positions(source, self.language).get(pair, ()):
                credit = self._credit(at, source, position)
                if source_side ^ source.negated[position] == effective:
                    own = max(own, credit)
                else:
                    contrary = max(contrary, credit)
        return contrary >= _ENOUGH and contrary > own + _MARGIN

    def _is_negated_otherwise(self, at: int) -> bool:
        negated, near = self.answer.negated[at], _negated_near(self.answer, at)
        agreeing: list[tuple[Units, int]] = []
        contrary: list[tuple[Units, int]] = []
        for source in self.sources:
            for position in source.positions.get(self.answer.keys[at], ()):
                exact, around = source.negated[position], _negated_near(source, position)
                if negated == exact or (negated and around) or (near and exact):
                    agreeing.append((source, position))
                elif (negated and not around) or (exact and not near):
                    contrary.append((source, position))
        if not contrary:
            return False
        most = max(self._credit(at, *each) for each in contrary)
        return most >= _ENOUGH and most > _MARGIN + max((self._credit(at, *each) for each in agreeing), default=0.0)

    def _credit(self, at: int, source: Units, position: int) -> float:
        """The share of a unit's context in the answer that stands around a position of a source, 0 to 1."""
        first, after = self.bounds[self.answer.sentence[at]]
        total = credit = 0.0
        low, high = position - _NEIGHBOURHOOD, position + _NEIGHBOURHOOD
        for neighbour in range(max(first, at - _CONTEXT), min(after, at + _CONTEXT + 1)):
            if neighbour == at:
                continue
            places = source.positions.get(self.answer.keys[neighbour], ())
            weight = _weight(len(places)) / math.sqrt(abs(neighbour - at))
            total += weight
            if any(low <= spot <= high and source.sentence[spot] == source.sentence[position] for spot in places):
                credit += weight
        return credit / total if total else 0.0

    # ---- numbers

    def _is_misattached(self, at: int) -> bool:
        mention = self.answer.mentions[at]
        assert mention is not None
        if mention.kind == "date" or not any(self.answer.keys[at] in source.positions for source in self.sources):
            # Of a number that nobody has, its presence is judged; years and days count nothing.
            return False
        own = contrary = 0.0
        for unit, distance in _counted(self.answer, at, 1):
            for source in self.sources:
                places = source.positions.get(self.answer.keys[unit], ())
                for spot in places:
                    weight = _weight(len(places)) / distance
                    own_count, contrary_count = self._numbers_at(source, spot, mention.readings)
                    own, contrary = max(own, own_count * weight), max(contrary, contrary_count * weight)
        return contrary >= _ENOUGH and contrary > own + _MARGIN

    def _numbers_at(self, source: Units, position: int, readings: frozenset[object]) -> tuple[float, float]:
        """(1 where this number counts what stands at a position, 1 where another does); the nearest on either side."""
        before, after = _nearest_number(source, position, -1), _nearest_number(source, position, 1)
        own = any(number is not None and not readings.isdisjoint(number) for number in (before, after))
        return float(own), float(before is not None and readings.isdisjoint(before))

    # ---- roles

    def _swapped(self) -> Iterator[int]:
        for first, after in self.bounds:
            if _SHARED <= after - first <= _LONGEST:
                for source, low, high in self._nearest_sentences(first, after):
                    yield from self._exchanged(first, after, source, low, high)

    def _nearest_sentences(self, first: int, after: int) -> Iterator[tuple[Units, int, int]]:
        """[low, high) of the sentence of each source that shares most units, where it shares most of them."""
        for source in self.sources:
            shared: Counter[int] = Counter()
            for key in set(self.answer.keys[first:after]):
                for sentence in {source.sentence[position] for position in source.positions.get(key, ())}:
                    shared[sentence] += 1
            for sentence, count in shared.most_common(1):
                if count >= max(_SHARED, (after - first) / 2):
                    low, high = (
                        bisect.bisect_left(source.sentence, sentence),
                        bisect.bisect_right(source.sentence, sentence),
                    )
                    if high - low <= _LONGEST:
                        yield source, low, high

    def _exchanged(self, first: int, after: int, source: Units, low: int, high: int) -> Iterator[int]:
        """Units that stand on the other side of what stands between them in the source."""
        runs = _runs(self.answer.keys[first:after], source.keys[low:high])
        for first_run, earlier in enumerate(runs):
            for second_run in range(first_run + 2, min(len(runs), first_run + _RUNS)):
                later = runs[second_run]
                if not all(
                    later.position < run.position < earlier.position for run in runs[first_run + 1 : second_run]
                ):
                    continue
                apart = later.at - earlier.at - earlier.size, earlier.position - later.position - later.size
                if max(*apart, earlier.size, later.size) > _SPAN:
                    continue
                is_passive = any(self.answer.agent[first + earlier.at + earlier.size : first + later.at + 1])
                was_passive = any(source.agent[low + later.position + later.size : low + earlier.position + 1])
                if is_passive == was_passive:
                    for run in (earlier, later):
                        yield from range(first + run.at, first + run.at + run.size)


class _Run(NamedTuple):
    """Units of the answer's sentence, from `at`, that stand in a row in the source's, from `position`."""

    at: int
    size: int
    position: int


def _runs(mine: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[_Run]:
    """The longest runs from left to right; of two as long that which goes on from the one before."""
    runs: list[_Run] = []
    at, expected = 0, 0
    while at < len(mine):
        options = [(_length(mine, theirs, at, position), -abs(position - expected), position)
                   for position, key in enumerate(theirs) if key == mine[at]]  # fmt: skip
        if not options:
            at += 1
            continue
        size, _, position = max(options)
        runs.append(_Run(at, size, position))
        at, expected = at + size, position + size
    return runs


def _length(mine: Sequence[Hashable], theirs: Sequence[Hashable], at: int, position: int) -> int:
    size = 0
    while at + size < len(mine) and position + size < len(theirs) and mine[at + size] == theirs[position + size]:
        size += 1
    return size


# ---- what stands around a unit


def polarity(units: Units, at: int, language: str) -> tuple[tuple[int, int], ...]:
    """(number of the pair of opposites, side) of a unit, for each pair that it belongs to."""
    word = units.words[at]
    sides = opposite_sides(language, word)
    if at + 1 < len(units) and word in first_words(language) and not units.divided[at + 1]:
        sides += opposite_sides(language, f"{word} {units.words[at + 1]}")
    return sides


def polar_positions(units: Units, language: str) -> dict[int, list[tuple[int, int]]]:
    """Pair of opposites -> (place, side) of the units that belong to it; worked out once."""
    if units.polar is None:
        polar: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for at in range(len(units)):
            for pair, side in polarity(units, at, language):
                polar[pair].append((at, side))
        units.polar = dict(polar)
    return units.polar


def _sentence_bounds(units: Units) -> list[tuple[int, int]]:
    """[first, after) of the units of each sentence."""
    return [
        (bisect.bisect_left(units.sentence, number), bisect.bisect_right(units.sentence, number))
        for number in range(len(units.stems))
    ]


@functools.cache
def _weight(places: int) -> float:
    """What a word of the context counts for: less where the source has it often."""
    return 1 / (1 + math.log(places)) if places else 1.0


def _negated_near(units: Units, at: int) -> bool:
    """Whether a negation may reach the unit: it stands before it, the two units before, or the next one."""
    first = max(0, at - 2)
    flags = units.negated[first : at + 2]
    return True in flags and any(
        negated and units.sentence[near] == units.sentence[at] for near, negated in enumerate(flags, first)
    )


def _counted(units: Units, at: int, step: int) -> Iterator[tuple[int, int]]:
    """(unit, distance) of what a number may count, on one side: up to the next number or mark of punctuation."""
    for distance in range(1, _COUNTED + 1):
        neighbour = at + step * distance
        if not 0 <= neighbour < len(units) or units.sentence[neighbour] != units.sentence[at]:
            return
        if units.mentions[neighbour] is not None or units.divided[neighbour if step > 0 else neighbour + 1]:
            return
        yield neighbour, distance


def _nearest_number(units: Units, position: int, step: int) -> frozenset[object] | None:
    """What the nearest number on one side is, with no punctuation between."""
    for distance in range(1, _REACH + 1):
        neighbour = position + step * distance
        if not 0 <= neighbour < len(units) or units.sentence[neighbour] != units.sentence[position]:
            return None
        if units.divided[neighbour if step > 0 else neighbour + 1]:
            return None
        if (mention := units.mentions[neighbour]) is not None:
            return mention.readings
    return None
