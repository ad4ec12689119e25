"""Whether a text asks for something, in the language that it should be in."""

from __future__ import annotations

import functools
import re

from synth.language import UNKNOWN, detect, is_written_in
from synth.language.segmentation import sentences
from synth.language.tables import languages
from synth.reverse.refusals.table import InstructionTable, instruction_table, pattern

#: Where a request may begin within a sentence: "Sei un giornalista: scrivi …", "In due frasi, spiega …".
_CLAUSE = re.compile(r"[:,;–—]\s+|\s-\s|\b(?:e|and|et|y|và|poi|then)\s+")
_NAME = re.compile(r"(?<=[\w,] )[A-ZÀ-ÖØ-ÞĐ][^\W\d_]*(?: [A-ZÀ-ÖØ-ÞĐ][^\W\d_]*)*")
_WORD = re.compile(r"[^\W\d_]+")
#: Small words of another language only, and none of its own only, by which a short text is told.
_VOTES = 2
#: How sure the detector must be of another language, and of how many letters.
_SURE, _LETTERS = 0.75, 20


def is_request(text: str, table: InstructionTable) -> bool:
    """Whether the text asks for something and does not begin as a reply does; True where no table says how.

    A sentence of it must begin with a verb that asks, hold a question word or end with a question mark.
    """
    if not table.asking:
        return True
    low = without_names(text).lower().lstrip(" \t\n\"'«“*#->")
    if pattern(table.preamble).search(low) or _is_refusal(low):
        return False
    return any(_asks(sentence, table) for sentence in sentences(low))


def _asks(sentence: str, table: InstructionTable) -> bool:
    if pattern(table.questions).search(sentence):
        return True
    verbs = pattern(rf"[\W\d]*(?:{table.making}|{table.asking})(?![\w])")
    starts = [0, *(match.end() for match in _CLAUSE.finditer(sentence))]
    return any(verbs.match(sentence, start) for start in starts)


def without_names(text: str) -> str:
    """The text with the words that have a capital within a sentence left out: "Sao Mai" asks nothing."""
    return _NAME.sub(" … ", text)


def _is_refusal(low: str) -> bool:
    return any(re.match(table.replies.refusal, low) for table in languages().values())


def is_in_another_language(text: str, language: str) -> bool:
    """Whether the text is surely in another language, by its small words or by the detector."""
    if is_written_in(text, language) or language not in languages():
        return False
    low = {word.lower() for word in _WORD.findall(without_names(text))}
    own = low & _small_words(language)
    rivals = [low & _small_words(code) for code in languages() if code != language]
    if any(len(rival - own) >= _VOTES + bool(own) and not own - rival for rival in rivals):
        return True
    if sum(map(str.isalpha, text)) < _LETTERS or all(len(own) > len(rival) for rival in rivals):
        return False
    code, confidence = detect(text)
    return code not in (UNKNOWN, language) and confidence >= _SURE


@functools.cache
def _small_words(language: str) -> frozenset[str]:
    """A language's small words, and those that instructions are made of."""
    return languages()[language].frequent | instruction_table(language).common
