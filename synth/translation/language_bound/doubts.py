"""Doubts of a translated row about its language: rows never to be passed, constraints that no longer hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from synth.language import detect
from synth.translation.language_bound.checks import holds
from synth.translation.language_bound.classify import Bound, classify
from synth.translation.language_bound.constraints import Constraint, constraints, quotations
from synth.translation.language_bound.requests import is_kept
from synth.translation.language_bound.rows import answers_of, turns_of

LANGUAGE_BOUND, ANSWER_LANGUAGE = "language_bound", "answer_language"
CONSTRAINT_BROKEN = "constraint_broken"


def bound_doubts(
    source: Mapping[str, Any], translation: Mapping[str, Any], source_language: str, language: str
) -> list[str]:
    """Doubts of a row that is about its language.

    `language_bound` where the translation is not shown by code to be right in the other language; `answer_language`
    where an answer that a task wants in a certain language is no longer in it.
    """
    return doubts_of_bound(classify(source, source_language), source, translation, language)


def doubts_of_bound(
    bound: Bound | None, source: Mapping[str, Any], translation: Mapping[str, Any], language: str
) -> list[str]:
    """The same of a row that was classified."""
    if bound is None:
        return []
    if bound.treatment == "keep_answer_language":
        same = all(map(_same_answer, answers_of(source), answers_of(translation)))
        in_language = all(detect(answer)[0] == bound.answer_language for answer in answers_of(translation))
        return [] if same or in_language else [ANSWER_LANGUAGE]
    is_right = bound.treatment == "rewrite" and all(
        is_kept(instruction, material, answer, language) for instruction, material, answer in turns_of(translation)
    )
    return [] if is_right else [LANGUAGE_BOUND]


def kept_texts(bound: Bound | None, source: Mapping[str, Any]) -> tuple[str, ...]:
    """Texts that stay as they are: what is to be translated, and an answer in the language that the task wants."""
    if bound is None or bound.treatment != "keep_answer_language":
        return ()
    return tuple(text for text in (*bound.fixed, *answers_of(source)) if text.strip())


def constraint_doubts(
    source: Mapping[str, Any], translation: Mapping[str, Any], source_language: str, language: str
) -> list[str]:
    """`constraint_broken` where a demand that the source's answer meets is not met, or not made, in the translation."""
    pairs = zip(turns_of(source), turns_of(translation), strict=False)
    broken = any(
        _breaks(original[0], original[2], translated[0], translated[2], source_language, language)
        for original, translated in pairs
    )
    return [CONSTRAINT_BROKEN] if broken else []


def _breaks(
    instruction: str, answer: str, translated: str, new_answer: str, source_language: str, language: str
) -> bool:
    demands = [
        demand for demand in constraints(instruction, source_language)
        if holds(demand, answer, instruction, source_language)
    ]  # fmt: skip
    return any(
        demand is None or not holds(demand, new_answer, translated, language)
        for demand in _counterparts(demands, instruction, translated, language)
    )


def _counterparts(
    demands: list[Constraint], instruction: str, translated: str, language: str
) -> Iterator[Constraint | None]:
    """Each demand as the translated instruction makes it; None where its number is another or its phrase is gone."""
    demanded = constraints(translated, language)
    phrases = dict(zip(quotations(instruction), quotations(translated), strict=False))
    same_quotes = len(quotations(instruction)) == len(quotations(translated))
    for demand in demands:
        same_kind = [candidate for candidate in demanded if candidate.kind == demand.kind]
        if demand.kind in ("keyword", "forbidden", "end", "start"):
            phrase = phrases.get(demand.phrase) if same_quotes else None
            yield replace(demand, phrase=phrase) if phrase else None
        elif demand.number is None or not same_kind:
            yield demand
        else:
            yield demand if any(_same_demand(demand, candidate) for candidate in same_kind) else None


def _same_demand(first: Constraint, second: Constraint) -> bool:
    return (first.relation, first.number, first.phrase) == (second.relation, second.number, second.phrase)


def _same_answer(first: str, second: str) -> bool:
    return unicodedata.normalize("NFC", first).split() == unicodedata.normalize("NFC", second).split()
