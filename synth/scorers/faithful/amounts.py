"""Numbers, fractions, money and measures in a text: their values, what they count, how round they are."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from synth.scorers.faithful.tokens import MentionEnd, Reading, TokenText, values_of

#: As many parts as a number has: millions, thousands, units.
_PARTS = 4
#: Magnitudes in a row: "mille miliardi".
_MAGNITUDES = 3
#: Words of the longest numeral below a thousand.
_LONGEST = 8
#: A magnitude of one letter that may stand alone at its number: "30k".
_ALWAYS_SHORT = "k"
#: "circa il 30%", "about a third": articles between a hedge and its number.
_ARTICLES = frozenset({"il", "la", "a"})


class Number(NamedTuple):
    """What digits or words may mean: (value, class) each; the token after them; whether they may be no number."""

    values: set[tuple[Fraction, str]]
    after: int
    weak: bool


def amount_at(text: TokenText, at: int) -> MentionEnd | None:
    """The number that begins at a token, with what it counts."""
    first, sign = at, _sign(text, at)
    if sign and text.near(at + 1) and text.is_number(at + 1):
        at += 1
    else:
        sign = ""
    number = None if _is_code(text, at) else _fraction(text, at) or _number(text, at)
    if number is None:
        return None
    unit_class, after = _unit_class(text, number.after, sign)
    readings = _readings(number.values, unit_class) | _digits(text, at, after, unit_class)
    readings = readings or {("text", text.tokens[at].text)}
    hedge = _hedge(text, first) or ("form" if _is_rounded(text, at, after, readings) else "")
    return text.mention(
        first, after, _kind(unit_class, readings), readings, hedge=hedge, weak=number.weak and not unit_class,
        context=unit_class or _context(text, first, after),
    )  # fmt: skip


def _sign(text: TokenText, at: int) -> str:
    """The currency whose sign or code stands here; in "R$" the letters before the sign belong to it."""
    currencies, sign = text.lexicon.currencies, text.low(at)
    lettered = currencies.get(text.low(at - 1) + sign) if text.glued(at) and text.is_word(at - 1) else None
    return lettered or currencies.get(sign, "")


def _is_code(text: TokenText, at: int) -> bool:
    """F-16, Covid-19: digits that belong to a name."""
    if not text.is_number(at) or not text.is_word(at - 1) or text.tokens[at].gap not in ("-", "–"):
        return False
    before = text.tokens[at - 1]
    return before.text[-1].isalpha() and before.low not in text.lexicon.currencies


def _context(text: TokenText, first: int, after: int) -> str:
    """What a bare number counts: the word after it, else one before it that numbers are given to."""
    if text.near(after) and len(text.words[after]) > 2 and text.words[after] not in text.lexicon.no_context:
        return text.words[after]
    before = text.low(first - 1)
    return f"{before} #" if text.near(first) and before in text.lexicon.numbered else ""


def _kind(unit_class: str, readings: set[Reading]) -> str:
    if unit_class.startswith("unit"):
        return "quantity"
    if unit_class.startswith("money"):
        return "money"
    if unit_class == "%" or any(reading[0] == "number" and reading[2:] == ("%",) for reading in readings):
        return "percent"
    dates = [reading for reading in readings if reading[0] == "date"]
    return "date" if dates and dates[0][1] is not None else "number"


# ---- the value


def _fraction(text: TokenText, at: int) -> Number | None:
    """due terzi, hai phần ba, una metà: in percent."""
    word, table = text.words[at], text.lexicon.own.numbers
    if word and word in table.half:
        return Number({(Fraction(50), "%")}, at + 1, True)
    part, size = text.integer(at), 1
    if part is None and (numeral := text.numeral(at)):
        part, size = numeral
    if not part:
        return None
    after = at + size
    if table.fraction_marker and text.low(after) == table.fraction_marker and (whole := text.numeral(after + 1)):
        return Number({(Fraction(100 * part, whole[0]), "%")}, after + 1 + whole[1], False)
    divisor = table.fractions.get(text.low(after)) if text.near(after, "-") else None
    return Number({(Fraction(100 * part, divisor), "%")}, after + 1, part == 1) if divisor else None


def _number(text: TokenText, at: int) -> Number | None:
    """Digits or words, with magnitudes: 3 milioni e 200mila, ba triệu rưỡi, two thousand five hundred."""
    base = _below_thousand(text, at)
    if base is None:
        value = text.lexicon.own.numbers.ordinals.get(text.words[at])
        return Number({(Fraction(value), "")}, at + 1, False) if value else None
    values, after = base
    alone = after == at + 1 and text.words[at] in text.lexicon.own.numbers.weak
    size, after = _magnitude(text, after)
    values = {value * size for value in values}
    weak = size == 1 and (alone or (text.is_word(at) and text.low(at - 1) in text.lexicon.definite))
    for _ in range(_PARTS):
        addend = None if size == 1 else _addend(text, after, size)
        if addend is None:
            break
        parts, size, after = addend
        values = {value + part for value in values for part in parts}
    if text.is_ordinal_suffix(after) and text.low(after) not in text.lexicon.units:
        after += 1
    return Number({(value, "") for value in values}, after, weak)


def _below_thousand(text: TokenText, at: int) -> tuple[set[Fraction], int] | None:
    """(values, token after) of digits, or of a numeral below a thousand."""
    if text.is_number(at):
        return values_of(text.tokens[at].text), at + 1
    if not text.is_word(at):
        return None
    numeral = text.lexicon.numeral(_joined(text, at), 0)
    return ({Fraction(numeral[0])}, at + numeral[1]) if numeral else None


def _joined(text: TokenText, at: int) -> list[str]:
    """The words from here on that blanks or hyphens alone divide."""
    words = [text.words[at]]
    for position in range(at + 1, min(at + _LONGEST, len(text.words))):
        if not text.words[position] or not text.near(position, "-"):
            break
        words.append(text.words[position])
    return words


def _magnitude(text: TokenText, at: int) -> tuple[int, int]:
    """(size, token after) of the magnitudes that stand here; 1 for none."""
    size, last, lexicon = 1, at + _MAGNITUDES, text.lexicon
    while at < min(last, len(text.tokens)) and text.near(at, "-.") and text.low(at) in lexicon.magnitudes:
        if text.low(at) in lexicon.short_magnitudes and not _is_magnitude(text, at):
            break
        size, at = size * lexicon.magnitudes[text.low(at)], at + 1
    hundred = lexicon.own.numbers.digit_hundred
    if hundred and text.low(at) == hundred and text.is_number(at - 1) and text.near(at):
        inner, after = _magnitude(text, at + 1) if size == 1 else (1, at + 1)
        return size * 100 * inner, after
    return size, at


def _is_magnitude(text: TokenText, at: int) -> bool:
    """Whether a short word is a magnitude: "m" is metres, "tr" pages and "k" a letter, unless money stands beside."""
    currencies = text.lexicon.currencies
    if text.low(at + 1) in currencies or (text.is_number(at - 1) and text.low(at - 2) in currencies):
        return True
    return text.glued(at) and text.low(at) == _ALWAYS_SHORT


def _addend(text: TokenText, at: int, size: int) -> tuple[set[Fraction], int, int] | None:
    """What is added to a magnitude: e mezzo, rưỡi, e 200mila, năm trăm: (values, their magnitude, token after)."""
    if not text.near(at):
        return None
    lexicon, table = text.lexicon, text.lexicon.own.numbers
    joined = at + (text.low(at) in lexicon.conjunctions)
    if text.low(joined) in lexicon.half_articles and text.low(joined + 1) in lexicon.halves:
        joined += 1
    if text.low(joined) in lexicon.halves and text.near(joined):
        return {Fraction(size, 2)}, 1, joined + 1
    if not text.near(joined) or (joined > at and not table.joins_magnitudes):
        return None
    base = _below_thousand(text, joined)
    if base is None or not base[0]:
        return None
    inner, after = _magnitude(text, base[1])
    alone = base[1] == joined + 1 and text.words[joined] in table.weak
    if inner >= size or (inner == 1 and (not text.is_word(joined) or alone)):
        return None
    # "duemila e tre": only what follows without a word between is sure to be one number.
    if inner == 1 and joined > at and not table.joins_units:
        return None
    values = {value * inner for value in base[0]}
    return (values, inner, after) if max(values) < size else None


# ---- what is counted


def _unit_class(text: TokenText, at: int, sign: str) -> tuple[str, int]:
    """(class of what is counted, token after it)."""
    lexicon = text.lexicon
    if sign:
        is_same = text.near(at) and lexicon.currencies.get(text.low(at)) == sign
        return f"money:{sign}", at + is_same
    if not text.near(at, "-"):
        return "", at
    low, following = text.low(at), text.low(at + 1) if text.near(at + 1) else ""
    if low in lexicon.percent:
        return "%", at + 1
    if (low, following) in lexicon.percent_pairs:
        return "%", at + 2
    return _measure(text, at, at + 1 if low in lexicon.links and text.near(at + 1, "'’") else at)


def _measure(text: TokenText, at: int, position: int) -> tuple[str, int]:
    """(class, token after) of money or a unit at `position`; of nothing, and `at`, where there is none."""
    word, lexicon = text.low(position), text.lexicon
    if word in lexicon.currencies:
        is_pair = lexicon.currency_pairs.get(word, "-") == text.low(position + 1)
        return f"money:{lexicon.currencies[word]}", position + 1 + is_pair
    if word == "°" and text.low(position + 1) in ("c", "f"):
        return f"unit:temperature:{text.low(position + 1)}", position + 2
    if word in lexicon.units and (len(word) > 1 or text.tokens[position].text.islower() or word == "°"):
        return _unit(text, position)
    return "", at


def _unit(text: TokenText, at: int) -> tuple[str, int]:
    lexicon, word = text.lexicon, text.low(at)
    dimension, factor = lexicon.units[word]
    following = text.low(at + 1) if text.near(at + 1) else ""
    if dimension == "length" and following in lexicon.square:
        return f"unit:area*{factor**2}", at + 2
    if dimension == "length" and following in lexicon.cubic:
        return f"unit:volume*{factor**3}", at + 2
    if text.near(at + 1, "/") and "/" in text.tokens[at + 1].gap:
        return f"unit:per {word}", at + 2
    return f"unit:{dimension}*{factor}", at + 1


def _readings(values: set[tuple[Fraction, str]], unit_class: str) -> set[Reading]:
    name, _, factor = unit_class.partition("*")
    scale = Fraction(factor) if factor else Fraction(1)
    readings: set[Reading] = {("number", value * scale, name or own) for value, own in values}
    if factor:
        readings |= {("plain", value) for value, _ in values}
    return readings


# ---- digits that nothing follows


def _digits(text: TokenText, at: int, after: int, unit_class: str) -> set[Reading]:
    """Other readings of digits: a year, a day, the two sides of a range."""
    readings = _range(text, at, after, unit_class)
    if not text.is_number(at):
        return readings
    value = text.integer(at)
    if value is not None and after == at + 1:
        if 1000 <= value <= 2199:
            readings.add(("date", value, None, None))
        if 1 <= value <= 31 and text.low(at - 1) in text.lexicon.day_words:
            readings.add(("date", None, None, value))
    sides = re.split(r"[-–/:]", text.tokens[at].text)
    return readings | (_pair(text, at, sides) if len(sides) > 1 else set())


def _pair(text: TokenText, at: int, sides: list[str]) -> set[Reading]:
    """The two sides of a range or a score, in whatever order; longer ones as they stand."""
    values = [values_of(side) for side in sides]
    if len(sides) != 2 or not all(values):
        return {("text", text.tokens[at].text)}
    size, _ = _magnitude(text, at + 1)
    low, high = sorted(max(value) * size for value in values)
    return {("pair", low, high)}


def _range(text: TokenText, at: int, after: int, unit_class: str) -> set[Reading]:
    """tra 3 e 5 km, dal 3 al 5%, 2-3 milioni: the first has the class and the magnitude of the second, too."""
    if unit_class or not text.near(after, "-–") or after != at + 1:
        return set()
    position = after + (text.low(after) in text.lexicon.range_words)
    if position >= len(text.tokens) or (position == after and not text.tokens[after].gap.strip()):
        return set()
    first, second = _below_thousand(text, at), _below_thousand(text, position)
    if not first or not second:
        return set()
    size, end = _magnitude(text, second[1])
    name, _ = _unit_class(text, end, "")
    return _readings({(value * size, "") for value in first[0]}, name) if size > 1 or name else set()


# ---- how round it is


def _is_rounded(text: TokenText, at: int, after: int, readings: set[Reading]) -> bool:
    """1,2 milioni: decimals before a magnitude are as many as were worth writing."""
    if after - at <= 1 or "text" in {reading[0] for reading in readings} or not text.is_number(at):
        return False
    decimals = re.fullmatch(r"\d+[.,]\d{1,2}", text.tokens[at].text)
    return bool(decimals) and text.low(at + 1) in text.lexicon.magnitudes


def _hedge(text: TokenText, at: int) -> str:
    """The side on which the true number may lie, as the words before say."""
    before, earlier, lexicon = text.low(at - 1), text.low(at - 2), text.lexicon
    if not text.near(at):
        return ""
    if before in lexicon.hedge_links:
        return lexicon.hedge_pairs.get(earlier, "")
    if text.low(at) in lexicon.approximate:
        return "about"
    is_article = before in _ARTICLES or before in lexicon.definite
    return lexicon.hedges.get(before) or (lexicon.hedges.get(earlier, "") if is_article else "")
