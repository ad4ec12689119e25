"""Days, months and weekdays in a text, in words or digits."""

from __future__ import annotations

import re
from fractions import Fraction

from synth.scorers.faithful.tokens import MentionEnd, Reading, TokenText


def date_at(text: TokenText, at: int) -> MentionEnd | None:
    """The date that begins at a token."""
    return _day_first(text, at) or _with_markers(text, at) or _month_first(text, at) or _in_digits(text, at)


def _year(text: TokenText, at: int) -> tuple[int | None, int]:
    """(year, token after it), with a link before it or none."""
    position = at
    if text.near(position, ",") and text.low(position) in text.lexicon.year_links:
        position += 1
    year = text.integer(position)
    if year is not None and 1000 <= year <= 2199 and text.near(position, ",'’"):
        return year, position + 1
    return None, at


# ---- months by name


def _day_first(text: TokenText, at: int) -> MentionEnd | None:
    """4 maggio 2024, 1° maggio, primo maggio, 4. Mai, 4th of May, venticinque aprile."""
    day, position = _day(text, at)
    if day is None or not 1 <= day <= 31:
        return None
    if text.is_ordinal_suffix(position):
        position += 1
    if text.low(position) in text.lexicon.month_links and text.near(position):
        position += 1
    month = text.lexicon.months.get(text.low(position))
    if month is None or not text.near(position, "."):
        return None
    year, after = _year(text, position + 1)
    return text.mention(at, after, "date", {("date", year, month, day)})


def _day(text: TokenText, at: int) -> tuple[int | None, int]:
    """(day of a month, token after it) in digits or words."""
    day = text.integer(at)
    if day is None and text.is_word(at):
        if text.words[at] in text.lexicon.first:
            return 1, at + 1
        if text.lexicon.own.dates.numeral_days and (numeral := text.numeral(at)):
            return numeral[0], at + numeral[1]
    return day, at + 1


def _month_first(text: TokenText, at: int) -> MentionEnd | None:
    """maggio 2024, May 4, 2024, maggio."""
    word, lexicon = text.low(at), text.lexicon
    month = lexicon.months.get(word)
    if month is None or not text.is_word(at) or _lacks_capital(text, at):
        return None
    day = text.integer(at + 1) if lexicon.own.dates.month_first and text.near(at + 1) else None
    if day is not None and 1 <= day <= 31:
        year, after = _year(text, at + 2 + text.is_ordinal_suffix(at + 2))
        return text.mention(at, after, "date", {("date", year, month, day)})
    year, after = _year(text, at + 1)
    if year is None and (word in lexicon.unsure_months or word not in lexicon.own_months):
        return None
    return text.mention(at, after, "date", {("date", year, month, None)})


def _lacks_capital(text: TokenText, at: int) -> bool:
    return text.lexicon.own.dates.capital and not text.tokens[at].text[0].isupper()


# ---- days and months by number, each behind its word


def _with_markers(text: TokenText, at: int) -> MentionEnd | None:
    """ngày 4/5/2024, ngày 4 tháng 5 năm 2024, tháng 5/2024, tháng năm, năm 2024, ngày 4."""
    dates = text.lexicon.own.dates
    if not dates.month_marker:
        return None
    word = text.low(at)
    if word in dates.day_markers and text.near(at + 1):
        day = text.integer(at + 1)
        if day is not None and 1 <= day <= 31:
            month, position = _numbered_month(text, at + 2)
            year, after = _year(text, position) if month else (None, position)
            return text.mention(at + 1, after, "date", {("date", year, month, day)})
    month, position = _numbered_month(text, at)
    if month:
        year, after = _year(text, position)
        return text.mention(at, after, "date", {("date", year, month, None)})
    is_marked = word == dates.month_marker and text.near(at + 1)
    digits = re.fullmatch(r"(\d\d?)[/\-](\d{4})", text.low(at + 1)) if is_marked else None
    if digits and 1 <= int(digits[1]) <= 12:
        return text.mention(at, at + 2, "date", {("date", int(digits[2]), int(digits[1]), None)})
    return None


def _numbered_month(text: TokenText, at: int) -> tuple[int | None, int]:
    dates = text.lexicon.own.dates
    if text.low(at) != dates.month_marker or not text.near(at + 1):
        return None, at
    word = text.low(at + 1)
    month = text.integer(at + 1) or dates.month_names.get(word)
    # "năm" is five, and a year.
    if month is None and (numeral := text.numeral(at + 1)) and word not in dates.year_links:
        return (numeral[0], at + 1 + numeral[1]) if numeral[0] <= 12 else (None, at)
    return (month, at + 2) if month and 1 <= month <= 12 else (None, at)


# ---- digits


def _in_digits(text: TokenText, at: int) -> MentionEnd | None:
    """4/5/2024, 4-5-2024, 4.5.24, 2024-05-04; 4/5 after a word that says so, or in Vietnamese."""
    token = text.tokens[at]
    if token.kind != "number":
        return None
    if iso := re.fullmatch(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)", token.text):
        year, month, day = map(int, iso.groups())
    elif full := re.fullmatch(r"(\d\d?)([-/.])(\d\d?)\2(\d{4}|\d\d)", token.text):
        day, month, year = int(full[1]), int(full[3]), int(full[4])
        year += 2000 if year < 100 else 0
    else:
        return _without_year(text, at)
    dates = {(year, month, day), (year, day, month)}
    fit: set[Reading] = {("date", y, m, d) for y, m, d in dates if 1 <= m <= 12 and 1 <= d <= 31}
    # The month first is American: kept where nothing else fits, or the text is English.
    if not text.lexicon.own.dates.month_first and ("date", year, month, day) in fit:
        fit = {("date", year, month, day)}
    return text.mention(at, at + 1, "date", fit) if fit else None


def _without_year(text: TokenText, at: int) -> MentionEnd | None:
    digits = re.fullmatch(r"(\d\d?)([/\-.])(\d\d?)", text.tokens[at].text)
    if not digits or not (1 <= int(digits[1]) <= 31 and 1 <= int(digits[3]) <= 12):
        return None
    before, lexicon = text.low(at - 1), text.lexicon
    is_day = before in lexicon.day_words and text.near(at)
    if digits[2] != "/" and before not in lexicon.own.dates.day_markers:
        return None
    if not is_day and not lexicon.own.dates.slash:
        return None
    day, month = int(digits[1]), int(digits[3])
    readings: set[Reading] = {("date", None, month, day)}
    if not is_day or before not in lexicon.day_markers:
        readings |= {("number", Fraction(day, month), ""), ("text", text.tokens[at].text)}
    return text.mention(at, at + 1, "date", readings)


# ---- weekdays


def weekday_at(text: TokenText, at: int) -> MentionEnd | None:
    """The weekday that begins at a token: lunedì, thứ hai, chủ nhật."""
    dates, word = text.lexicon.own.dates, text.low(at)
    if dates.weekday_marker and text.near(at + 1):
        if (word, text.low(at + 1)) == dates.sunday:
            return text.mention(at, at + 2, "date", {("weekday", 6)})
        if word == dates.weekday_marker and (number := _weekday_number(text, at + 1)):
            return _numbered_weekday(text, at, number)
    day = text.lexicon.weekdays.get(word)
    if day is None or _lacks_capital(text, at):
        return None
    return text.mention(at, at + 1, "date", {("weekday", day)})


def _numbered_weekday(text: TokenText, at: int, number: int) -> MentionEnd:
    """Vietnamese "thứ ba" is Tuesday and the third; behind what has a number ("lần thứ ba") only that."""
    dates = text.lexicon.own.dates
    readings: set[Reading] = {("number", Fraction(number), "")}
    is_day = number <= 7 and (text.low(at - 1) in dates.weekday_cues or not text.near(at))
    if is_day:
        readings.add(("weekday", number - 2))
    context = "" if is_day else f"{dates.weekday_marker} #"
    return text.mention(at, at + 2, "date" if is_day else "number", readings, context=context)


def _weekday_number(text: TokenText, at: int) -> int | None:
    number = text.integer(at)
    if number is None and (numeral := text.numeral(at)) and numeral[1] == 1:
        number = numeral[0]
    return number if number is not None and number >= 2 else None
