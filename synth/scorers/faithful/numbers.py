"""Numbers, amounts, dates and times in a text, each with every value that it may mean.

A form with several readings ("1.234", "18.30", "4/5") keeps all of them; two mentions agree where they share one.
The text is cut into tokens once and walked once: cost is linear whatever the text is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from fractions import Fraction

from synth.scorers.faithful.lexicon import (
    CUBIC,
    CURRENCIES,
    DAY_WORDS,
    DEFINITE,
    HALVES,
    HEDGE_OF,
    HEDGE_PAIRS,
    HOUR_WORDS,
    LINKS,
    MAGNITUDES,
    MONTHS,
    NO_CONTEXT,
    NUMBERED,
    ORDINAL_SUFFIXES,
    PERCENT_SECOND,
    PERCENT_WORDS,
    RANGE_WORDS,
    SHORT_MAGNITUDES,
    SQUARE,
    UNITS,
    UNSURE_MONTHS,
    WEEKDAYS,
)
from synth.scorers.faithful.number_words import WEAK, below_thousand, denominator, is_group, is_half, ordinal
from synth.scorers.faithful.tokens import Mention, Reading, Token, decimal, tokens_of, values_of

_BEFORE_DAYS = frozenset("sáng chiều tối đêm trưa hôm ngày vào từ đến và tới rạng".split())
_HOUR_SUFFIX = re.compile(r"[hg](\d\d)?\Z")


def mentions(text: str, language: str) -> list[Mention]:
    """All mentions of an NFC text, in order; they do not overlap."""
    return list(Reader(tokens_of(unicodedata.normalize("NFC", text)), language).read())


class Reader:
    """One pass over the tokens of one text."""

    def __init__(self, tokens: Sequence[Token], language: str) -> None:
        self.tokens, self.language = tokens, language
        # A word that punctuation divides from the one before continues no numeral.
        self.words = [token.low if token.kind == "word" else "" for token in tokens]
        self.months = MONTHS.get(language, {}) if language == "en" else MONTHS.get(language, {}) | MONTHS["en"]

    def read(self) -> Iterator[Mention]:
        at = 0
        while at < len(self.tokens):
            found = self._date(at) or self._time(at) or self._weekday(at) or self._amount(at)
            if found is None:
                at += 1
                continue
            mention, at = found
            yield mention

    # ---- what stands where

    def _low(self, at: int) -> str:
        return self.tokens[at].low if 0 <= at < len(self.tokens) else ""

    def _near(self, at: int, marks: str = "") -> bool:
        """Whether only blanks (or these marks) divide the token from the one before."""
        if not 0 < at < len(self.tokens):
            return False
        gap = self.tokens[at].gap
        return len(gap) <= 3 and not gap.strip(" \n\u00a0\u202f" + marks) and gap.count("\n") < 2

    def _glued(self, at: int) -> bool:
        return 0 < at < len(self.tokens) and not self.tokens[at].gap

    def _whole(self, at: int) -> int | None:
        """The value of plain digits, at most four."""
        if not 0 <= at < len(self.tokens) or self.tokens[at].kind != "number":
            return None
        text = self.tokens[at].text
        return int(text) if text.isdigit() and len(text) <= 4 else None

    def _mention(
        self, first: int, after: int, kind: str, readings: set[Reading], **more: object
    ) -> tuple[Mention, int]:
        span = self.tokens[first].start, self.tokens[after - 1].end
        return Mention(*span, kind, frozenset(readings), **more), after  # type: ignore[arg-type]

    # ---- dates

    def _date(self, at: int) -> tuple[Mention, int] | None:
        return self._written_date(at) or self._vietnamese_date(at) or self._month_first(at) or self._digits_date(at)

    def _year(self, at: int) -> tuple[int | None, int]:
        """(year, place after it), with a link before it or none."""
        place = at
        if self._near(place, ",") and self._low(place) in ("del", "de", "of", "năm", "dell"):
            place += 1
        year = self._whole(place)
        if year is not None and 1000 <= year <= 2199 and self._near(place, ",'’"):
            return year, place + 1
        return None, at

    def _written_date(self, at: int) -> tuple[Mention, int] | None:
        """4 maggio 2024, 1° maggio, primo maggio, 4. Mai, 4th of May, venticinque aprile."""
        day, place = self._whole(at), at + 1
        if day is None and self.tokens[at].kind == "word":
            if self.words[at] in ("primo", "premier", "primero", "ersten"):
                day = 1
            elif (read := below_thousand(self.words, at, self.language)) and self.language != "vi":
                day, place = read[0], at + read[1]
        if day is None or not 1 <= day <= 31:
            return None
        if self._low(place) in ORDINAL_SUFFIXES and self._glued(place):
            place += 1
        if self._low(place) in ("di", "de", "of") and self._near(place):
            place += 1
        month = self.months.get(self._low(place))
        if month is None or not self._near(place, "."):
            return None
        year, after = self._year(place + 1)
        return self._mention(at, after, "date", {("date", year, month, day)})

    def _month_first(self, at: int) -> tuple[Mention, int] | None:
        """maggio 2024, May 4, 2024, maggio."""
        word = self._low(at)
        month = self.months.get(word)
        if month is None or self.tokens[at].kind != "word":
            return None
        sure = word not in UNSURE_MONTHS and word in MONTHS.get(self.language, {})
        capital = self.tokens[at].text[0].isupper()
        if self.language in ("en", "de") and not capital:
            return None
        day = self._whole(at + 1) if self.language == "en" and self._near(at + 1) else None
        if day is not None and 1 <= day <= 31:
            place = at + 2 + (self._low(at + 2) in ORDINAL_SUFFIXES and self._glued(at + 2))
            year, after = self._year(place)
            return self._mention(at, after, "date", {("date", year, month, day)})
        year, after = self._year(at + 1)
        if year is None and not sure:
            return None
        return self._mention(at, after, "date", {("date", year, month, None)})

    def _vietnamese_date(self, at: int) -> tuple[Mention, int] | None:
        """ngày 4/5/2024, ngày 4 tháng 5 năm 2024, tháng 5/2024, tháng năm, năm 2024, ngày 4."""
        if self.language != "vi":
            return None
        word = self._low(at)
        if word in ("ngày", "mùng", "mồng") and self._near(at + 1):
            day = self._whole(at + 1)
            if day is not None and 1 <= day <= 31:
                month, place = self._vietnamese_month(at + 2)
                year, after = self._year(place) if month else (None, place)
                return self._mention(at + 1, after, "date", {("date", year, month, day)})
        month, place = self._vietnamese_month(at)
        if month:
            year, after = self._year(place)
            return self._mention(at, after, "date", {("date", year, month, None)})
        shaped = word == "tháng" and self._near(at + 1) and re.fullmatch(r"(\d\d?)[/\-](\d{4})", self._low(at + 1))
        if shaped and 1 <= int(shaped[1]) <= 12:
            return self._mention(at, at + 2, "date", {("date", int(shaped[2]), int(shaped[1]), None)})
        return None

    def _vietnamese_month(self, at: int) -> tuple[int | None, int]:
        if self._low(at) != "tháng" or not self._near(at + 1):
            return None, at
        month = self._whole(at + 1) or MONTHS["vi"].get(self._low(at + 1))
        if month is None and (read := below_thousand(self.words, at + 1, "vi")) and self._low(at + 1) != "năm":
            return (read[0], at + 1 + read[1]) if read[0] <= 12 else (None, at)
        return (month, at + 2) if month and 1 <= month <= 12 else (None, at)

    def _digits_date(self, at: int) -> tuple[Mention, int] | None:
        """4/5/2024, 4-5-2024, 4.5.24, 2024-05-04; 4/5 after a word that says so or in Vietnamese."""
        token = self.tokens[at]
        if token.kind != "number":
            return None
        if iso := re.fullmatch(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)", token.text):
            year, month, day = map(int, iso.groups())
        elif full := re.fullmatch(r"(\d\d?)([-/.])(\d\d?)\2(\d{4}|\d\d)", token.text):
            day, month, year = int(full[1]), int(full[3]), int(full[4])
            year += 2000 if year < 100 else 0
        else:
            return self._short_date(at)
        dates = {(year, month, day), (year, day, month)}
        fit: set[Reading] = {("date", y, m, d) for y, m, d in dates if 1 <= m <= 12 and 1 <= d <= 31}
        # The month first is American: kept where nothing else fits, or the text is English.
        if self.language != "en" and ("date", year, month, day) in fit:
            fit = {("date", year, month, day)}
        return self._mention(at, at + 1, "date", fit) if fit else None

    def _short_date(self, at: int) -> tuple[Mention, int] | None:
        shaped = re.fullmatch(r"(\d\d?)([/\-.])(\d\d?)", self.tokens[at].text)
        if not shaped or not (1 <= int(shaped[1]) <= 31 and 1 <= int(shaped[3]) <= 12):
            return None
        told = self._low(at - 1) in DAY_WORDS and self._near(at)
        if shaped[2] != "/" and not (self.language == "vi" and self._low(at - 1) in ("ngày", "mùng", "mồng")):
            return None
        if not told and self.language != "vi":
            return None
        day, month = int(shaped[1]), int(shaped[3])
        readings: set[Reading] = {("date", None, month, day)}
        if not told or self._low(at - 1) not in ("ngày", "mùng", "mồng"):
            readings |= {("number", Fraction(day, month), ""), ("text", self.tokens[at].text)}
        return self._mention(at, at + 1, "date", readings)

    def _weekday(self, at: int) -> tuple[Mention, int] | None:
        word, place = self._low(at), at + 1
        day = WEEKDAYS.get(self.language, {}).get(word)
        if self.language == "vi" and self._near(at + 1):
            if word == "chủ" and self._low(at + 1) == "nhật":
                day, place = 6, at + 2
            elif word == "thứ" and (number := self._thu(at + 1)):
                return self._thu_mention(at, number)
        if self.language in ("en", "de") and not self.tokens[at].text[0].isupper():
            return None
        return None if day is None else self._mention(at, place, "date", {("weekday", day)})

    def _thu_mention(self, at: int, number: int) -> tuple[Mention, int]:
        """ "thứ ba" is Tuesday and the third; behind what has a number ("lần thứ ba") only that."""
        readings: set[Reading] = {("number", Fraction(number), "")}
        is_day = number <= 7 and (self._low(at - 1) in _BEFORE_DAYS or not self._near(at))
        if is_day:
            readings.add(("weekday", number - 2))
        return self._mention(at, at + 2, "date" if is_day else "number", readings, context="" if is_day else "thứ #")

    def _thu(self, at: int) -> int | None:
        number = self._whole(at)
        if number is None and (read := below_thousand(self.words, at, "vi")) and read[1] == 1:
            number = read[0]
        return number if number is not None and number >= 2 else None

    # ---- times

    def _time(self, at: int) -> tuple[Mention, int] | None:
        """18:30, 18h30, alle 18.30, alle 18, 8 giờ 30, 6:30 pm."""
        token = self.tokens[at]
        if token.kind != "number":
            return None
        shaped = re.fullmatch(r"(\d\d?)([:.])(\d\d)", token.text)
        if shaped and int(shaped[1]) <= 24 and int(shaped[3]) < 60:
            told = shaped[2] == ":" or (self._low(at - 1) in HOUR_WORDS and self._near(at))
            readings: set[Reading] = {("time", int(shaped[1]), int(shaped[3]))}
            if shaped[2] == ".":
                readings.add(("number", decimal(token.text), ""))
            if told:
                return self._mention(at, at + 1, "date", readings)
        hour = self._whole(at)
        if hour is None or hour > 24:
            return None
        return self._hour(at, hour)

    def _hour(self, at: int, hour: int) -> tuple[Mention, int] | None:
        suffix = _HOUR_SUFFIX.match(self._low(at + 1)) if self._glued(at + 1) else None
        if suffix and (suffix[1] or suffix[0] in ("h", "g")) and self.tokens[at + 1].text[0].islower():
            readings: set[Reading] = {("time", hour, int(suffix[1] or 0))}
            if not suffix[1]:
                readings.add(("number", Fraction(hour * 3600), "unit:time"))
            return self._mention(at, at + 2, "date", readings)
        if self._low(at + 1) == "giờ" and self._near(at + 1):
            minute = self._whole(at + 2) if self._near(at + 2) else None
            if minute is not None and minute < 60:
                return self._mention(at, at + 3, "date", {("time", hour, minute)})
            return self._mention(
                at, at + 2, "date", {("time", hour, 0), ("number", Fraction(hour * 3600), "unit:time")}
            )
        if self._low(at - 1) in HOUR_WORDS and self._near(at) and not self._counts(at + 1):
            return self._mention(at, at + 1, "date", {("time", hour, 0), ("number", Fraction(hour), "")})
        return None

    def _counts(self, at: int) -> bool:
        """Whether a unit, a sign or a magnitude stands here."""
        word = self._low(at)
        return self._near(at) and (word in UNITS or word in CURRENCIES or word in MAGNITUDES or word in PERCENT_WORDS)

    # ---- numbers and amounts

    def _amount(self, at: int) -> tuple[Mention, int] | None:
        first, sign = at, ""
        if CURRENCIES.get(self._low(at)) and self._near_number(at + 1):
            sign, at = CURRENCIES[self._low(at)], at + 1
        if self._is_code(at):
            return None
        read = self._fraction(at) or self._number(at)
        if read is None:
            return None
        values, after, weak = read
        tail, after = self._class(after, sign)
        readings = self._readings(values, tail) | self._plain(at, after, tail)
        if not readings:
            readings = {("text", self.tokens[at].text)}
        hedge = self._hedge(first) or (
            "form" if after - at > 1 and "text" not in {r[0] for r in readings} and self._is_rounded(at) else ""
        )
        kind = self._kind(tail, readings)
        context = tail if tail else self._context(first, after)
        return self._mention(first, after, kind, readings, hedge=hedge, weak=weak and not tail, context=context)

    def _context(self, first: int, after: int) -> str:
        if self._near(after) and len(self.words[after]) > 2 and self.words[after] not in NO_CONTEXT:
            return self.words[after]
        before = self._low(first - 1)
        return f"{before} #" if self._near(first) and before in NUMBERED else ""

    def _near_number(self, at: int) -> bool:
        return self._near(at) and at < len(self.tokens) and self.tokens[at].kind == "number"

    def _is_code(self, at: int) -> bool:
        """F-16, Covid-19: digits that belong to a name."""
        token = self.tokens[at]
        return (
            token.kind == "number" and at > 0 and token.gap in ("-", "–") and self.tokens[at - 1].kind == "word"
            and self.tokens[at - 1].text[-1].isalpha() and not CURRENCIES.get(self.tokens[at - 1].low)
        )  # fmt: skip

    def _is_rounded(self, at: int) -> bool:
        """1,2 milioni: decimals before a magnitude are as many as were worth telling."""
        token = self.tokens[at]
        decimals = token.kind == "number" and re.fullmatch(r"\d+[.,]\d{1,2}", token.text)
        return bool(decimals) and self._low(at + 1) in MAGNITUDES

    def _fraction(self, at: int) -> tuple[set[tuple[Fraction, str]], int, bool] | None:
        """due terzi, hai phần ba, una metà: in percent."""
        word = self.words[at]
        if word and is_half(word, self.language):
            return {(Fraction(50), "%")}, at + 1, True
        part = self._whole(at) if self.tokens[at].kind == "number" else None
        used = 1
        if part is None and word and (read := below_thousand(self.words, at, self.language)):
            part, used = read
        if not part:
            return None
        after = at + used
        if (
            self.language == "vi"
            and self._low(after) == "phần"
            and (
                read := below_thousand(self.words, after + 1, "vi")
                if after + 1 < len(self.words) and self.words[after + 1]
                else None
            )
        ):
            return {(Fraction(100 * part, read[0]), "%")}, after + 1 + read[1], False
        below = denominator(self._low(after), self.language) if self._near(after, "-") else None
        return ({(Fraction(100 * part, below), "%")}, after + 1, part == 1) if below else None

    def _number(self, at: int) -> tuple[set[tuple[Fraction, str]], int, bool] | None:
        """Digits or words, with magnitudes: 3 milioni e 200mila, ba triệu rưỡi, two thousand five hundred."""
        read = self._small(at)
        if read is None:
            found = ordinal(self.words[at], self.language) if self.words[at] else None
            return ({(Fraction(found), "")}, at + 1, False) if found else None
        values, after = read
        lone = after == at + 1 and self.words[at] in WEAK.get(self.language, frozenset())
        size, after = self._magnitude(after)
        values = {value * size for value in values}
        weak = size == 1 and (lone or (self.tokens[at].kind == "word" and self._low(at - 1) in DEFINITE))
        # As many parts as a number has: millions, thousands, units.
        for _ in range(4):
            if size == 1:
                break
            more = self._rest(after, size)
            if more is None:
                break
            added, size, after = more
            values = {value + each for value in values for each in added}
        if self._glued(after) and self._low(after) in ORDINAL_SUFFIXES and self._low(after) not in UNITS:
            after += 1
        return {(value, "") for value in values}, after, weak

    def _small(self, at: int) -> tuple[set[Fraction], int] | None:
        token = self.tokens[at]
        if token.kind == "number":
            return values_of(token.text, self.language), at + 1
        if token.kind != "word":
            return None
        read = below_thousand(self._joined(at), 0, self.language)
        return ({Fraction(read[0])}, at + read[1]) if read else None

    def _joined(self, at: int) -> list[str]:
        """The words from here on that blanks or hyphens alone divide, at most eight."""
        found = [self.words[at]]
        for place in range(at + 1, min(at + 8, len(self.words))):
            if not self.words[place] or not self._near(place, "-"):
                break
            found.append(self.words[place])
        return found

    def _magnitude(self, at: int) -> tuple[int, int]:
        size, last = 1, at + 3
        while at < min(last, len(self.tokens)) and self._near(at, "-.") and self._low(at) in MAGNITUDES:
            word = self._low(at)
            if word in SHORT_MAGNITUDES and not (self._glued(at) or self._low(at + 1) in CURRENCIES):
                break
            if word in ("m", "tr") and self._low(at + 1) not in CURRENCIES and self._low(at - 2) not in CURRENCIES:
                break
            size, at = size * MAGNITUDES[word], at + 1
        if (
            self.language == "vi"
            and self._low(at) == "trăm"
            and self.tokens[at - 1].kind == "number"
            and self._near(at)
        ):
            inner, after = self._magnitude(at + 1) if size == 1 else (1, at + 1)
            return size * 100 * inner, after
        return size, at

    def _rest(self, at: int, size: int) -> tuple[set[Fraction], int, int] | None:
        """What is added to a magnitude: e mezzo, rưỡi, e 200mila, năm trăm: (values, their magnitude, place after)."""
        if not self._near(at):
            return None
        joined = at + (self._low(at) in ("e", "and", "et", "y", "und", "lẻ"))
        if self._low(joined) in ("a", "un", "une", "una") and self._low(joined + 1) in HALVES:
            joined += 1
        if self._low(joined) in HALVES and self._near(joined):
            return {Fraction(size, 2)}, 1, joined + 1
        if not (joined < len(self.tokens) and self._near(joined)) or (
            joined > at and self.language not in ("it", "en", "es", "fr")
        ):
            return None
        read = self._small(joined)
        if read is None or not read[0]:
            return None
        inner, after = self._magnitude(read[1])
        word = self.tokens[joined].kind == "word"
        if (
            inner >= size
            or (inner == 1 and not word)
            or (self.words[joined] in WEAK.get(self.language, frozenset()) and inner == 1 and read[1] == joined + 1)
        ):
            return None
        # "duemila e tre": only what follows without a word between is sure to be one number.
        if inner == 1 and joined > at and self.language != "en":
            return None
        values = {value * inner for value in read[0]}
        return (values, inner, after) if max(values) < size else None

    def _class(self, at: int, sign: str) -> tuple[str, int]:
        """(class of what is counted, place after it)."""
        if sign:
            same = self._near(at) and CURRENCIES.get(self._low(at)) == sign
            return f"money:{sign}", at + same
        if not self._near(at, "-"):
            return "", at
        low, following = self._low(at), self._low(at + 1) if self._near(at + 1) else ""
        if low in PERCENT_WORDS:
            return "%", at + 1
        if (low, following) in PERCENT_SECOND:
            return "%", at + 2
        place = at + 1 if low in LINKS and self._near(at + 1, "'’") else at
        word = self._low(place)
        if word in CURRENCIES and (word != "đ" or self._near(place)):
            second = word == "đô" and self._low(place + 1) == "la"
            return f"money:{CURRENCIES[word]}", place + 1 + second
        if word == "°" and self._low(place + 1) in ("c", "f"):
            return f"unit:temperature:{self._low(place + 1)}", place + 2
        if word in UNITS and (len(word) > 1 or self.tokens[place].text.islower() or word == "°"):
            return self._unit(word, place)
        return "", at

    def _unit(self, word: str, at: int) -> tuple[str, int]:
        dimension, factor = UNITS[word]
        following = self._low(at + 1) if self._near(at + 1) else ""
        if dimension == "length" and following in SQUARE | CUBIC:
            power = 2 if following in SQUARE else 3
            return f"unit:{'area' if power == 2 else 'volume'}*{factor**power}", at + 2
        if self._near(at + 1, "/") and "/" in self.tokens[at + 1].gap:
            return f"unit:per {word}", at + 2
        return f"unit:{dimension}*{factor}", at + 1

    @staticmethod
    def _readings(values: set[tuple[Fraction, str]], tail: str) -> set[Reading]:
        name, _, factor = tail.partition("*")
        scale = Fraction(factor) if factor else Fraction(1)
        found: set[Reading] = {("number", value * scale, name or own) for value, own in values}
        if factor:
            found |= {("plain", value) for value, _ in values}
        return found

    def _plain(self, at: int, after: int, tail: str) -> set[Reading]:
        """Other readings of digits that nothing follows: a year, a day, a time, the two sides of a range."""
        token = self.tokens[at]
        found: set[Reading] = set()
        if token.kind != "number":
            return found | self._of_range(at, after, tail)
        whole = self._whole(at)
        if whole is not None and after == at + 1:
            if 1000 <= whole <= 2199:
                found.add(("date", whole, None, None))
            if 1 <= whole <= 31 and self._low(at - 1) in DAY_WORDS:
                found.add(("date", None, None, whole))
        sides = re.split(r"[-–/:]", token.text)
        if len(sides) > 1:
            found |= self._pair(at, sides)
        return found | self._of_range(at, after, tail)

    def _pair(self, at: int, sides: list[str]) -> set[Reading]:
        """The two sides of a range or a score, in whatever order; longer ones as they stand."""
        values = [values_of(side) for side in sides]
        if len(sides) != 2 or not all(values):
            return {("text", self.tokens[at].text)}
        size, _ = self._magnitude(at + 1)
        low, high = sorted(max(value) * size for value in values)
        return {("pair", low, high)}

    def _of_range(self, at: int, after: int, tail: str) -> set[Reading]:
        """tra 3 e 5 km, dal 3 al 5%, 2-3 milioni: the first has the class and the magnitude of the second, too."""
        if tail or not self._near(after, "-–") or after != at + 1:
            return set()
        place = after + (self._low(after) in RANGE_WORDS)
        if place >= len(self.tokens) or (place == after and not self.tokens[after].gap.strip()):
            return set()
        values, second = self._small(at), self._small(place)
        if not values or not second:
            return set()
        size, end = self._magnitude(second[1])
        name, _ = self._class(end, "")
        return self._readings({(value * size, "") for value in values[0]}, name) if size > 1 or name else set()

    def _hedge(self, at: int) -> str:
        before, earlier = self._low(at - 1), self._low(at - 2)
        if not self._near(at):
            return ""
        if before in ("di", "than", "de", "als", "del"):
            return HEDGE_PAIRS.get(earlier, "")
        if is_group(self._low(at)):
            return "about"
        return HEDGE_OF.get(before) or (HEDGE_OF.get(earlier, "") if before in DEFINITE | {"il", "la", "a"} else "")

    @staticmethod
    def _kind(tail: str, readings: set[Reading]) -> str:
        if tail.startswith("unit"):
            return "quantity"
        if tail.startswith("money"):
            return "money"
        if tail == "%" or any(reading[0] == "number" and reading[2:] == ("%",) for reading in readings):
            return "percent"
        years = [reading for reading in readings if reading[0] == "date"]
        return "date" if years and years[0][1] is not None else "number"
