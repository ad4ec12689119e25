"""Whether an instruction names a fact that its fragment lacks, or asks for a kind of fact that it does not hold."""

from __future__ import annotations

import re

from synth.language.segmentation import words
from synth.language.tables import languages, nearest
from synth.reverse.refusals.table import InstructionTable, instruction_table, pattern
from synth.scorers.faithful.evidence import Evidence, Fact
from synth.scorers.faithful.names import fold
from synth.scorers.faithful.numbers import mentions

_WORD = re.compile(r"[^\W_]+")
#: The first word of a sentence, of what follows a colon, of what is quoted.
_INITIAL = re.compile(r"(?:(?<=\A)|(?<=[.!?:«“\"] )|(?<=[«“\"\n]))[^\W\d_]+")
_RESULT = re.compile(r"(?<![\d/.,])(\d{1,2})\s?(?:-|–|\ba\b|\bto\b|\bà\b)\s?(\d{1,2})(?![\d/.,]\d|\d| giờ|[./]\d)")
#: Letters by which two words are taken for forms of one; words of the subject from which none in common is too few.
_STEM, _FEWEST = 5, 3


def is_unanswerable(instruction: str, fragment: str, language: str) -> bool:
    """Whether the fragment cannot be the answer for want of what the instruction names or asks for."""
    table = instruction_table(language)
    text = _in_lower_case(_without_form(instruction, table), table)
    evidence = Evidence([fragment])
    facts = evidence.facts(text, language if language in languages() else "")
    stems = {fold(word)[:_STEM] for word in words(fragment)}
    if any(not fact.supported and not _may_be_absent(fact, text, stems, table) for fact in facts):
        return True
    return (
        _contradicts(text, fragment, evidence, language)
        or _asks_in_vain(text, fragment, table)
        or _is_of_another_subject(text, stems, language)
    )


def _may_be_absent(fact: Fact, text: str, stems: set[str], table: InstructionTable) -> bool:
    """Whether a text need not state the fact: its own title, the country of its language, a form of a word it has."""
    if fact.kind == "quote":
        return pattern(table.titled).search(text[: fact.start].lower()) is not None
    if fact.kind != "name":
        return False
    parts = _WORD.findall(fact.text)
    if _begins(text, fact.start):
        # "Carica Leao": the first word may be no part of the name.
        parts = parts[1:] if all(fold(word)[:_STEM] in stems for word in parts[1:]) else parts
    if all(word.lower() in table.home for word in parts):
        return True
    return len(parts) == 1 and len(parts[0]) >= _STEM and fold(parts[0])[:_STEM] in stems


def _begins(text: str, start: int) -> bool:
    """Whether any word would have a capital here."""
    return re.search(r"(?:\A|[.!?:«“\"‘'(]\s*)\Z", text[:start]) is not None


def _in_lower_case(text: str, table: InstructionTable) -> str:
    """The text with the capitals of its own words lowered: in "Perché Chiara …" the name is Chiara."""

    def lowered(match: re.Match[str]) -> str:
        word = match[0].lower()
        is_own = word in table.common or pattern(rf"(?:{table.making}|{table.asking}|{table.questions})").match(word)
        return word if is_own else match[0]

    return _INITIAL.sub(lowered, text)


def _contradicts(text: str, fragment: str, evidence: Evidence, language: str) -> bool:
    """Whether a result (3-1), or a small number of what the fragment counts, is another one there."""
    asked_results, results = _results(text), _results(fragment)
    if asked_results and results and not asked_results <= results:
        return True
    for mention in mentions(text, language if language in languages() else nearest(text)):
        stated = evidence.stated.numbers_by_context.get(mention.context) if mention.context and mention.weak else None
        values = {reading[1] for reading in mention.readings if reading[0] == "number" and reading[1] != 1}
        noun_phrase = " ".join(text[mention.end :].lower().split()[:2])
        if stated and values and stated.isdisjoint(values) and noun_phrase in fragment.lower():
            return True
    return False


def _results(text: str) -> set[tuple[int, ...]]:
    """The pairs of small numbers that a text gives as a result, smaller first."""
    return {tuple(sorted(map(int, match.groups()))) for match in _RESULT.finditer(text)}


def _without_form(instruction: str, table: InstructionTable) -> str:
    """The instruction without what it says of the answer's length and reader ("in 50 words", "a child of ten")."""
    measures = "|".join(table.measures.values())
    count = rf"(?<!\w)(?:{table.number})(?:\s*[-–]\s*\d+)?"
    if not measures:
        return instruction
    text = pattern(table.reader.replace("NUMBER", table.number)).sub(" ", instruction)
    return pattern(rf"{count}\s+(?:{measures})(?!\w)").sub(" ", text)


def _asks_in_vain(text: str, fragment: str, table: InstructionTable) -> bool:
    """Whether money, a time or a number is asked for and the fragment has none."""
    low = text.lower()
    kinds_asked = [
        kind
        for kind, asks in (("money", table.asks_money), ("date", table.asks_time), ("number", table.asks_number))
        if pattern(asks).search(low)
    ]
    if not kinds_asked:
        return False
    kinds = {mention.kind for mention in mentions(fragment, nearest(fragment)) if not mention.weak}
    enough = {"money": {"money"}, "date": {"date", "number"}, "number": kinds}
    return any(not (kinds & enough[kind]) for kind in kinds_asked)


def _is_of_another_subject(text: str, stems: set[str], language: str) -> bool:
    """Whether no word of the instruction's subject stands in the fragment, in any form."""
    table = instruction_table(language)
    if not table.common:
        return False
    small = table.common | languages()[language].frequent | languages()[language].names.common
    verbs = pattern(rf"(?:{table.making}|{table.asking})\Z")
    subject = {word.lower() for word in words(text) if len(word) > 1} - small
    subject = {fold(word) for word in subject if not verbs.match(word)}
    return len(subject) >= _FEWEST and not any(word[:_STEM] in stems for word in subject)
