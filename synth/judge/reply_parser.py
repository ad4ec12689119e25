"""A judge's reply: the score, where it stands as the score, and the explanation. None rather than a guess.

A score from 0 to 5 stands as the score

- alone on the first line, as the prompt asks: `4`, `4.5`, `4,5`, `**4**`, `[[4]]`, `4/5`, `4 out of 5`, `4 stars`, also
  with an explanation behind a sign: `4 - The response …`, `4: …`, `4 (good)`;
- behind a name of it at the beginning of any line, or on the line after: `Score: 4`, `Rating - 4/5`, `Accuracy (0-5):
  4`, `Punteggio: 4,5`, `Điểm: 4 trên 5`, `<score>4</score>`, `| Accuracy | 4 |`;
- in a JSON object under such a name, fenced or not, cut off or not.

It is None where the reply says no score, several that differ, or one that is none: 6, -1, 3-4, "4 or 5", another scale
(8/10, and 10/10, too: whether a ten is a five or a slip, nobody knows), per cent, a number in a sentence, an item of a
list. What a model thinks aloud (<think>) counts for nothing.

Time is linear in the reply's length: of each line the first 240 characters are looked at.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

BEST = 5.0
#: What is said about a score by a line that names none, or one out of range.
_NONE = math.nan
_LOOKED_AT = 240
#: Blocks of JSON that are tried in a reply that is not JSON as a whole.
_TRIED = 5
#: Characters after a first line in which its list would go on.
_LIST = 4000


class Reading(NamedTuple):
    """A place where a score stands: what it is of (score, accuracy, helpfulness), the number, where its text begins and
    ends. The number is NaN where what stands there is no score from 0 to 5."""

    of: str
    score: float
    start: int
    end: int


def parse_reply(text: str, dimension: str | None = None) -> tuple[float | None, str]:
    """(score 0 to 5 or None, explanation).

    Args:
        dimension: accuracy or helpfulness, for replies that score several things by name.
    Returns:
        The explanation is the reply without its score; the whole reply where no score was found.
    """
    said = _said_aloud(text)
    whole = text.strip()
    if (found := _of_json(said, dimension)) is not None:
        return found if found[0] is not None else (None, whole)
    readings = list(_lines(said)) or list(_tags(said))
    if readings:
        score, reading = _chosen(readings, dimension)
        return (score, _without(said, reading)) if reading else (None, whole)
    for block in _blocks(said):
        if (found := _of_json(block, dimension)) is not None and found[0] is not None:
            return found[0], found[1] if found[1] != block.strip() else whole
    return None, whole


def _said_aloud(text: str) -> str:
    """Without thinking; some servers cut off the sign that begins it, and some replies end before it does."""
    text = unicodedata.normalize("NFC", text).translate(_WIDE)
    text = text.rpartition("</think>")[2]
    return "" if text.lstrip().startswith("<think>") else text


_WIDE = str.maketrans("０１２３４５６７８９：／．−", "0123456789:/.-")


def _chosen(readings: Sequence[Reading], dimension: str | None) -> tuple[float | None, Reading | None]:
    """The score that all readings that count agree on, and its first place."""
    plain = [one for one in readings if one.of == "score"]
    named = {of: [one for one in readings if one.of == of] for of in sorted({one.of for one in readings} - {"score"})}
    if dimension:
        own = named.get(dimension, [])
        counted = own if own and len(named) > 1 else plain + own
    elif plain:
        # Several named scores are parts; one alone must be the same.
        counted = plain + (next(iter(named.values())) if len(named) == 1 else [])
    else:
        counted = list(readings)
    scores = {one.score for one in counted}
    if len(scores) != 1 or math.isnan(next(iter(scores))):
        return None, None
    return counted[0].score, counted[0]


def _without(text: str, reading: Reading) -> str:
    before, after = text[: reading.start].strip(), text[reading.end :].strip()
    before = before.removesuffix("```").strip() if before.endswith("```") else before
    return "\n".join(part for part in (before, after) if part)


# ---- a number that is a score

_SIGN = r"[-\u2013\u2014+~≈<>±]"
_NUMBER = r"(?P<number>[0-9]+(?:[.,][0-9]+)?)(?![0-9])"
_SCALE = (
    r"(?:\s?(?:/|\bout of\b|\bof\b|\bsu\b|\btrên(?: thang điểm| tổng số)?\b|\bvon\b|\bsur\b|\bsobre\b|\bde\b|\bdi\b)"
    r"\s?(?P<scale>[0-9]+(?:[.,][0-9]+)?\b|five\b|cinque\b|năm\b)"
    r"|\s(?:on (?:a|the)|su una|trên) (?:[^\W\d_]+ ){0,4}[01]\s?(?:to|[-\u2013]|a|đến)\s?(?P<range>[0-9]+))?"
)
_UNIT = r"(?:\s?(?:stars?|points?|pts?|punti|stelle|điểm|sao|(?:[★☆⭐]\ufe0f?){1,5})(?!\w))?"
_VALUE = re.compile(
    rf"[\[({{'‘]{{0,2}}\s?(?P<sign>{_SIGN}\s?)?{_NUMBER}[\])}}'’]{{0,2}}{_UNIT}{_SCALE}{_UNIT}[\])}}'’]{{0,2}}"
    r"(?P<more>%|\s?[-\u2013\u2014~]\s?[0-9]|[-+~](?=\s?\Z)|\+|\s?/|\s(?:to|or|and|a|o|e|hoặc|đến|và)\s[0-9])?",
    re.IGNORECASE,
)
_EXPLAINED = (
    r"(?:explanation|reason(?:ing|s)?|rationale|justification|comments?|feedback|because|spiegazione|motivazione|commento|"
    r"giải thích|lý do|nhận xét|perché|vì)\b"
)
#: What may follow a score: nothing, or a sign and its explanation.
_END = re.compile(
    rf"(?:\.{{1,3}}|[!…])?\s*(?:\|\s*)?\Z|\s?[;,:|]\s*(?![\s0-9])|\s[-\u2013\u2014]+>?\s+(?![0-9])|[-\u2013\u2014]\s+(?![0-9])|"
    rf"\s?(?:=>|->|→)\s*(?![0-9])|\t\s*(?![0-9])|\\n|\s?\((?!o\s|or\b|maybe|hoặc|forse)|\s?(?={_EXPLAINED})",
    re.IGNORECASE,
)
#: After a scale a full stop ends a sentence; after a number alone it makes an item of a list.
_STOP = re.compile(r"[.!]\s+(?![0-9])")
_TOP = re.compile(
    r"\s?[(\[][^()\[\]\n]{0,40}?(?:\bof|\bscale|\bsu|trên|thang|max\w*|/|\bto|\ba|đến|[-\u2013])\s?([0-9]+(?:[.,]0)?)\s?[)\]]",
    re.IGNORECASE,
)
_DOUBT = re.compile(
    r"(?:or|maybe|perhaps|possibly|rather|but|though|forse|oppure|o|magari|ma|hoặc|có thể)\b\D{0,30}[0-9]"
)
_LISTED = re.compile(r"\s*[\W_]{0,4}([0-9]{1,2})\s?[-\u2013\u2014:;,|]\s")


def _value(text: str, place: int = 0, named: bool = False) -> tuple[float, int] | None:
    """(score, where it ends with the sign behind it) of a text that begins with one; NaN where that is no score.

    None where the text begins otherwise, or with a number that belongs to a sentence.
    """
    match = _VALUE.match(text, place)
    if match is None:
        return None
    if match["more"] or match["sign"]:
        return _NONE, match.end()
    scale = match["scale"] or match["range"]
    end = _END.match(text, match.end()) or (_STOP.match(text, match.end()) if scale or named else None)
    if end is None:
        return (_NONE, len(text)) if not re.search(r"[^\W\d_]", text[match.end() :]) else None
    if _DOUBT.match(text, end.end()) or (end[0].endswith("(") and _other_scale(text[end.end() - 1 : end.end() + 60])):
        return _NONE, len(text)
    stop = end.end() - 1 if end[0].endswith("(") else end.end()
    return _on_scale(match["number"], scale), stop


def _other_scale(brackets: str) -> bool:
    """Whether brackets, as in "Score (0-10)" or "5 (out of 10)", name another best score than five."""
    match = _TOP.match(brackets)
    return match is not None and float(match[1].replace(",", ".")) != BEST


def _on_scale(number: str, scale: str | None) -> float:
    """NaN for what is out of range, on another scale, or written as no score is (04)."""
    if scale and scale.casefold() not in ("five", "cinque", "năm") and float(scale.replace(",", ".")) != BEST:
        return _NONE
    thousands = re.fullmatch(r"[0-9]+(?:,[0-9]{3}|\.000)", number)
    if len(number) > 8 or thousands or (number[0] == "0" and number[1:2].isdigit()):
        return _NONE
    score = float(number.replace(",", "."))
    return score if score <= BEST else _NONE


# ---- what a score is called

_PLAIN = set(
    "score scores overall rating ratings rated rate grade graded mark evaluation assessment verdict judgment judgement "
    "punteggio voto valutazione giudizio điểm puntuación calificación puntaje bewertung punktzahl pontuação".split()
)
_NAMED = {
    "accuracy": set("accuracy accuratezza precisione exactitud exactitude genauigkeit".split()),
    "helpfulness": set("helpfulness utilità usefulness utilidad utilité nützlichkeit".split()),
}
#: Syllables that are names together: điểm số, đánh giá, độ chính xác, tính hữu ích.
_PAIRS = {
    ("đánh", "giá"): "score",
    ("xếp", "hạng"): "score",
    ("chính", "xác"): "accuracy",
    ("hữu", "ích"): "helpfulness",
}
_AROUND = set(
    "the my your our this its overall final total average is of for on in as a an and to from out ai assistant "
    "response answer model judge numeric numerical assigned given here s sure certainly okay ok level dimension "
    "quality scale il lo la l i le mio mia del della dell di per un una complessivo "
    "complessiva finale totale risposta ecco è "
    "số mức độ tính tổng thể cuối cùng của câu trả lời cho về là tôi chấm đánh giá xếp hạng chính xác hữu ích "
    "theo thang đây general de el die der des endgültige insgesamt note".split()
)
_ANNOUNCING = set(
    "i would d ll will give be follows following below based input instruction come segue assegno".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_NAME = re.compile(
    r"[\s|>•(\[-]*(?:[0-9]{1,2}[.)]\s)?(?P<name>[^\W\d_][^\d:=|\n\u2013\u2014]{0,70}?)"
    r"(?P<brackets>\s?[(\[][^()\[\]\n]{1,40}[)\]]"
    r"|\s(?:out of|(?:on a scale )?(?:of|from)|su|da|trên|từ)\s(?:[01]\s?(?:to|-|a|đến)\s?)?5)?"
    r"(?P<between>\s*(?:[:=|\u2013\u2014]+>?)\s*|\s-+>?\s+|-\s?(?=[0-9])|\s(?=[0-9\[(])|\s*\Z)"
)


def name_of_score(words: str, announced: bool = False) -> str | None:
    """What a heading or a field scores: "score" or a dimension; None where it is none of a score.

    Args:
        announced: the score comes on the next line: "I would rate the response as follows:" names it, too.
    """
    told = _WORD.findall(words.replace("_", " ").casefold())
    if announced:
        told = [word for word in told if word not in _ANNOUNCING]
    if not 0 < len(told) <= 10:
        return None
    pairs = {name for pair, name in _PAIRS.items() if pair in set(itertools.pairwise(told))}
    of = {name for name, known in _NAMED.items() if known & set(told)} | (pairs - {"score"})
    known = _PLAIN | _AROUND | _NAMED["accuracy"] | _NAMED["helpfulness"]
    if not set(told) <= known or len(of) > 1 or not (of or _PLAIN & set(told) or pairs):
        return None
    return next(iter(of), "score")


# ---- a reply in lines

_MARKUP = set('*_`#"“”„«»\u200b\ufeff')


_WRAPPED = re.compile(r"\$?\\boxed\{([0-9][0-9.,]{0,4})\}\$?|<([0-9][0-9.,]{0,4})>|\$([0-9][0-9.,]{0,4}(?:/5)?)\$")


def _is_markup(one: str) -> bool:
    """Signs around words, and pictures."""
    return one in _MARKUP or (one > "\u2010" and (unicodedata.category(one) == "So" or one in "\ufe0f\u20e3"))


class _Line(NamedTuple):
    """The beginning of a line without markup, and where each of its characters stands in the reply."""

    text: str
    places: list[int]

    def place(self, index: int) -> int:
        return self.places[index] if index < len(self.places) else self.places[-1]


def _clean(text: str, start: int, end: int) -> _Line:
    looked = min(end, start + _LOOKED_AT)
    kept = [place for place in range(start, looked) if not _is_markup(text[place])]
    told = "".join(text[place] for place in kept)
    # As long as before: places stay what they are.
    told = _WRAPPED.sub(_bared, told)
    lead = len(told) - len(told.lstrip())
    last = max(len(told.rstrip()), lead)
    return _Line(told[lead:last], [*kept[lead:last], looked if looked < end else end])


def _bared(match: re.Match[str]) -> str:
    number = match[1] or match[2] or match[3]
    return f"{number:>{len(match[0]) - 1}} "


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _lines(text: str) -> Iterator[Reading]:
    """The scores in the reply's lines, in order."""
    number, name, named_at, bare = 0, None, 0, False
    for start, end in _spans(text):
        line = _clean(text, start, end)
        if not line.text or re.fullmatch(r"[-=~|:\s]+|json|text|markdown", line.text):
            continue
        number += 1
        if (number == 1 or name or (bare and number == 2)) and (found := _bare(line, text, start, end)) is not None:
            # The line after the score's counts only where it is nothing but another.
            if number == 1 or name or text[found.end : end].strip() == "":
                yield found if name is None else Reading(name, found.score, named_at, found.end)
            name, bare = None, number == 1
            continue
        name, named_at, bare = None, start, False
        for one in _named(line):
            if one.score is None:
                name = one.of
            else:
                yield Reading(one.of, one.score, start, line.place(one.end))


def _bare(line: _Line, text: str, start: int, end: int) -> Reading | None:
    """A line that begins with a score; None where it is the first item of a list, or no score at all."""
    found = _value(line.text)
    item = _LISTED.match(line.text)
    if found is None or (item and _next_item(text[end : end + _LIST], int(item[1]) + 1)):
        return None
    return Reading("score", found[0], start, line.place(found[1]))


def _next_item(text: str, number: int) -> bool:
    """Whether a line begins with this number as the one before did: 1 - …, 2 - …"""
    items = (_LISTED.match(text, start, end) for start, end in _spans(text))
    return any(item is not None and int(item[1]) == number for item in items)


class _Named(NamedTuple):
    of: str
    #: None: it will be on the next line.
    score: float | None
    end: int


def _named(line: _Line) -> Iterator[_Named]:
    """The scores of a line that begins with the name of one, such as "Accuracy: 4, helpfulness: 5"."""
    place = 0
    for _ in range(4):
        match = _NAME.match(line.text, place)
        announced = match is not None and match.end() == len(line.text) and line.text.endswith(":")
        of = name_of_score(match["name"], announced) if match else None
        if match is None or of is None:
            return
        brackets = match["brackets"] or ""
        found = _value(line.text, match.end(), named=True)
        if match.end() == len(line.text):
            found = _value(brackets.strip())
            yield _Named(of, found and found[0], match.end())
            return
        if found is None:
            return
        found = (_NONE, found[1]) if _other_scale(brackets) else found
        yield _Named(of, *found)
        place = found[1]


# ---- tags

_TAG = re.compile(r"<(?P<name>[A-Za-z_]{1,20})>\s{0,9}(?P<value>[^<>\n]{1,20})\s{0,9}</(?P=name)>")


def _tags(text: str) -> Iterator[Reading]:
    for match in _TAG.finditer(text):
        of, found = name_of_score(match["name"]), _value(match["value"].strip())
        if of and found:
            yield Reading(of, found[0], *match.span())


# ---- JSON

_FENCE = re.compile(r"```[\w-]{0,12}[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_FIELD = re.compile(r"[\"'](?P<name>\w{1,40})[\"']\s{0,9}:\s{0,9}(?P<value>[\"']?[-\d][^,}\"'\n]{0,20})(?=[,}\"'\n])")
_EXPLANATION = re.compile(_EXPLAINED + r"|analysis|critique|why|đánh giá chi tiết", re.IGNORECASE)
_WHOLE = re.compile(r"max(?:imum)?(?:[_ ]score)?|out[_ ]of|scale(?:[_ ]max)?", re.IGNORECASE)


def _blocks(text: str) -> Iterator[str]:
    """Parts of a reply that may be JSON: what is fenced, what begins a line with a brace."""
    for tried, match in enumerate(_FENCE.finditer(text)):
        if tried == _TRIED:
            break
        yield match[1]
    for tried, match in enumerate(re.finditer(r"^[ \t]{0,20}(?=[\[{])", text, re.MULTILINE)):
        if tried == _TRIED:
            break
        yield text[match.end() :]


def _of_json(text: str, dimension: str | None) -> tuple[float | None, str] | None:
    """(score, explanation) of an object in JSON; None where the text is none."""
    told = text.strip()
    if fenced := re.match(r"```[\w-]{0,12}\s*", told):
        told = told[fenced.end() :].strip()
    if not re.match(r"[\[\s]{0,5}\{", told):
        return None
    explanation = text.strip()
    values = _values(told)
    readings = [one for value in values for one in _fields(value, "score", 0)] if values else _broken(told)
    explanation = next((said for value in values if (said := _explanation(value, 0))), explanation)
    if not readings:
        return None
    score, _ = _chosen(readings, dimension)
    return score, explanation


def _values(text: str) -> list[Any]:
    """The objects that a text begins with, one after the other; [] where the first is none."""
    decoder, place = json.JSONDecoder(object_pairs_hook=_pairs, strict=False), 0
    values: list[Any] = []
    while len(values) < _TRIED and text[place : place + 1] in ("{", "["):
        try:
            value, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            break
        values.append(value)
        place += len(text[place : place + 20]) - len(text[place : place + 20].lstrip(" ,\n\r\t"))
    return values


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; a field that comes twice with two values has none."""
    told: dict[str, Any] = {}
    for name, value in pairs:
        told[name] = value if told.get(name, value) == value else _NONE
    return told


def _fields(value: Any, of: str, depth: int) -> Iterator[Reading]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or depth > 4:
        return
    for name, inner in value.items():
        if _WHOLE.fullmatch(name) and isinstance(inner, int | float) and inner != BEST:
            yield Reading(of, _NONE, 0, 0)
        named = name_of_score(name) or ("score" if depth and name.casefold() in ("value", "valore") else None)
        own = of if named == "score" else named or of
        if isinstance(inner, dict):
            yield from _fields(inner, own, depth + 1)
        elif named and isinstance(inner, str | int | float) and not isinstance(inner, bool):
            yield Reading(own, _number(inner), 0, 0)


def _number(value: str | float) -> float:
    if isinstance(value, str):
        found = _value(value.strip()[:_LOOKED_AT])
        return found[0] if found else _NONE
    return float(value) if 0 <= value <= BEST else _NONE


def _explanation(value: Any, depth: int) -> str:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping) or depth > 4:
        return ""
    inner = [_explanation(one, depth + 1) for one in value.values() if isinstance(one, dict)]
    own = [one.strip() for name, one in value.items() if isinstance(one, str) and _EXPLANATION.match(name)]
    return next((one for one in own + inner if one), "")


def _broken(text: str) -> list[Reading]:
    """The fields of an object that was cut off, or written as Python writes it."""
    readings = []
    for match in _FIELD.finditer(text):
        of, found = name_of_score(match["name"]), _value(match["value"].strip("\"' \t"))
        if of:
            readings.append(Reading(of, found[0] if found else _NONE, 0, 0))
    return readings
