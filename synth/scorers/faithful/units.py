"""A text as the units that statements are made of: content words by their stems, numbers by their values.

Small words are no units. What they do to the next unit stays with it: whether it is negated, whether it is the agent of
a passive, whether a mark of punctuation divides it from the one before.
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from synth.language.tables import is_syllabic, languages
from synth.scorers.faithful.names import fold
from synth.scorers.faithful.tokens import Mention, Token

#: Letters of a word that its stem keeps: "condannato", "condanna".
_STEM = 5
#: Places of one unit that are kept; one that has more says little wherever it stands.
PLACES = 24
#: (number of the pair of opposites, side of it) of each pair that a word belongs to.
Sides = tuple[tuple[int, int], ...]
_BREAKS = frozenset(',;:()–—\n"“”«».!?…')


@functools.lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """What the forms of a word share: its first letters, folded."""
    return fold(word)[:_STEM] if len(word) > _STEM else fold(word)


@functools.cache
def _small_words(language: str) -> frozenset[str]:
    table = languages()[language]
    return table.frequent | table.names.common | table.polarity.small


@dataclass(slots=True)
class Units:
    """Parallel lists, one entry a unit; `positions`: key -> the units that have it.

    Attributes:
        keys: stem of a word, or what a number is.
        words: folded, "" for a number.
        mentions: the number that the unit is, else None.
        spans: [start, end) in the text.
        sentence: number of its sentence.
        negated: whether a negation stands between it and the unit before.
        agent: whether a word that makes it the agent of a passive does.
        divided: whether punctuation does.
    """

    keys: list[Hashable] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    mentions: list[Mention | None] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    negated: list[bool] = field(default_factory=list)
    agent: list[bool] = field(default_factory=list)
    divided: list[bool] = field(default_factory=list)
    positions: dict[Hashable, list[int]] = field(default_factory=lambda: defaultdict(list))
    #: the stems of all words of each sentence, in order, small ones included.
    stems: list[list[str]] = field(default_factory=list)
    #: pair of opposites -> (place, side); see contradictions.py, which works it out.
    polar: dict[int, list[tuple[int, int]]] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def add(
        self, key: Hashable, word: str, mention: Mention | None, span: tuple[int, int], sentence: int, marks: Marks
    ) -> None:
        """Append a unit."""
        places = self.positions[key]
        if len(places) < PLACES:
            places.append(len(self.keys))
        self.keys.append(key)
        self.words.append(word)
        self.mentions.append(mention)
        self.spans.append(span)
        self.sentence.append(sentence)
        self.negated.append(marks.negated)
        self.agent.append(marks.agent)
        self.divided.append(marks.divided)


@dataclass(slots=True)
class Marks:
    """What stands between a unit and the one before."""

    negated: bool = False
    agent: bool = False
    divided: bool = False


def units_of(
    text: str, tokens: Sequence[Token], mentions: Sequence[Mention], sentences: Sequence[str], language: str
) -> Units:
    """The units of a text in NFC, of which the tokens, the mentions of numbers and the sentences are at hand."""
    units, marks, numbers = Units(), Marks(), iter(mentions)
    small, polarity = _small_words(language), languages()[language].polarity
    ends = _sentence_ends(sentences)
    units.stems = [[] for _ in range(len(ends))]
    mention, count, last, number = next(numbers, None), 0, 0, 0
    for at, token in enumerate(tokens):
        # Sentences come with their white space folded: only what is none can be counted.
        if token.start > last + 1 or not text[last : token.start].isspace():
            count += sum(map(len, text[last : token.start].split()))
        while number < len(ends) - 1 and count >= ends[number]:
            number += 1
            marks = Marks(divided=True)
        count += len(token.text) if token.kind == "word" else sum(map(len, token.text.split()))
        last = token.end
        units.stems[number].append(stem(token.text))
        if token.gap != " " and not marks.divided:
            marks.divided = not _BREAKS.isdisjoint(token.gap)
        while mention is not None and mention.end <= token.start:
            mention = next(numbers, None)
        if mention is not None and mention.start <= token.start and not mention.weak:
            if mention.start == token.start:
                units.add(mention.readings, "", mention, (mention.start, mention.end), number, marks)
                marks = Marks()
            continue
        if token.kind != "word":
            continue
        if token.low in polarity.negations and not _is_compound(tokens, at, polarity.no_negations):
            marks.negated = True
        elif token.low in polarity.agents:
            marks.agent = True
        elif (token.low not in small and len(token.low) > 1) or is_polar(language, fold(token.text)):
            units.add(stem(token.text), fold(token.text), None, (token.start, token.end), number, marks)
            marks = Marks()
    return units


def _is_compound(tokens: Sequence[Token], at: int, compounds: frozenset[str]) -> bool:
    """Whether a negation is part of a word that says none: "không khí", "not only"."""
    before = f"{tokens[at - 1].low} {tokens[at].low}" if at else ""
    after = f"{tokens[at].low} {tokens[at + 1].low}" if at + 1 < len(tokens) else ""
    return before in compounds or after in compounds


def _sentence_ends(sentences: Sequence[str]) -> list[int]:
    """How many characters that are no space stand before the end of each sentence."""
    return list(itertools.accumulate(sum(map(len, sentence.split())) for sentence in sentences))


# ---- words and their opposites


@functools.lru_cache(maxsize=2**16)
def opposite_sides(language: str, word: str) -> Sides:
    """Of a folded word, or of two with a blank between."""
    exact, beginnings = _opposites(language)
    return exact.get(word, ()) + tuple(
        side for size in range(2, len(word) + 1) for side in beginnings.get(word[:size], ())
    )


@functools.cache
def _opposites(language: str) -> tuple[dict[str, Sides], dict[str, Sides]]:
    """(word -> sides, beginning of words -> sides)."""
    exact: dict[str, Sides] = {}
    beginnings: dict[str, Sides] = {}
    whole = is_syllabic(language)
    for number, pair in enumerate(languages()[language].polarity.opposites):
        for side, entries in enumerate(pair):
            for entry in entries:
                word = " ".join(fold(part) for part in entry.removesuffix(".").split(" "))
                table = exact if whole or entry.endswith(".") or " " in entry else beginnings
                table[word] = (*table.get(word, ()), (number, side))
    return exact, beginnings


@functools.lru_cache(maxsize=2**16)
def is_polar(language: str, word: str) -> bool:
    """Whether a folded word belongs to a pair, alone or as the first of two."""
    return bool(opposite_sides(language, word)) or word in first_words(language)


@functools.cache
def first_words(language: str) -> frozenset[str]:
    """The first words of those opposites that have two."""
    return frozenset(word.split(" ")[0] for word in _opposites(language)[0] if " " in word)
