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
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from synth.language.tables import is_syllabic
from synth.scorers.faithful.answer import Answer
from synth.scorers.faithful.contradictions import contradictions
from synth.scorers.faithful.names import SHORTEST_QUOTE, NameIndex, names, quotes, spoken
from synth.scorers.faithful.reading import Source, Statements, read_source
from synth.scorers.faithful.tokens import Mention, Reading

#: Sentences with something unsupported that are searched for verbatim.
_VERBATIM_SEARCHES = 300


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that an answer states and a source must state as well: [start, end) of the answer.

    `kind`: number, date, percent, money, quantity, name or quote; of what is said otherwise than a source says it:
    opposite, negation, attachment, roles (see contradictions.py). `sentence`: which of the answer's.
    """

    text: str
    kind: str
    start: int
    end: int
    sentence: int
    supported: bool


def unsupported(answer: str, sources: Sequence[Source], language: str | None = "") -> list[str]:
    """The facts of an answer that no source has, as they stand in it, in order."""
    return [fact.text for fact in facts(answer, sources, language) if not fact.supported]


def facts(answer: str, sources: Sequence[Source], language: str | None = "") -> list[Fact]:
    """All facts of an answer, in order, each with whether a source has it, and what it says otherwise than they do.

    Args:
        sources: texts, or mappings with title, description, content, tags, source_site and date (a datetime).
        language: ISO 639-1 code of the answer; None, "" or one without tables of words: the nearest is guessed. Which
            language a source is in is always guessed.
    """
    return Evidence(sources).judge(Answer(answer, language))


class Evidence:
    """What the sources state, looked up by value."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.readings = [read_source(source) for source in sources]
        self.languages = [reading.language for reading in self.readings]
        self.stated = Statements.union([reading.statements for reading in self.readings])
        self.names = NameIndex.union([reading.names for reading in self.readings])
        self.years = {year for year, _, _ in self.stated.dates if year}
        # Each date under every part of it; those that have no year under the year 0, too.
        self._parts_of_dates = {
            (y, m, d) for year, month, day in self.stated.dates
            for y in {year or 0, None} for m in {month, None} for d in {day, None}
        }  # fmt: skip
        self._sorted = sorted(self.stated.numbers)

    # ---- what an answer states

    def facts(self, answer: str, language: str | None = "") -> list[Fact]:
        """All facts of an answer, in order, by their presence alone."""
        return self._present(Answer(answer, language))

    def judge(self, answer: Answer) -> list[Fact]:
        """The same, and what contradicts the sources though they have it."""
        facts = self._present(answer)
        sources = [(reading.units, reading.language) for reading in self.readings]
        turned = contradictions(answer.units, sources, answer.language)
        if not turned:
            return facts
        absent = [fact for fact in facts if not fact.supported]
        more = []
        for each in turned:
            start, end = answer.origin[each.start], answer.origin[each.end]
            if not any(fact.start < end and start < fact.end for fact in absent):
                more.append(Fact(answer.given[start:end], each.kind, start, end, answer.sentence_of(start), False))
        more = self._support_copied_sentences(more, answer)
        more = [fact for fact in more if not fact.supported]
        spans = {(fact.start, fact.end) for fact in more}
        present = [fact for fact in facts if (fact.start, fact.end) not in spans]
        return sorted([*present, *more], key=lambda fact: (fact.start, fact.end))

    def _present(self, answer: Answer) -> list[Fact]:
        facts: list[Fact] = []
        for start, end, kind, supported in sorted(self._judge_mentions(answer)):
            first, after = answer.origin[start], answer.origin[end]
            text = answer.given[first:after]
            facts.append(Fact(text, kind, first, after, answer.sentence_of(first), supported))
        return self._support_copied_sentences(facts, answer)

    def _judge_mentions(self, answer: Answer) -> Iterable[tuple[int, int, str, bool]]:
        text, tokens, language = answer.text, answer.tokens, answer.language
        tokens_in_mentions: set[int] = set()
        for mention in answer.mentions:
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
            yield start, end, "quote", any(reading.quotes.has(text[start:end]) for reading in self.readings)

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

    def _support_copied_sentences(self, facts: list[Fact], answer: Answer) -> list[Fact]:
        """Sentences that stand in a source as they are support all their facts."""
        candidates = sorted({fact.sentence for fact in facts if not fact.supported})[:_VERBATIM_SEARCHES]
        candidates = [number for number in candidates if len(answer.sentences[number]) > 2]
        if not candidates:
            return facts
        copied = {
            number
            for number in candidates
            if any(_contains_whole(reading.flat, answer.sentences[number]) for reading in self.readings)
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
        stated = self.stated.numbers_by_context.get(mention.context) if mention.context and not mention.hedge else None
        values = {reading[1] for reading in mention.readings if reading[0] in ("number", "plain")}
        if stated and values and stated.isdisjoint(values):
            return False
        return any(self._has(reading) or self._rounds(reading, mention.hedge) for reading in mention.readings)

    def _has(self, reading: Reading) -> bool:
        match reading:
            case ("number", Fraction() as value, str(kind)):
                return value in self.stated.numbers and _agree(kind, self.stated.numbers[value])
            case ("plain", Fraction() as value):
                return "" in self.stated.numbers.get(value, ())
            case ("date", year, month, day):
                return self._has_date(year, month, day)  # type: ignore[arg-type]
            case ("time", int(hour), int(minute)):
                return any((each % 24, minute) in self.stated.times for each in (hour, hour + 12, hour - 12))
            case ("weekday", int(day)):
                return day in self.stated.weekdays
            case ("pair", Fraction() as low, Fraction() as high):
                return reading in self.stated.other_readings or (
                    low in self.stated.numbers and high in self.stated.numbers
                )
        return reading in self.stated.other_readings

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
        return any(_agree(kind, self.stated.numbers[each]) for each in self._sorted[first:after])


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
