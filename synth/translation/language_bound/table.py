"""What must be known of a language to tell the rows that are about it: the fields that each file in `tables/` fills in.

Patterns are regular expressions that are searched without regard to case. A pattern of several lines holds an
alternative a line; a line that ends with a stroke goes on in the next. Between per cent signs stand the shorthands of
the table and what all languages share: `%quoted%` (a text in any quotes), `%affix%` (one to eight letters in quotes or
after a hyphen), `%number%` (a numeral or a number in words), `%language%` (the name of a language).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: What may open and close a quotation; the apostrophe inside a word does neither.
_NAME = re.compile(r"%([a-z_]+)%")
_OPEN, _CLOSE = r"[\"“”„«‘'`]", r"[\"“”»’'`]"


@functools.cache
def _lines(pattern: str) -> tuple[str, ...]:
    """The alternatives of a pattern; a line that ends with a stroke goes on in the next."""
    joined = re.sub(r"(?<=\|)\n\s*", "", pattern)
    return tuple(line.strip() for line in joined.splitlines() if line.strip()) if "\n" in joined else (joined,)


@dataclass(frozen=True, kw_only=True)
class ConstraintTable:
    """How one language asks for a form of the answer that code can check."""

    #: what is counted (words, sentences, paragraphs, bullets, placeholders, sections, highlights) -> its noun.
    units: Mapping[str, str]
    #: least, most, less (strictly), more (strictly), exactly -> what says so before or after the number.
    relations: Mapping[str, str]
    #: role of a quoted phrase (forbidden, end, start, frequency, existence) -> what gives it that role in its clause.
    roles: Mapping[str, str]
    #: "3 times", with the group `number`; "twice" -> 2.
    times: str
    adverbs: Mapping[str, int]
    #: lowercase, uppercase, no_comma, quotation, repeat_prompt -> what asks for it.
    flags: Mapping[str, str]
    #: what says that a letter and no word is meant.
    letter: str
    #: what words without quotes follow: one ("the word"), and several ("the words", "keywords").
    word: str
    words: str
    #: what may follow these and is no such word: "the word count".
    no_word: str


@dataclass(frozen=True, kw_only=True)
class BoundTable:
    """How one language asks about itself."""

    code: str
    #: name in lower case -> ISO 639-1 code, all inflections that a request uses.
    languages: Mapping[str, str]
    #: numbers in words, from one to twelve and the round ones.
    numbers: Mapping[str, int]
    #: parts of patterns that stand in several.
    shorthands: Mapping[str, str]
    #: phrases that are taken out first: a "nursery rhyme" asks for no rhyme, a "magic spell" for no spelling.
    innocent: str
    #: requests for a program: it is about letters for a computer, in whatever language the request is.
    programs: str
    #: kind -> what marks a request of that kind; the first kind that matches is the row's.
    kinds: Mapping[str, str]
    #: requests for a translation or an answer in a language, an alternative with the group `language` a line.
    translations: str
    #: requests for a translation that name no language, or several.
    unnamed_translations: str
    #: kind -> a whole instruction that can be made anew, with groups `number` and `affix` where it has such.
    requests: Mapping[str, str]
    #: kind -> the instruction in this language, with {number}, {affix}, {word} or {words}.
    instructions: Mapping[str, str]
    #: kind -> the instruction that asks for one word.
    single_instructions: Mapping[str, str]
    #: endings and beginnings that many words of the language have; a word with such an ending rhymes with all others.
    endings: tuple[str, ...] = ()
    beginnings: tuple[str, ...] = ()
    #: what joins the last two of a list: "and".
    conjunctions: tuple[str, ...] = ()
    constraints: ConstraintTable
    #: whether words have endings that a correction changes.
    inflects: bool = True
    _patterns: dict[str, tuple[re.Pattern[str], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def number_pattern(self) -> str:
        """A numeral or a number in words."""
        return rf"(?:\d+|{'|'.join(sorted(map(re.escape, self.numbers), key=len, reverse=True))})"

    def language_pattern(self) -> str:
        """The name of a language."""
        return "|".join(sorted(map(re.escape, self.languages), key=len, reverse=True))

    def compile(self, pattern: str) -> re.Pattern[str]:
        """A pattern of this table, with what stands between per cent signs filled in."""
        return self.compile_each(f"(?:{self.joined(pattern)})")[0]

    def compile_each(self, pattern: str) -> tuple[re.Pattern[str], ...]:
        """The alternatives of a pattern, one by one: each may have groups of the same names."""
        if pattern not in self._patterns:
            self._patterns[pattern] = tuple(re.compile(line, re.IGNORECASE) for line in self._alternatives(pattern))
        return self._patterns[pattern]

    def joined(self, pattern: str) -> str:
        """The alternatives of a pattern as one line."""
        return "|".join(_lines(pattern))

    def _alternatives(self, pattern: str) -> list[str]:
        return [self._filled(line) for line in _lines(pattern)]

    def _filled(self, pattern: str) -> str:
        shared = {
            "quoted": rf"{_OPEN}[^\"“”„«»\n]{{1,80}}?{_CLOSE}",
            "affix": rf"(?:{_OPEN}\s?-?[^\W\d_]{{1,8}}-?\s?{_CLOSE}|-[^\W\d_]{{1,8}}\b)",
            "number": self.number_pattern(),
            "language": self.language_pattern(),
        }
        names = {**shared, **self.shorthands}
        while match := _NAME.search(pattern):
            pattern = pattern.replace(match[0], self.joined(names[match[1]]))
        return pattern

    def instruction(self, kind: str, number: int, **texts: str) -> str:
        """A whole request of a kind in this language."""
        template = self.single_instructions[kind] if number == 1 else self.instructions[kind]
        return template.format(number=number, **texts)

    def value(self, number: str) -> int | None:
        """The value of a numeral or of a number in words."""
        plain = number.strip().lower().replace(".", "").replace(",", "")
        return int(plain) if plain.isdigit() else self.numbers.get(plain)
