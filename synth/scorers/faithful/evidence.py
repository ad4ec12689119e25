"""What an answer states that its sources do not: numbers, dates, amounts, names and quoted speech.

By tables and rules, no model: cheap enough for every sample, and every finding can be shown. A fact is compared by its
value, not its form ("tre milioni" = 3.000.000, "il 25%" = "venticinque per cento"). What the rules decide:

- A rounded number is supported where the answer says that it is one (oltre, circa, quasi, hơn, khoảng ...) or its form
  does ("1,2 milioni"), and a source's number rounds to it at its last digit; otherwise it must be the same number.
- Percentages, money and measures agree with their like or with a bare number, never with each other; lengths, masses
  and times are converted. A bare number agrees with everything but a percentage.
- Where the sources give numbers of what is counted ("3 feriti"), it must be one of these, whatever else is five ("5").
- A date agrees where day, month and year do; a year that the source does not give may be that of its own date. The day
  of a source, and what its "ieri" or weekday means by it, count as stated by it.
- A name may be part of a longer one, be put together from parts, or be the acronym of one; see names.py.
- Quotes of three words or more stand in one source in the same order; one word in eight may differ. In an answer in
  another language than every source they are not looked for.
- "i due", "un", "secondo", "metà" are read in sources and not demanded of them.
- Nothing in a sentence that stands in a source as it is counts as unsupported.
"""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from synth.language.segmentation import sentences
from synth.language.tables import languages, nearest
from synth.scorers.faithful.names import SHORTEST_QUOTE, NameIndex, QuoteIndex, fold, is_syllabic, names, quotes, spoken
from synth.scorers.faithful.numbers import mentions_of
from synth.scorers.faithful.source_facts import Date, Source, plain_text, source_facts
from synth.scorers.faithful.tokens import Mention, Reading, tokens_of
from synth.scorers.readings import read_once

Key = TypeVar("Key")
Member = TypeVar("Member")
#: Sentences with something unsupported that are searched for verbatim.
_VERBATIM_SEARCHES = 300


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that an answer states and a source must state as well: [start, end) of the answer.

    `kind`: number, date, percent, money, quantity, name or quote. `sentence`: which of the answer's.
    """

    text: str
    kind: str
    start: int
    end: int
    sentence: int
    supported: bool


def unsupported(answer: str, sources: Sequence[Source], language: str = "") -> list[str]:
    """The facts of an answer that no source has, as they stand in it, in order."""
    return [fact.text for fact in facts(answer, sources, language) if not fact.supported]


def facts(answer: str, sources: Sequence[Source], language: str = "") -> list[Fact]:
    """All facts of an answer, in order, each with whether a source has it.

    Args:
        sources: texts, or mappings with title, description, content, tags, source_site and date (a datetime).
        language: ISO 639-1 code of the answer; "" or one without tables of words: the nearest is guessed. Which
            language a source is in is always guessed.
    """
    return Evidence(sources).facts(answer, language)


class Evidence:
    """What the sources state, looked up by value."""

    def __init__(self, sources: Sequence[Source]) -> None:
        stated = [source_facts(source) for source in sources]
        self.texts = [each.text for each in stated]
        self.languages = [each.language for each in stated]
        self.numbers = _union_by_key(each.numbers for each in stated)
        self.dates = frozenset[Date]().union(*(each.dates for each in stated))
        self.times = frozenset[tuple[int, int]]().union(*(each.times for each in stated))
        self.weekdays = frozenset[int]().union(*(each.weekdays for each in stated))
        self.other_readings = frozenset[Reading]().union(*(each.other_readings for each in stated))
        #: what is counted -> the numbers that the sources give of it.
        self.numbers_by_context = _union_by_key(each.numbers_by_context for each in stated)
        self.names = NameIndex.union([each.names for each in stated])
        self.years = {year for year, _, _ in self.dates if year}
        # Each date under every part of it; those that have no year under the year 0, too.
        self._parts_of_dates = {
            (y, m, d) for year, month, day in self.dates
            for y in {year or 0, None} for m in {month, None} for d in {day, None}
        }  # fmt: skip
        self._sorted = sorted(self.numbers)
        self._quotes: QuoteIndex | None = None

    # ---- what an answer states

    def facts(self, answer: str, language: str = "") -> list[Fact]:
        """All facts of an answer, in order."""
        text, origin = _composed(answer)
        language = language if language in languages() else nearest(text)
        answer_sentences = _Sentences(answer, language)
        facts: list[Fact] = []
        for start, end, kind, supported in sorted(self._judge_mentions(text, language)):
            first, after = origin[start], origin[end]
            facts.append(Fact(answer[first:after], kind, first, after, answer_sentences.of(first), supported))
        return self._support_copied_sentences(facts, answer_sentences)

    def _judge_mentions(self, text: str, language: str) -> Iterable[tuple[int, int, str, bool]]:
        tokens = tokens_of(text)
        tokens_in_mentions: set[int] = set()
        for mention in mentions_of(tokens, language):
            tokens_in_mentions.update(range(mention.start, mention.end))
            if not mention.weak:
                yield mention.start, mention.end, mention.kind, self.has(mention)
        foreign = bool(self.languages) and language not in self.languages
        mid_sentence = {name.words[0] for name in names(tokens, language) if not name.initial and len(name.words) == 1}
        for name in names(tokens, language):
            if name.start not in tokens_in_mentions and self._is_name(name.words, name.initial, mid_sentence):
                supported = self.names.has(name, is_syllabic(language)) or (foreign and self.names.resembles(name))
                yield name.start, name.end, "name", supported
        for start, end in self._long_quotes(text, language):
            yield start, end, "quote", self._quote_index().has(text[start:end])

    @staticmethod
    def _is_name(words: tuple[str, ...], initial: bool, mid_sentence: set[str]) -> bool:
        """Whether a capital means a name: not at a sentence's beginning, unless the word has one elsewhere, too."""
        if not initial or len(words) > 1:
            return len("".join(words)) > 1
        return words[0] in mid_sentence or (len(words[0]) > 1 and words[0].isupper())

    def _long_quotes(self, text: str, language: str) -> Iterable[tuple[int, int]]:
        if language in self.languages or not self.languages:
            for start, end in quotes(text):
                if any(len(segment) >= SHORTEST_QUOTE for segment in spoken(text[start:end])):
                    yield start, end

    def _quote_index(self) -> QuoteIndex:
        if self._quotes is None:
            self._quotes = QuoteIndex()
            for text in self.texts:
                self._quotes.add(text)
        return self._quotes

    def _support_copied_sentences(self, facts: list[Fact], answer_sentences: _Sentences) -> list[Fact]:
        """Sentences that stand in a source as they are support all their facts."""
        candidates = sorted({fact.sentence for fact in facts if not fact.supported})[:_VERBATIM_SEARCHES]
        candidates = [number for number in candidates if len(answer_sentences.texts[number]) > 2]
        if not candidates:
            return facts
        flat = [" ".join(text.split()) for text in self.texts]
        copied = {
            number
            for number in candidates
            if any(_contains_whole(text, answer_sentences.texts[number]) for text in flat)
        }
        return [
            Fact(fact.text, fact.kind, fact.start, fact.end, fact.sentence, fact.supported or fact.sentence in copied)
            for fact in facts
        ]

    # ---- comparing

    def has(self, mention: Mention) -> bool:
        """Whether a source has one of the mention's readings.

        Where sources give numbers of what is counted here, it must be one of these: "5 feriti" is not supported by "5
        auto" where there were 3 feriti.
        """
        stated = self.numbers_by_context.get(mention.context) if mention.context and not mention.hedge else None
        values = {reading[1] for reading in mention.readings if reading[0] in ("number", "plain")}
        if stated and values and stated.isdisjoint(values):
            return False
        return any(self._has(reading) or self._rounds(reading, mention.hedge) for reading in mention.readings)

    def _has(self, reading: Reading) -> bool:
        match reading:
            case ("number", Fraction() as value, str(kind)):
                return value in self.numbers and _agree(kind, self.numbers[value])
            case ("plain", Fraction() as value):
                return "" in self.numbers.get(value, ())
            case ("date", year, month, day):
                return self._has_date(year, month, day)  # type: ignore[arg-type]
            case ("time", int(hour), int(minute)):
                return any((each % 24, minute) in self.times for each in (hour, hour + 12, hour - 12))
            case ("weekday", int(day)):
                return day in self.weekdays
            case ("pair", Fraction() as low, Fraction() as high):
                return reading in self.other_readings or (low in self.numbers and high in self.numbers)
        return reading in self.other_readings

    def _has_date(self, year: int | None, month: int | None, day: int | None) -> bool:
        if (year, month, day) in self._parts_of_dates:
            return True
        return month is not None and year in self.years and (0, month, day) in self._parts_of_dates

    def _rounds(self, reading: Reading, hedge: str) -> bool:
        value, kind = reading[1], str(reading[-1])
        if not hedge or not isinstance(value, Fraction) or reading[0] != "number":
            return False
        step = _step(value)
        low, high = {
            "over": (value, value + step), "under": (value - step, value),
        }.get(hedge, (value - step / 2, value + step / 2))  # fmt: skip
        # "oltre 3 milioni" may be 3.9 millions and not 4, "quasi 3 milioni" 2.1 and not 2.
        first = (bisect.bisect_right if hedge == "under" else bisect.bisect_left)(self._sorted, low)
        after = (bisect.bisect_left if hedge == "over" else bisect.bisect_right)(self._sorted, high)
        return any(_agree(kind, self.numbers[each]) for each in self._sorted[first:after])


def _union_by_key(tables: Iterable[Mapping[Key, set[Member]]]) -> dict[Key, set[Member]]:
    union: dict[Key, set[Member]] = {}
    for table in tables:
        for key, members in table.items():
            union[key] = union[key] | members if key in union else members
    return union


def _agree(kind: str, kinds: set[str]) -> bool:
    """Whether one of the classes may be the same as this one."""
    if not kind:
        return any(each != "%" for each in kinds)
    return kind in kinds or ("" in kinds and not kind.startswith("unit"))


def _step(value: Fraction) -> Fraction:
    """What the last digit that is given counts: 100,000 in 3,500,000 and 1/10 in 4.5."""
    if value == 0:
        return Fraction(1)
    step = Fraction(1)
    while value % step and step > Fraction(1, 10**6):
        step /= 10
    while value % (step * 10) == 0:
        step *= 10
    return step


def _composed(text: str) -> tuple[str, Sequence[int]]:
    """(the text with its accents composed, the place of each of its characters in the text, the end included)."""
    if unicodedata.is_normalized("NFC", text):
        return text, range(len(text) + 1)
    parts: list[str] = []
    origin: list[int] = []
    for match in re.finditer(r".[\u0300-\u036f]*+", text, re.DOTALL):
        part = unicodedata.normalize("NFC", match.group())
        parts.append(part)
        origin.extend([match.start()] * len(part))
    return "".join(parts), [*origin, len(text)]


class _Sentences:
    """The sentences of a text, and which of them a character is in."""

    def __init__(self, text: str, language: str) -> None:
        self.texts = sentences(text, language)
        ends, total = [], 0
        for sentence in self.texts:
            total += sum(not character.isspace() for character in sentence)
            ends.append(total)
        self._ends = ends
        # Sentences come with their white space folded: only what is none can be counted.
        self._before, count = [], 0
        for character in text:
            self._before.append(count)
            count += not character.isspace()

    def of(self, offset: int) -> int:
        return min(bisect.bisect_right(self._ends, self._before[offset]), max(0, len(self._ends) - 1))


def _contains_whole(text: str, sentence: str) -> bool:
    """Whether the sentence stands in the text with no word or number cut."""
    sentence = " ".join(unicodedata.normalize("NFC", sentence).split())
    at = text.find(sentence)
    # A few tries: a short one may stand within words all over a text.
    for _ in range(20):
        if at < 0:
            break
        after = at + len(sentence)
        cut = (at > 0 and text[at - 1].isalnum() and sentence[0].isalnum()) or (
            after < len(text) and text[after].isalnum() and sentence[-1].isalnum()
        )
        if not cut:
            return True
        at = text.find(sentence, at + 1)
    return False


# ---- sentences and their sources


def sentence_support(
    answer: str, sources: Sequence[Source], language: str = ""
) -> tuple[list[int | None], list[float]]:
    """For each sentence of an answer its best source, None where none has a word of it, and how well that supports it.

    The share of the sentence's terms (content words, and pairs of neighbours) that stand in the source, 0 to 1: half of
    it for the whole source, half for its best passage of three sentences.
    """
    language = language or nearest(answer)
    indexes = [passages(source) for source in sources]
    best: list[int | None] = []
    support: list[float] = []
    for sentence in sentences(answer, language):
        terms = _terms(sentence)
        shares = [index.share(terms) for index in indexes]
        value = max(shares, default=0.0)
        best.append(shares.index(value) if value > 0 else None)
        support.append(round(value, 4))
    return best, support


@read_once
def passages(source: Source) -> Passages:
    """In which sentences of a source its terms stand."""
    return Passages(plain_text(source))


class Passages:
    """In which sentences of a text a term stands."""

    def __init__(self, text: str) -> None:
        self.positions: dict[str, list[int]] = defaultdict(list)
        for position, sentence in enumerate(sentences(text)):
            for term in _terms(sentence):
                self.positions[term].append(position)

    def share(self, terms: set[str]) -> float:
        """How much of some terms the text has, 0 to 1: see `sentence_support`."""
        if not terms:
            return 0.0
        terms_in_window: dict[int, int] = defaultdict(int)
        terms_in_source = 0
        for term in terms:
            positions = self.positions.get(term, ())
            terms_in_source += bool(positions)
            for window in {position - back for position in positions for back in range(3)}:
                terms_in_window[window] += 1
        return (terms_in_source + max(terms_in_window.values(), default=0)) / (2 * len(terms))


_WORDS = re.compile(r"[^\W_]+")


def _terms(sentence: str) -> set[str]:
    words = [fold(word) for word in _WORDS.findall(unicodedata.normalize("NFC", sentence))]
    pairs = {f"{first} {second}" for first, second in itertools.pairwise(words)}
    return {word for word in words if len(word) > 3 or word.isdigit()} | pairs
