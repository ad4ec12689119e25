"""Numbers: each side's stand in the other, by value and by the custom of its language (1,000.5 = 1.000,5).

What one side writes in digits the other may write in words, as a Roman numeral, as a month's name, with a magnitude
("1.5 million") or by the other clock. Units are not read: "5 miles" that became "8 km" have another number.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from synth.language.international import MAGNITUDES
from synth.language.tables import languages
from synth.translation.checks import Check
from synth.translation.pair import RowPair, Text, TextPair

MEANINGS = {"number_changed": "a number of one text is not in the other"}

_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f’']\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*|(?<![\w.,])\.\d+")
_SPACED = re.compile(r"[ \u00a0\u202f’']")
_MILITARY_TIME = re.compile(r"0\d[0-5]\d\Z")
_ROMAN = re.compile(r"(?<![\w'’])(?=[IVXLC])(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?:\b|(?=[eº°ª]))")
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50}
#: What follows an hour of the day, and a month by number within a date.
_HOUR = re.compile(r"\s?(?::[0-5]\d|[ap]\.?\s?m\b|h\d*\b|heures?\b|giờ|g\d|uhr|o.clock)|\.[0-5]\d\b", re.IGNORECASE)
_DATE = re.compile(r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\b|\b\d{1,2}/\d{4}\b|\b\d{1,2}/\d{1,2}\b")
_WORD = re.compile(r"[^\W\d_]+")
#: Letters at a number that multiply it, in any language.
_LETTERS = {"k": 10**3, "m": 10**6, "b": 10**9, "bn": 10**9, "mn": 10**6, "tr": 10**6, "mln": 10**6, "mld": 10**9}
#: Numerals below are articles, or are left out where a language says it otherwise.
_LEAST_IN_WORDS, _PAIR = 3, 2
#: Round numbers that are used for "many".
_MANY = frozenset({10, 12, 20, 100, 1000, 10**6, 10**9})

Value = int | float | str
_FEET = r"(?<![a-z])(?:feet|foot|ft)\b|\d['′]"
_FAHRENHEIT = re.compile(r"°\s?F\b|fahrenheit|\d\s?F\b", re.IGNORECASE)
#: Units that translators convert, and by what: the number in the new unit is near the product.
_CONVERSIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), factor)
    for pattern, factor in (
        (_FEET, 0.3048), (_FEET, 0.0003048), (_FEET, 30.48), (r"(?<![a-z])(?:miles?|mph)\b", 1.609),
        (r"(?<![a-z])(?:yards?|yds?)\b", 0.9144), (r"(?<![a-z])inch(?:es)?\b|\d\s?in\b|\d[\"″]", 2.54),
        (r"(?<![a-z])(?:pounds?|lbs?)\b", 0.4536), (r"(?<![a-z])(?:ounces?|oz)\b", 28.35),
        (r"(?<![a-z])gallons?\b", 3.785), (r"(?<![a-z])acres?\b", 0.4047), (_FAHRENHEIT.pattern, 0),
    )
)  # fmt: skip
#: By how much a converted measure is rounded.
_ROUNDING = 0.035


def _row_doubts(row: RowPair) -> Iterator[str]:
    for pair in row.pairs:
        if pair.source.text and pair.target.text and not pair.is_untouched and _changed(pair):
            yield "number_changed"


def _changed(pair: TextPair) -> bool:
    source, target = _numbers(pair.source), _numbers(pair.target)
    if not source and not target:
        return _numeral_lost(pair, (), ())
    if not _is_explained(pair, source, target):
        source = [part for number in source for part in number.parts()]
        target = [part for number in target for part in number.parts()]
        if not _is_explained(pair, source, target):
            return True
    return _numeral_lost(pair, source, target)


class Number:
    """Digits as they stand in a text: all values that they may have there."""

    def __init__(self, text: str, language: str, following: str = "") -> None:
        self.text, self.language, self.following = text, language, following
        self.values = _values(text, language)

    def parts(self) -> list[Number]:
        """The numbers that blanks divide, where the digits may be two: "12 300", "0430"."""
        texts = _SPACED.split(self.text)
        if _MILITARY_TIME.match(self.text):
            texts = [self.text[:2], self.text[2:]]
        if len(texts) == 1:
            return [self]
        return [Number(text, self.language) for text in texts[:-1]] + [Number(texts[-1], self.language, self.following)]


def _numbers(side: Text) -> list[Number]:
    prose = side.prose
    return [
        Number(match.group(), side.language, prose[match.end() : match.end() + 16]) for match in _NUMBER.finditer(prose)
    ]


@functools.lru_cache(maxsize=4096)
def _values(text: str, language: str) -> frozenset[Value]:
    """What digits mean in a language, and how they are written: the same digits are the same number."""
    plain = _SPACED.sub("", text)
    if plain.isdecimal():
        return frozenset((int(plain) if len(plain) < 24 else plain,))
    table = languages().get(language)
    values = [_by_custom(plain, mark) for mark in (table.numbers.decimal_marks if table else ".,")]
    if all(value is None for value in values):
        values = [_by_custom(plain, mark) for mark in ".,"]
    return frozenset([plain, *(value for value in values if value is not None)])


def _by_custom(plain: str, mark: str) -> Value | None:
    """The value with this mark before the decimals; None where its groups are none."""
    whole, _, decimals = plain.partition(mark)
    groups = re.split(r"[.,]", whole)
    if decimals and not decimals.isdecimal():
        return None
    if len(groups) > 1 and (not 0 < len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        return None
    number = float("".join(groups) + "." + (decimals or "0"))
    return int(number) if number == int(number) else number


def _unmatched(source: list[Number], target: list[Number]) -> tuple[list[Number], list[Number]]:
    """(numbers that the target lacks, numbers that the source lacks), each as often as it is too few."""
    return _absent(source, target), _absent(target, source)


def _absent(numbers: list[Number], others: list[Number]) -> list[Number]:
    """The numbers that the others lack, each as often as it is too few."""
    free: Counter[Value] = Counter(value for number in others for value in number.values)
    absent = []
    for number in numbers:
        shared = [value for value in number.values if free[value] > 0]
        if shared:
            free[shared[0]] -= 1
        else:
            absent.append(number)
    return absent


def _is_explained(pair: TextPair, source: list[Number], target: list[Number]) -> bool:
    """Whether each number stands in the other text in digits, or is something else there."""
    absent, new = _unmatched(source, target)
    if not absent and not new:
        return True
    digits = _all_values(source), _all_values(target)
    hours = _hours(source) | _hours(target)
    for strong in (True, False):
        elsewhere = _said(pair.target, target, pair.source, strong), _said(pair.source, source, pair.target, strong)
        removed = [number for number in absent if not _is_said(number, elsewhere[0], digits[1], hours)]
        added = [number for number in new if not _is_said(number, elsewhere[1], digits[0], hours)]
        removed, added = _without_converted(removed, added, pair)
        # A number in the place of another; an article ("un") or "both" would explain each, but not the two.
        if removed and added:
            return False
    # A number that is only repeated more or less often was not changed.
    removed = [number for number in removed if not _is_slight(number) and not number.values & digits[1]]
    return not removed and all(_is_slight(number) or number.values & digits[0] for number in added)


def _is_slight(number: Number) -> bool:
    """One and two are articles and "both" elsewhere, 100 % is "all"; alone they prove nothing."""
    return number.text in ("1", "2") or (
        number.text == "100" and number.following.lstrip(" \u00a0\u202f")[:1] in ("%", "p")
    )


def _without_converted(removed: list[Number], added: list[Number], pair: TextPair) -> tuple[list[Number], list[Number]]:
    """Without measures that were converted, as translators do for readers elsewhere: 27 miles, 43 kilometres."""
    if not any(pattern.search(pair.source.text) for pattern, _ in _CONVERSIONS):
        return removed, added
    absent, new = _all_values(removed) | _in_words(pair.source), _all_values(added) | _in_words(pair.target)
    return (
        [number for number in removed if not any(_is_converted(value, new, pair) for value in number.values)],
        [number for number in added if not any(_is_converted(amount, number.values, pair) for amount in absent)],
    )


def _is_converted(value: Value, results: Iterable[Value], pair: TextPair) -> bool:
    """Whether one of these is a measure of the source in another unit."""
    if isinstance(value, str):
        return False
    expected = [value * factor for pattern, factor in _CONVERSIONS if factor and pattern.search(pair.source.text)]
    if _FAHRENHEIT.search(pair.source.text):
        expected.append((value - 32) / 1.8)
    return any(_is_near(result, amount) for result in results for amount in expected)


def _is_near(value: Value, expected: float) -> bool:
    return not isinstance(value, str) and abs(value - expected) <= _ROUNDING * abs(expected)


def _all_values(numbers: Iterable[Number]) -> set[Value]:
    return {value for number in numbers for value in number.values}


def _said(side: Text, numbers: list[Number], other: Text, strong: bool) -> set[Value]:
    """Every value that a side may give otherwise than in digits, or with a magnitude after the digits.

    Args:
        side: the text.
        numbers: its digits.
        other: the other text, which may have months by number.
        strong: without the words that are articles, or "both", as well.
    """
    values: set[Value] = _in_words(side, strong) | _romans(side.prose)
    if _numbers_months(other):
        values |= _calendar(side)
    for number in numbers:
        values |= _scaled(number)
    return values


def _numbers_months(side: Text) -> bool:
    table = _table(side.language)
    return bool((table and table.dates.month_marker) or _DATE.search(side.text))


def _hours(numbers: list[Number]) -> set[Value]:
    """Hours of the day: what "p.m.", minutes or a word for hours follows."""
    return {value for number in numbers if _HOUR.match(number.following) for value in number.values}


def _is_said(number: Number, elsewhere: set[Value], digits: set[Value], hours: set[Value]) -> bool:
    """Whether the other side gives the number in another form; `digits` are its values in digits."""
    forms = _scaled(number)
    for value in number.values:
        if isinstance(value, int):
            forms |= _years(value, number.text)
            forms |= {hour for hour in (value + 12, value - 12) if 0 <= hour <= 24 and {value, hour} & hours}
    return bool(number.values & elsewhere or (forms - number.values) & (elsewhere | digits))


def _years(value: int, text: str) -> set[Value]:
    """1960 is "the sixties", '24 is 2024, the 1900s are the 20th century."""
    if 1000 <= value <= 2199:
        return {value % 100, value // 100 + 1} if value % 100 == 0 else {value % 100}
    return {1900 + value, 2000 + value} if len(text) == 2 else set()


def _scaled(number: Number) -> set[Value]:
    """The values with the magnitude that follows: "1.5 million", "30k"."""
    match = _WORD.match(number.following.lstrip(" -\u00a0\u202f"))
    if not match:
        return set()
    word = match.group().lower()
    size = _magnitudes(number.language).get(word) or (_LETTERS.get(word) if number.following[:1].isalpha() else None)
    if not size:
        return set()
    return {_whole(value * size) for value in number.values if not isinstance(value, str)}


def _whole(value: float) -> Value:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _romans(text: str) -> set[Value]:
    return {_roman(match.group()) for match in _ROMAN.finditer(text) if match.group()}


def _roman(text: str) -> int:
    digits = [_ROMAN_DIGITS.get(letter, 100) for letter in text]
    return sum(-digit if digit < after else digit for digit, after in zip(digits, [*digits[1:], 0], strict=True))


# ---- numbers in words


@functools.cache
def _table(language: str) -> Any:
    return languages().get(language)


@functools.cache
def _magnitudes(language: str) -> dict[str, int]:
    table = _table(language)
    rows = [MAGNITUDES, table.numbers.magnitudes] if table else [MAGNITUDES]
    return {word: size for row in rows for size, words in row.items() for word in words.split() if len(word) > 1}


@functools.cache
def _calendar_words(language: str) -> dict[str, int]:
    """Months by number; a weekday by the number that Vietnamese gives it, Monday the second."""
    table = _table(language)
    if not table:
        return {}
    months = {word: number for number, names in enumerate(table.dates.months, 1) for word in names.lower().split("|")}
    days = {word: number for number, names in enumerate(table.dates.weekdays, 2) for word in names.lower().split("|")}
    return days | months | dict(table.dates.month_names)


def _calendar(side: Text) -> set[Value]:
    words = _calendar_words(side.language)
    return {words[word] for word in side.low_words if word in words}


def _in_words(side: Text, strong: bool = False) -> set[Value]:
    """Values of numerals, ordinals and idioms, of each part of a longer numeral and of the whole."""
    table = _table(side.language)
    if not table:
        return set()
    words, numbers = side.low_words, table.numbers
    weak = numbers.weak if strong else ()
    values: set[Value] = {
        value
        for start, word in enumerate(words)
        if word not in weak
        for value in _numeral_at(words, start, side.language)
    }
    lexicons = (numbers.ordinals, numbers.idioms, numbers.fractions)
    idioms = {lexicon[word] for lexicon in lexicons for word in words if word in lexicon}
    return values | {value for value in idioms if not strong or value > _PAIR}


def _numeral_at(words: list[str], start: int, language: str) -> Iterator[int]:
    """The values that begin at a word: two, two thousand, two thousand five hundred."""
    parse, magnitudes = _table(language).numbers.numerals.parse, _magnitudes(language)
    total, position = 0, start
    while position < len(words) and (total == 0 or position > start):
        numeral = parse(words, position)
        if numeral is None:
            if position == start and words[start] in magnitudes:
                yield magnitudes[words[start]]
            return
        value, size = numeral
        position += size
        yield value
        # "nineteen fifty", "nineteen-fifties"
        tens = _tens_at(words, position, language) if 10 < value < 21 else 0
        if tens:
            yield value * 100 + tens
        while position < len(words) and words[position] in magnitudes:
            value, position = value * magnitudes[words[position]], position + 1
        total += value
        yield total


def _tens_at(words: list[str], start: int, language: str) -> int:
    """What follows the hundreds of a year in words."""
    if start >= len(words):
        return 0
    numbers = _table(language).numbers
    numeral = numbers.numerals.parse(words, start)
    value = int(numeral[0] if numeral else numbers.idioms.get(words[start], 0))
    return value if 10 <= value < 100 else 0


def _numeral_lost(pair: TextPair, source: Iterable[Number], target: Iterable[Number]) -> bool:
    """Whether a numeral in words of one side is in the other neither in words nor in digits."""
    sides = (pair.source, pair.target)
    strong = [_strong_numerals(side) for side in sides]
    if not strong[0] and not strong[1]:
        return False
    stated = [
        _said(side, list(numbers), sides[1 - side_number], strong=False) | _all_values(numbers)
        for side_number, (side, numbers) in enumerate(zip(sides, (source, target), strict=True))
    ]
    absent, new = strong[0] - stated[1], strong[1] - stated[0]
    return bool(absent and new) and not any(_is_converted(value, new | _all_values(target), pair) for value in absent)


def _strong_numerals(side: Text) -> set[Value]:
    table = _table(side.language)
    if not table:
        return set()
    words = side.low_words
    starts = [start for start, word in enumerate(words) if _begins_numeral(word, side.language)]
    numerals = (table.numbers.numerals.parse(words, start) for start in starts)
    values = {numeral[0] for numeral in numerals if numeral}
    return {value for value in values if value >= _LEAST_IN_WORDS and value not in _MANY}


@functools.lru_cache(maxsize=1 << 16)
def _begins_numeral(word: str, language: str) -> bool:
    """Whether a word begins a numeral and is none of those that are other words, too."""
    numbers = _table(language).numbers
    return word not in numbers.weak and numbers.numerals.parse([word], 0) is not None


CHECK = Check(MEANINGS, _row_doubts)
