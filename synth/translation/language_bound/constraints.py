"""Demands on the form of an answer that code can check: the kinds of IFEval and their like."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

from synth.translation.language_bound.table import BoundTable
from synth.translation.language_bound.tables import table_of

Relation = Literal["exactly", "least", "most"]
#: Characters before and after a number in which its relation ("at least", "or more") is looked for.
_BEFORE, _AFTER = 32, 14
_QUOTED = re.compile(
    r"(?<![\w'’])(?:\"([^\"\n]+)\"|“([^”\n]+)”|«\s*([^»\n]+?)\s*»|„([^“”\n]+)[“”]|['‘]([^'’\n]+)['’])(?!\w)"
)
#: What joins the last two of a list, and what joins two to choose from.
_JOINT, _OR = r"(?:and|or|et|ou|y|e|ed|o|và|hoặc)(?!\w)", r"(?:or|ou|o|hoặc)(?!\w)"
#: An item of such a list.
_ITEM = re.compile(rf"((?!{_JOINT})[^\W\d_][\w’'-]*(?: (?!{_JOINT})[^\W\d_][\w’'-]*)*)")
#: Where a clause ends, that gives its quotations their role.
_STOP = re.compile(r"[.;!?\n]+(?=\s|$)")
#: A demand of its own inside a sentence: "… twice and end with …".
_AND = re.compile(r",?\s+(?:and|but|then|e|ed|ma|et|mais|puis|y|e|pero|và|nhưng|rồi)\s+(?=[^\W\d_]{2,}\s)")
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
#: "20 to 30", "5 or 6", "3-4".
_RANGE = r"(?P<low>%number%)(?: ?[-–] ?| \w{1,3} )"
#: Marks that ask for a form in every language.
_MARKS = {
    "json": re.compile(r"\bjson\b", re.IGNORECASE),
    "title": re.compile(r"<<\s*[^<>]{1,40}>>"),
    "two_responses": re.compile(r"(?<!\*)\*{6}(?!\*)"),
    "postscript": re.compile(r"\bP\.? ?(?:P\.? ?)?S\b"),
}


@dataclass(frozen=True)
class Constraint:
    """One demand on an answer."""

    #: words, sentences, paragraphs, bullets …; keyword, forbidden, letter, end, start; lowercase … json.
    kind: str
    relation: Relation = "exactly"
    number: int | None = None
    phrase: str = ""


def constraints(instruction: str, language: str) -> list[Constraint]:
    """What an instruction demands of the form of its answer, in the order of kinds and then of the text."""
    table = table_of(language)
    text = _in_quotes(_FENCE.sub(" ", instruction), table)
    return [*_counts(text, table), *_phrases(text, table), *_letters(text, table), *_flags(text, table)]


def quotations(instruction: str) -> list[str]:
    """What stands in quotes, in order."""
    return [_content(match) for match in _QUOTED.finditer(_FENCE.sub(" ", instruction))]


def _content(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None).strip()


def _in_quotes(text: str, table: BoundTable) -> str:
    """The text with quotes around words that are named without: "use the word river", "keywords: river, old bridge"."""
    for pattern in _named_words(table.code):
        for match in reversed(list(pattern.finditer(text))):
            start, end = match.span("list")
            text = text[:start] + _ITEM.sub(r'"\1"', match["list"]) + text[end:]
    return text


@functools.cache
def _named_words(language: str) -> tuple[re.Pattern[str], ...]:
    """Words after a colon, which may be of several parts; several words; one word."""
    table = table_of(language)
    demands, word = table.constraints, r"[^\W\d_][\w’'-]*"
    named = rf"(?!(?:{table.joined(demands.no_word)})(?!\w)){word}(?!\w)"
    part = rf"{word}(?: (?!{_JOINT}){word}){{0,2}}"
    several = rf"{demands.words}\s?:\s*(?P<list>{part}(?:(?:,|,?\s+{_JOINT})\s+{part})*)(?=\s*(?:[.;!?\n]|\Z))"
    bare = rf"{demands.words}\s+(?P<list>{named}(?:,\s+{named})*(?:,?\s+{_JOINT}\s+{named})+)"
    one = rf"{demands.word}\s+(?P<list>{named}(?:\s+{_OR}\s+{named})?)"
    return tuple(table.compile(pattern) for pattern in (several, bare, one))


def _counts(text: str, table: BoundTable) -> list[Constraint]:
    without = _QUOTED.sub(" ", text)
    constraints = []
    for kind, unit in table.constraints.units.items():
        noun = rf"[ -](?:[\w’']+[ -]){{0,2}}?(?:{table.joined(unit)})(?!\w)"
        pattern = table.compile(rf"(?<![\w.,])(?:{_RANGE})?(?P<number>%number%)(?P<more>\+)?{noun}")
        for match in pattern.finditer(without):
            low = table.value(match["low"]) if match["low"] else None
            if low is not None:
                constraints += [Constraint(kind, "least", low), Constraint(kind, "most", table.value(match["number"]))]
            elif constraint := _count(kind, match, without, table):
                constraints.append(constraint)
    return _distinct(constraints)


def _count(kind: str, match: re.Match[str], text: str, table: BoundTable) -> Constraint | None:
    """A demand to count; None for "a word", "one line", and for words that no relation makes a demand."""
    number = table.value(match["number"])
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    after = match[0][len(match["number"]) :] + text[match.end() : match.end() + _AFTER]
    relation, shift = _relation(before, after, table)
    is_article = not match["number"][0].isdigit() and number == 1
    if number is None or (relation is None and (kind in ("words", "lines", "sections") or is_article)):
        return None
    return Constraint(kind, relation or "exactly", number + shift)


def _relation(before: str, after: str, table: BoundTable) -> tuple[Relation | None, int]:
    """(relation, what is added to its number): "less than 6" is at most 5."""
    relations = table.constraints.relations
    for name in ("least", "most", "exactly", "less", "more"):
        pattern = table.joined(relations[name])
        near = table.compile(rf"(?:^|(?<=\W))(?:{pattern})\W*(?:\w+\W+)?$").search(before)
        behind = name in ("least", "most") and table.compile(
            rf"^\W*(?:[\w’']+[ -]){{0,2}}?(?:{pattern})(?=\W|$)"
        ).search(after)
        if near or behind:
            return {"least": ("least", 0), "most": ("most", 0), "exactly": ("exactly", 0), "less": ("most", -1),
                    "more": ("least", 1)}[name]  # type: ignore[return-value]  # fmt: skip
    return None, 0


def _phrases(text: str, table: BoundTable) -> list[Constraint]:
    """Quoted phrases that an answer must hold, must not hold, begin or end with."""
    demands = []
    for match in _QUOTED.finditer(text):
        start, end = _clause(text, match)
        before, after = text[start : match.start()], text[match.end() : end]
        phrase = _content(match)
        if len(phrase) > 1 and (constraint := _role(phrase, before, after, table)):
            demands.append(constraint)
    return demands


def _clause(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the clause of a quotation begins and ends; marks inside quotations end none."""
    masked = _QUOTED.sub(lambda quoted: "_" * len(quoted[0]), text)
    stops = [stop.end() for pattern in (_STOP, _AND) for stop in pattern.finditer(masked, 0, match.start())]
    ends = [stop.start() for pattern in (_STOP, _AND) if (stop := pattern.search(masked, match.end()))]
    return max(stops, default=0), min(ends, default=len(text))


def _role(phrase: str, before: str, after: str, table: BoundTable) -> Constraint | None:
    """The demand that a clause makes of its quotation; None where it only speaks of it."""
    roles = table.constraints.roles
    before, after = _QUOTED.sub(" ", before), _QUOTED.sub(" ", after)
    if times := _times(after, table) or _times(before, table):
        return Constraint("keyword", times[0], times[1], phrase)
    if table.compile(roles["end"]).search(before):
        return Constraint("end", phrase=phrase)
    if table.compile(roles["forbidden"]).search(f"{before} … {after}"):
        return Constraint("forbidden", phrase=phrase)
    if table.compile(roles["start"]).search(before):
        return Constraint("start", phrase=phrase)
    if table.compile(roles["existence"]).search(f"{before} … {after}"):
        return Constraint("keyword", "least", 1, phrase)
    return None


def _times(clause: str, table: BoundTable) -> tuple[Relation, int] | None:
    """How often: "at least 3 times" is (least, 3)."""
    demands = table.constraints
    if match := table.compile(demands.times).search(clause):
        number = table.value(match["number"])
        relation, shift = _relation(
            clause[: match.start()], clause[match.start("number") + len(match["number"]) :], table
        )
        return None if number is None else (relation or "exactly", number + shift)
    for word, number in demands.adverbs.items():
        if match := table.compile(rf"\b{word}\b").search(clause):
            relation, shift = _relation(clause[: match.start()], clause[match.end() :], table)
            return relation or "exactly", number + shift
    return None


def _letters(text: str, table: BoundTable) -> list[Constraint]:
    """How often a letter may stand in the answer."""
    demands = []
    noun = table.joined(table.constraints.letter)
    name = rf"(?:{noun}) (?:[\"'“‘«`]? ?)(?P<letter>[^\W\d_])(?: ?[\"'”’»`]|(?!\w))"
    for match in table.compile(name).finditer(text):
        start, end = _clause(text, match)
        before, after = text[start : match.start()], text[match.end() : end]
        if times := _times(after, table) or _times(before, table):
            demands.append(Constraint("letter", times[0], times[1], match["letter"].lower()))
        elif table.compile(table.constraints.roles["forbidden"]).search(before):
            demands.append(Constraint("letter", "most", 0, match["letter"].lower()))
    return demands


def _flags(text: str, table: BoundTable) -> list[Constraint]:
    """Demands without a number."""
    worded = {name: table.compile(pattern) for name, pattern in table.constraints.flags.items()}
    return [Constraint(name) for name, pattern in {**worded, **_MARKS}.items() if pattern.search(text)]


def _distinct(constraints: list[Constraint]) -> list[Constraint]:
    return list(dict.fromkeys(constraints))
