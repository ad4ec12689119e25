"""A text as tokens, and what runs of digits may mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from synth.scorers.faithful.lexicon import lexicon

#: ("number", value, class), ("plain", value), ("date", year, month, day), ("time", hour, minute), ("weekday", 0 to 6),
#: ("pair", one, other), ("text", as it is). "plain" is the value as written where a unit scaled it.
#: Classes: "" none, "%", "money:EUR", "unit:length" with the value in the dimension's smallest unit.
Reading = tuple[str, object] | tuple[str, object, object] | tuple[str, object, object, object]

# A group is repeated within an atomic one: possessively (`)*+`), Python before 3.11.5 takes "3/" for a number.
_TOKEN = re.compile(
    r"(?P<number>(?<![\d.,])\d{1,3}(?>(?:[ \u00a0\u202f]\d{3}(?![\d]))+)(?>(?:[.,]\d++)?)"
    r"|\d++(?>(?:[.,:’'/\-–]\d++)*))|(?P<word>[^\W\d_]\w*+)|(?P<sign>[%€$£¥₫°º])"
)
#: Digits of the longest number that is read as one; more are a text.
_LONGEST = 24
_GROUPED = re.compile(r"\d{1,3}(?:([.,’' \u00a0\u202f])\d{3})(?>(?:\1\d{3})*)\Z")


class Token(NamedTuple):
    """A word, a run of digits with what stands between them, or a sign."""

    kind: str
    text: str
    low: str
    start: int
    end: int
    #: what stands before it, since the token before.
    gap: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A number, an amount, a date or a time as it stands in a text, [start, end)."""

    start: int
    end: int
    #: number, date, percent, money or quantity.
    kind: str
    readings: frozenset[Reading]
    #: "over", "under" or "about" where the number is said to be round; "form" where its form says so ("1,2 milioni").
    hedge: str = ""
    #: an article or an idiom more likely than a number: it supports others and needs no support.
    weak: bool = False
    #: what is counted: the word after a bare number, else the one before it where numbers are given to things.
    context: str = ""


#: A mention, and the number of the token after it.
MentionEnd = tuple[Mention, int]


def tokens_of(text: str) -> list[Token]:
    """The tokens of a text in NFC."""
    tokens: list[Token] = []
    last = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        word = match.group()
        tokens.append(Token(kind, word, word.lower(), match.start(), match.end(), text[last : match.start()][-40:]))
        last = match.end()
    return tokens


class TokenText:
    """The tokens of one text, looked at by their number; those before the first and after the last are empty."""

    def __init__(self, tokens: Sequence[Token], language: str) -> None:
        self.tokens, self.language, self.lexicon = tokens, language, lexicon(language)
        # A word that punctuation divides from the one before continues no numeral.
        self.words = [token.low if token.kind == "word" else "" for token in tokens]

    def low(self, at: int) -> str:
        """The token in lower case."""
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def near(self, at: int, marks: str = "") -> bool:
        """Whether only blanks (or these marks) divide the token from the one before."""
        if not 0 < at < len(self.tokens):
            return False
        gap = self.tokens[at].gap
        return len(gap) <= 3 and not gap.strip(" \n\u00a0\u202f" + marks) and gap.count("\n") < 2

    def glued(self, at: int) -> bool:
        """Whether nothing divides the token from the one before."""
        return 0 < at < len(self.tokens) and not self.tokens[at].gap

    def is_number(self, at: int) -> bool:
        """Whether the token is a run of digits."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind == "number"

    def is_word(self, at: int) -> bool:
        """Whether the token is a word."""
        return 0 <= at < len(self.tokens) and self.tokens[at].kind == "word"

    def integer(self, at: int) -> int | None:
        """The value of plain digits, at most four."""
        text = self.tokens[at].text if self.is_number(at) else ""
        return int(text) if text.isdigit() and len(text) <= 4 else None

    def numeral(self, at: int) -> tuple[int, int] | None:
        """(value, words) of the numeral in words that begins here."""
        return self.lexicon.numeral(self.words, at) if 0 <= at < len(self.words) else None

    def is_ordinal_suffix(self, at: int) -> bool:
        """Whether "th" or "º" stands at the number before."""
        return self.low(at) in self.lexicon.ordinal_suffixes and self.glued(at)

    def mention(self, first: int, after: int, kind: str, readings: set[Reading], **details: Any) -> MentionEnd:
        """A mention from the first token up to the one after it, which comes back with it."""
        span = self.tokens[first].start, self.tokens[after - 1].end
        return Mention(*span, kind, frozenset(readings), **details), after


def values_of(digits: str) -> set[Fraction]:
    """What a run of digits with separators may be: 1.234,5 is one number, 1.234 may be two; {} where it is none."""
    if sum(character.isdigit() for character in digits) > _LONGEST:
        return set()
    marks = re.sub(r"\d", "", digits)
    plain = re.sub(r"[^\d.,]", "", digits)
    if any(mark in ":/-–" for mark in marks):
        return set()
    if not marks:
        return {Fraction(int(digits))}
    if _GROUPED.match(digits):
        whole = Fraction(int(re.sub(r"\D", "", digits)))
        if len(marks) > 1 or marks not in ".," or digits[0] == "0":
            return {whole} if digits[0] != "0" else {decimal(plain)}
        return {whole, decimal(plain)}
    if len(marks) == 1 or (len(set(marks[:-1])) == 1 and marks[-1] != marks[0]):
        head, mark, tail = digits.rpartition(marks[-1])
        if mark in ".," and (len(marks) == 1 or _GROUPED.match(head)):
            return {decimal(re.sub(r"\D", "", head) + "." + tail)}
    return set()


def decimal(plain: str) -> Fraction:
    """The value of digits with one mark among them, which divides the decimals."""
    return Fraction(plain.replace(",", "."))
