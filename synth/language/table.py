"""What must be known of a language: the fields that each file in `tables/` fills in.

Words are given in lower case and NFC, most of them as one line divided by blanks. Fields without a default must be
filled in; a default is what most languages do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Numerals(Protocol):
    """How a language writes the numbers below a thousand (see numerals.py)."""

    def begins(self, word: str) -> bool:
        """Whether a numeral may begin with the word; False is sure."""

    def parse(self, words: list[str], start: int) -> tuple[int, int] | None:
        """(value, words read) of the numeral that begins at `start`; None where none does."""


def words(text: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(text.split())


def any_word(text: str) -> str:
    """A pattern that finds any word of a line."""
    return rf"\b(?:{'|'.join(text.split())})\b"


def optional_pattern(text: str, flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """The pattern of a table's entry; an empty one matches nothing."""
    return re.compile(text or r"(?!)", flags)


def vocabulary(text: str) -> dict[str, tuple[str, ...]]:
    """What a common idea is called -> how its words begin, of "write: scriv redig; …"; "_" is a blank."""
    pairs = (entry.partition(":") for entry in text.split(";") if entry.strip())
    return {idea.strip(): tuple(stem.replace("_", " ") for stem in stems.split()) for idea, _, stems in pairs}


def opposites(text: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The sides of each pair of "salit aument/sces cal; …"; "_" is a blank, "." ends a word."""
    pairs = (entry.split("/") for entry in text.split(";") if entry.strip())
    return tuple((_phrases(one), _phrases(other)) for one, other in pairs)


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(entry.replace("_", " ") for entry in text.split())


@dataclass(frozen=True, kw_only=True)
class SegmentationTable:
    """Where sentences end."""

    #: abbreviations that a name follows: a capital after them starts nothing.
    before_names: frozenset[str]
    #: abbreviations that a number follows; before anything else they are words ("he said no.").
    before_numbers: frozenset[str] = frozenset()
    #: abbreviations that may also end a sentence: they do where a word follows that opens sentences.
    may_end: frozenset[str] = frozenset()
    #: words that open sentences.
    openers: frozenset[str]
    #: whether a number with a full stop is an ordinal: "am 3. Mai".
    ordinal_period: bool = False


@dataclass(frozen=True, kw_only=True)
class NumberTable:
    """How numbers, amounts and measures are written."""

    numerals: Numerals
    #: words that are numbers only beside others: "một" is an article, "sei" a verb, "neuf" new.
    weak: frozenset[str]
    #: ordinal -> its number, from 3 on; the first and the second are other words, too.
    ordinals: Mapping[str, int]
    #: what a part of a whole is called -> what it divides by: "terzi" -> 3.
    fractions: Mapping[str, int]
    #: the word between the parts of a fraction ("hai phần ba"), where there is one.
    fraction_marker: str = ""
    #: nouns that say a half: "metà".
    half: frozenset[str]
    #: what adds a half to a number: "mezzo", "rưỡi"; and the articles before it.
    halves: frozenset[str] = frozenset()
    half_articles: frozenset[str] = frozenset()
    #: numerals that say about as many: "una quarantina".
    approximate: frozenset[str] = frozenset()
    #: size -> its words: 10**6 -> "milione milioni".
    magnitudes: Mapping[int, str]
    #: magnitudes that are other words, too, unless they stand at the number or money follows.
    short_magnitudes: frozenset[str] = frozenset()
    #: the hundred that multiplies digits: "3 trăm".
    digit_hundred: str = ""
    #: words between the parts of one number, and whether a magnitude ("un milione e 200mila") or units ("two thousand
    #: and five") may follow them.
    conjunctions: frozenset[str]
    joins_magnitudes: bool = False
    joins_units: bool = False
    #: ISO 4217 code -> its words, the first of two words ("đô la") by its second.
    currencies: Mapping[str, str]
    currency_pairs: Mapping[str, str] = field(default_factory=dict)
    percent: frozenset[str] = frozenset()
    percent_pairs: frozenset[tuple[str, str]] = frozenset()
    #: symbol of a unit (international.UNITS) -> its words.
    units: Mapping[str, str]
    square: frozenset[str] = frozenset()
    cubic: frozenset[str] = frozenset()
    #: words between an amount and its unit: "3 milioni di euro".
    links: frozenset[str] = frozenset()
    ordinal_suffixes: frozenset[str] = frozenset()
    #: words that make an amount round, by the side on which the true one may lie.
    over: frozenset[str]
    under: frozenset[str]
    about: frozenset[str]
    #: word before a link ("più di", "more than") -> over or under; and those links.
    hedge_pairs: Mapping[str, str] = field(default_factory=dict)
    hedge_links: frozenset[str] = frozenset()
    #: definite articles: "i due" were mentioned before, and are no number of their own.
    definite: frozenset[str]
    #: what joins the two numbers of a range.
    range_words: frozenset[str]
    #: words after a number that do not say what is counted (beside the frequent ones).
    no_context: frozenset[str] = frozenset()
    #: words before a number that say what bears it: "articolo 5".
    numbered: frozenset[str] = frozenset()
    #: what divides the decimals; the other of "." and "," groups thousands. Both where countries of it differ.
    decimal_marks: str = ","
    #: words that say a number and are no numeral: "dozen" -> 12, "twice" -> 2.
    idioms: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DateTable:
    """How days and hours are written."""

    #: twelve months and seven days, Monday first, other spellings after a stroke; () where they are numbers.
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    #: months that are other words, too: dates only beside a day or a year.
    unsure_months: frozenset[str] = frozenset()
    #: whether months and weekdays have a capital wherever they stand.
    capital: bool = False
    #: whether the month may come before the day: "May 4", 5/4/2024.
    month_first: bool = False
    #: whether 4/5 is a date without a word before it.
    slash: bool = False
    #: whether a numeral may be a day of the month: "venticinque aprile".
    numeral_days: bool = True
    #: the first of a month as a word.
    first: frozenset[str] = frozenset()
    #: words before a day of the month that stands alone; of these those that stand before nothing else.
    day_words: frozenset[str]
    day_markers: frozenset[str] = frozenset()
    #: words before months and years: "4 de mayo de 2024".
    month_links: frozenset[str] = frozenset()
    year_links: frozenset[str] = frozenset()
    #: the word before a month's number ("tháng 5"), and months that have a name all the same.
    month_marker: str = ""
    month_names: Mapping[str, int] = field(default_factory=dict)
    #: the word before a weekday's number ("thứ hai" is Monday), words before which it is one, and Sunday's two.
    weekday_marker: str = ""
    weekday_cues: frozenset[str] = frozenset()
    sunday: tuple[str, str] = ("", "")
    #: days from the source's own: "ieri" -> -1.
    relative: Mapping[str, int]
    #: words before an hour, and those between hour and minute.
    hour_words: frozenset[str]
    hour_units: frozenset[str] = frozenset()
    #: hours that the newspapers' zone may be ahead of UTC.
    hours_ahead: tuple[int, int] = (0, 2)


@dataclass(frozen=True, kw_only=True)
class NameTable:
    """How names are written."""

    #: words within names: "Leonardo da Vinci".
    particles: frozenset[str] = frozenset()
    #: titles and other words that are written short before a name.
    abbreviations: frozenset[str] = frozenset()
    #: words that have a capital and name nobody: articles, pronouns, what opens sentences.
    common: frozenset[str]
    #: whether syllables are written apart: one alone supports no longer name.
    syllabic: bool = False


@dataclass(frozen=True, kw_only=True)
class PolarityTable:
    """What turns a statement into its opposite."""

    #: words that negate what follows, and pairs with one of them that do not: "not only", "không khí".
    negations: frozenset[str] = frozenset()
    no_negations: frozenset[str] = frozenset()
    #: words of the passive: what stands before who did it, or before what was done to somebody.
    agents: frozenset[str] = frozenset()
    #: further words without a content of their own, beside the frequent ones and those that name nobody.
    small: frozenset[str] = frozenset()
    #: pairs of how words begin that say one thing and its opposite: ("salit", "aument"), ("sces", "cal").
    opposites: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SentenceFilterTable:
    """Which sentences can stand in another text; patterns are regular expressions."""

    #: beginnings that continue a thought, a phrase joined by ^: "in^questo".
    dependent: str
    #: what points back at a sentence before it, though the sentence begins with something else.
    pointer: str = ""
    #: pronouns that need a name, and words after which they are none.
    pronouns: frozenset[str] = frozenset()
    pronoun_nouns: frozenset[str] = frozenset()
    #: who speaks of himself.
    first_person: str
    #: "today", "yesterday" and the like.
    relative_days: str
    #: a sub-heading that lost its line.
    heading: str = ""
    #: what newspapers print around a text.
    boilerplate: str = ""
    #: as in `FragmentTable`, where a summary may have more than a fragment: the names of agencies.
    credits: str = ""
    elsewhere: str = ""
    #: small words that names of offices begin with, in mid-sentence.
    within_names: frozenset[str] = frozenset()
    #: what a report has and the caption of a picture lacks.
    report: str = ""
    #: a time counted from another that stands before: "tre anni più tardi", "the next day".
    sequence: str = ""
    #: a finite verb, and a relative clause, whose verb is not the sentence's; "": verbs cannot be known.
    verb: str = ""
    relative_clause: str = ""
    #: whether a sentence that begins with a verb has its subject in the one before.
    drops_subjects: bool = False
    longest: int = 70


@dataclass(frozen=True, kw_only=True)
class FragmentTable:
    """What keeps a part of an article from standing alone, and what sections tell of its genre.

    Patterns are regular expressions, searched without regard to case in each sentence; `mentioned` only in the first.
    """

    #: who and what must have been named before: "the victim", "i due", "nạn nhân".
    mentioned: str = ""
    #: forms of address that stand before a name: "Mr", "il signor", "ông"; a part of a name after one was whole before.
    address: str = ""
    #: a noun (the first group) with the definite article and nothing after it that says which.
    definite: str = ""
    #: what every sentence has, where its verb can be known by small words; "" where it cannot.
    predicate: str = ""
    #: words that tie a sentence to others: "also", "infatti", "cũng".
    linking: frozenset[str] = frozenset()
    #: what points out of the text: "see above", "in the photo", "dưới đây".
    elsewhere: str = ""
    #: credits, bylines and captions.
    credits: str = ""
    #: small words that have a capital in mid-sentence only where a heading or caption lost its line.
    line_openers: frozenset[str] = frozenset()
    #: genre -> a pattern of sections, topics and parts of addresses.
    genres: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PromptTable:
    """How requests in the language write a day and call what they hold."""

    #: with {day}, {month} (its name), {number} (its number) and {year}.
    date_form: str
    #: the first of a month, where it is written otherwise.
    first_day: str = "1"
    title: str
    source: str
    #: what requests call a source's text.
    content: tuple[str, ...]
    summary: str


@dataclass(frozen=True, kw_only=True)
class ReplyTable:
    """What models write in the language around an answer or instead of one, and how texts address a model.

    Patterns are regular expressions, matched without regard to case at the beginning of a sentence, `injection`
    anywhere.
    """

    #: what an answer is called where it is presented: "summary".
    answer_nouns: frozenset[str]
    #: the other words of a sentence that presents it: "here is the … of the articles you asked for".
    presenting: frozenset[str]
    #: what may stand alone before an answer: "sure".
    interjections: frozenset[str]
    #: a whole first sentence that offers help: "I can help you with that".
    offer: str
    #: what hands an answer over without naming it: "here it is".
    handing_over: frozenset[str]
    #: what a model calls its thoughts where it labels them: "reasoning".
    reasoning: frozenset[str]
    #: a last sentence that speaks to the reader of the reply: "Let me know if …".
    closing: str
    #: a last paragraph about the answer: "Note: this summary …".
    remark: str
    #: a refusal whatever follows it, and an apology that is one where little follows.
    refusal: str
    apology: str
    #: what follows a comma after words that somebody in the news said: "…, he said".
    attribution: str
    #: a text that tells a model what to do.
    injection: str


@dataclass(frozen=True, kw_only=True)
class LanguageTable:
    """All that is known of a language."""

    #: ISO 639-1.
    code: str
    #: English name.
    name: str
    #: order where two languages would do; the newspapers' own come first.
    rank: int = 100
    #: ISO 3166-1 codes of the countries whose local telephone numbers its texts hold.
    regions: tuple[str, ...] = ()
    #: whether its words for numbers and days are read in texts of other languages, too. Those of the first six are; one
    #: that is not leaves the others' outcomes as they are.
    shared: bool = False
    #: frequent words, by which the table for a text is chosen.
    frequent: frozenset[str]
    #: a pattern of letters that no other of these languages has.
    letters: str = ""
    #: characters of a translation for one of its English source.
    relative_length: float = 1.05
    #: common idea, by its English word -> how words for it begin: "scriv", "hôm nay", "car " (not "care").
    vocabulary: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segmentation: SegmentationTable
    numbers: NumberTable
    dates: DateTable
    names: NameTable
    polarity: PolarityTable = field(default_factory=PolarityTable)
    sentence_filter: SentenceFilterTable
    fragments: FragmentTable = field(default_factory=FragmentTable)
    prompts: PromptTable
    replies: ReplyTable
