"""Which rows are about the language itself, and what is to be done with them before they are translated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from synth.language import UNKNOWN, detect
from synth.translation.language_bound.forms import has_other_forms
from synth.translation.language_bound.requests import is_whole_request
from synth.translation.language_bound.rows import turns_of
from synth.translation.language_bound.table import BoundTable
from synth.translation.language_bound.tables import table_of

Treatment = Literal["rewrite", "leave_out", "keep_answer_language"]
#: Characters at either end of an instruction in which it is asked for; between them stands a text.
_BEGINNING, _END = 700, 400
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
#: An answer that is a program.
_CODE = re.compile(
    r"```|^\s*(?:def |class \w+|import \w|from \w+ import|#include|public |function |const |let |SELECT |<\?php|<\w+>)",
    re.MULTILINE,
)
#: A quotation of this many characters is material, and what it speaks of no request.
_QUOTED_MATERIAL = re.compile(r"(?<!\w)[\"“”„«'‘][^\"“”„«»]{60,}?[\"“”»'’](?!\w)")
_QUOTED = re.compile(r"(?<!\w)[\"“”„«'‘`]([^\"“”„«»`\n]+?)[\"“”»'’`](?!\w)")
#: An answer of so many characters in the row's own language is no translation, but speaks of one.
_PROSE = 25


@dataclass(frozen=True)
class Bound:
    """Why a row's right answer depends on the language that it is written in."""

    #: rhyme, anagram, spelling …: the names of `BoundTable.kinds`, and "translation".
    kind: str
    treatment: Treatment
    #: one sentence for people.
    reason: str
    #: ISO 639-1 code of the language in which the task wants its answer; "" where it is the row's.
    answer_language: str = ""
    #: texts of the instruction and the input that stay as they are: what is to be translated.
    fixed: tuple[str, ...] = ()


def classify(row: Mapping[str, Any], source_language: str) -> Bound | None:
    """Why a row {instruction, input, output} or {messages} is about its language; None for all others."""
    table = table_of(source_language)
    for instruction, material, answer in turns_of(row):
        bound = (
            _translation(instruction, material, answer, table)
            or _about_words(instruction, answer, table)
            or _about_forms(instruction, material, answer, table)
        )
        if bound:
            return bound
    return None


def _about_words(instruction: str, answer: str, table: BoundTable) -> Bound | None:
    text = _request(instruction, table)
    if table.compile(table.programs).search(text) or _CODE.search(answer):
        return None
    for kind, pattern in table.kinds.items():
        if match := table.compile(pattern).search(text):
            can_be_new = is_whole_request(instruction, kind, table)
            return Bound(
                kind, "rewrite" if can_be_new else "leave_out", f"asks about words of its language: {match[0]!r}"
            )
    return None


def _about_forms(instruction: str, material: str, answer: str, table: BoundTable) -> Bound | None:
    """A text of which only endings, spelling or marks were changed: a translator would write both alike."""
    if table.compile(table.programs).search(_request(instruction, table)) or _CODE.search(material + answer):
        return None
    if any(has_other_forms(text, answer, inflects=table.inflects) for text in _material(instruction, material)):
        return Bound("grammar_correction", "leave_out", "its answer has other forms of the same words")
    return None


def _translation(instruction: str, material: str, answer: str, table: BoundTable) -> Bound | None:
    text = _request(instruction, table)
    if table.compile(table.programs).search(text):
        return None
    matches = [match for pattern in table.compile_each(table.translations) if (match := pattern.search(text))]
    if not matches:
        return _unnamed_translation(text, instruction, material, answer, table)
    language = table.languages[matches[0]["language"].lower()]
    asks_for_one = table.compile(table.unnamed_translations).search(text) is not None
    fixed = _material(instruction, material) if asks_for_one else tuple(_QUOTED.findall(instruction))
    return _with_answer(language, answer, fixed, table, matches[0][0])


def _unnamed_translation(text: str, instruction: str, material: str, answer: str, table: BoundTable) -> Bound | None:
    """A translation into the language that its answer is in."""
    if not (match := table.compile(table.unnamed_translations).search(text)):
        return None
    language = detect(answer)[0]
    if language == UNKNOWN:
        return Bound("translation", "leave_out", f"a translation into no named language: {match[0]!r}")
    return _with_answer(language, answer, _material(instruction, material), table, match[0])


def _with_answer(language: str, answer: str, fixed: tuple[str, ...], table: BoundTable, request: str) -> Bound:
    """Keeps an answer in the language that the task wants; one that speaks of it in the row's own is left out."""
    if language != table.code and len(answer) >= _PROSE and detect(answer)[0] == table.code:
        return Bound("translation", "leave_out", f"its answer speaks of another language in its own: {request!r}")
    return Bound(
        "translation", "keep_answer_language", f"asks for an answer in {language}: {request!r}", language, fixed
    )


def _material(instruction: str, material: str) -> tuple[str, ...]:
    """What is to be translated: the input, or else what stands in quotes or after a colon."""
    if material.strip():
        return (material,)
    if quoted := _QUOTED.findall(instruction):
        return tuple(quoted)
    after = re.split(r":\s", instruction, maxsplit=1)[1:]
    return tuple(text.strip() for text in after if text.strip())


def _request(instruction: str, table: BoundTable) -> str:
    """The part of an instruction that asks, without the texts in it and without innocent phrases."""
    text = _QUOTED_MATERIAL.sub(" “…” ", _FENCE.sub(" ", instruction))
    if len(text) > _BEGINNING + _END:
        text = f"{text[:_BEGINNING]}\n{text[-_END:]}"
    return table.compile(table.innocent).sub(" ", text)
