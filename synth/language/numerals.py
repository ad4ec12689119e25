"""Number words below a thousand: added up ("two hundred and five"), in one word ("duecentocinque"), or by syllables."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


def cardinals(text: str) -> dict[str, int]:
    """Numerals in order from one on; `word=20` says its value."""
    table = {}
    for position, item in enumerate(text.split(), 1):
        word, _, value = item.partition("=")
        table[word] = int(value) if value else position
    return table


def ordinals(stems: str, endings: Sequence[str] = ("",)) -> dict[str, int]:
    """Ordinals from the third on, with each ending."""
    return {stem + ending: value for value, stem in enumerate(stems.split(), 3) for ending in endings}


@dataclass(frozen=True)
class AdditiveNumerals:
    """English, French, Spanish, Portuguese: each word adds less than what is open, "hundred" multiplies.

    Attributes:
        atoms: words below a hundred, and those hundreds that are one word.
        joiners: words between them that count for nothing.
        hundreds: words that multiply a unit before them.
        pairs: two words that are one atom: "quatre-vingts".
        limits: value -> below what the next one must be, where that is not what other languages do.
    """

    atoms: Mapping[str, int]
    joiners: frozenset[str]
    hundreds: frozenset[str] = frozenset()
    pairs: Mapping[tuple[str, str], int] = field(default_factory=dict)
    limits: Mapping[int, int] = field(default_factory=dict)

    def begins(self, word: str) -> bool:
        """Whether a numeral may begin with the word; False is sure."""
        return word in self.atoms or word in self._first_of_pairs

    @functools.cached_property
    def _first_of_pairs(self) -> frozenset[str]:
        return frozenset(first for first, _ in self.pairs)

    def parse(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """(value, words read) of the numeral that begins at `start`."""
        value, limit, position = 0, 1000, start
        while position < len(words):
            word, size = words[position], 1
            number = self.pairs.get((word, words[position + 1] if position + 1 < len(words) else ""))
            if number is None:
                number = self.atoms.get(word, limit)
            else:
                size = 2
            if word in self.hundreds and 0 < value < 10:
                value, limit = value * 100, 100
            elif number < limit:
                value += number
                limit = self._limit(number)
            elif not (value and word in self.joiners and self._goes_on(words, position + 1, limit)):
                break
            position += size
        return (value, position - start) if value else None

    def _limit(self, added: int) -> int:
        """What may still be added must be less."""
        if added >= 100:
            return 100
        return self.limits.get(added, 10 if added >= 20 and added % 10 == 0 else 1)

    def _goes_on(self, words: Sequence[str], position: int, limit: int) -> bool:
        return position < len(words) and self.atoms.get(words[position], limit) < limit


#: Letters of the longest numeral in one word.
_LONGEST = 60


@dataclass(frozen=True)
class CompoundNumerals:
    """Italian, German: one word, thousands included.

    Attributes:
        atoms: every numeral of one word up to 999.
        thousand: what stands after the thousands: "mila", "tausend".
        one_thousand: the thousand that has no number before it: "mille".
    """

    atoms: Mapping[str, int]
    thousand: str
    one_thousand: str = ""

    def begins(self, word: str) -> bool:
        """Whether a numeral may begin with the word; False is sure."""
        return word in self.atoms or self.parse([word], 0) is not None

    def parse(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """(value, 1) of the word at `start`."""
        word = words[start]
        if word in self.atoms:
            return self.atoms[word], 1
        if len(word) > _LONGEST:
            return None
        head, mark, rest = word.partition(self.thousand)
        thousands = self.atoms.get(head) if mark else None
        if not mark and self.one_thousand and word.startswith(self.one_thousand):
            thousands, rest = 1, word.removeprefix(self.one_thousand)
        if thousands is None or (rest and rest not in self.atoms):
            return None
        return thousands * 1000 + self.atoms.get(rest, 0), 1


@dataclass(frozen=True)
class SyllableNumerals:
    """Vietnamese: [unit trăm] [lẻ|linh unit | unit mươi unit | mười unit], chục for tens.

    Attributes:
        units: one to nine.
        hundred: the word after a unit that makes hundreds of it.
        zero: words for tens that are not there.
        ten: the word for ten.
        tens: words after a unit that make tens of it; only after the first of them a unit follows.
        not_after_ten: units that are other words after ten, and those that are after tens.
        not_after_tens: see there.
    """

    units: Mapping[str, int]
    hundred: str
    zero: frozenset[str]
    ten: str
    tens: tuple[str, ...]
    not_after_ten: frozenset[str]
    not_after_tens: frozenset[str]

    def begins(self, word: str) -> bool:
        """Whether a numeral may begin with the word; False is sure."""
        return word in self.units or word == self.ten

    def parse(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """(value, words read) of the numeral that begins at `start`."""
        total, position = 0, start
        word = words[position]
        if word in self.units and words[position + 1 : position + 2] == [self.hundred]:
            total, position = 100 * self.units[word], position + 2
            if position < len(words) and words[position] in self.zero:
                unit = self.units.get(words[position + 1], 0) if position + 1 < len(words) else 0
                return (total + unit, position + 2 - start) if unit else (total, position - start)
        tens, size = self._tens(words, position)
        if total and size == 1 and words[position] != self.ten:
            # "hai trăm năm" are two hundred years.
            tens, size = 0, 0
        return (total + tens, position + size - start) if total + tens else None

    def _tens(self, words: Sequence[str], start: int) -> tuple[int, int]:
        first, second, third = [*words[start : start + 3], "", "", ""][:3]
        # After tens five is "lăm", and "năm" a year.
        if first == self.ten:
            unit = self.units.get(second, 0) if second not in self.not_after_ten else 0
            return (10 + unit, 2) if unit else (10, 1)
        unit = self.units.get(first, 0)
        if unit and second in self.tens:
            more = self.units.get(third, 0) if second == self.tens[0] and third not in self.not_after_tens else 0
            return 10 * unit + more, 3 if more else 2
        return (unit, 1) if unit else (0, 0)
