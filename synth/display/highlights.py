"""Unsupported facts, marked where they stand in an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of an answer that no source has."""

    text: str
    kind: str
    #: which of the places that have this text, from 0; None where it is not known: every one is marked.
    occurrence: int | None = None


def facts_of(sample: Mapping[str, Any]) -> list[Fact]:
    """The unsupported facts of a sample, as they were stored, with their places where a new look finds the same."""
    texts = [" ".join(str(text).split()) for text in _list(sample.get("unsupported"))]
    kinds = [str(kind) for kind in _list(sample.get("unsupported_kinds"))]
    kinds += ["fact"] * (len(texts) - len(kinds))
    places = _places(sample, texts) if texts else []
    rows = zip(texts, kinds, places or [None] * len(texts), strict=False)
    return [Fact(text, kind, occurrence) for text, kind, occurrence in rows if text]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _places(sample: Mapping[str, Any], texts: Sequence[str]) -> list[int | None]:
    """For each text which of its places in the answer is meant; [] where the facts found now are others."""
    from synth.language.tables import languages
    from synth.scorers.faithful.evidence import facts

    # As `synth score` reads it: in the language that was found, else in the sample's.
    codes = (sample.get("detected_language"), sample.get("language"))
    language = next((str(code) for code in codes if code in languages()), "")
    answer = str(sample.get("answer") or "")
    sources = [source for source in _list(sample.get("sources")) if isinstance(source, Mapping)]
    unsupported = [fact for fact in facts(answer, sources, language) if not fact.supported]
    if [" ".join(fact.text.split()) for fact in unsupported] != list(texts):
        return []
    places: list[int | None] = []
    for fact, text in zip(unsupported, texts, strict=True):
        starts = [match.start() for match in _word(text).finditer(answer)]
        places.append(starts.index(fact.start) if fact.start in starts else None)
    return places


def mark(rows: Sequence[Sequence[dict[str, Any]]], facts: Sequence[Fact]) -> int:
    """Give each sentence of an answer `pieces` [{text, kind}], kind being "" for what is no unsupported fact.

    Returns:
        how many of the facts were found.
    """
    occurrences: dict[str, int] = {}
    matched: set[Fact] = set()
    for row in rows:
        for sentence in row:
            text = sentence["text"]
            spans = sorted(_spans(text, facts, occurrences, matched), key=lambda span: (span[0], -span[1]))
            sentence["pieces"] = list(_pieces(text, spans))
    return sum(fact in matched for fact in facts)


def _spans(
    text: str, facts: Sequence[Fact], occurrences: dict[str, int], matched: set[Fact]
) -> list[tuple[int, int, str]]:
    spans = []
    for phrase in dict.fromkeys(fact.text for fact in facts):
        for match in _word(phrase).finditer(text):
            number = occurrences.get(phrase, 0)
            occurrences[phrase] = number + 1
            for fact in facts:
                if fact.text == phrase and fact.occurrence in (None, number):
                    matched.add(fact)
                    spans.append((match.start(), match.end(), fact.kind))
                    break
    return spans


def _word(text: str) -> re.Pattern[str]:
    """The text as a whole: 12 is not in 2012, nor in 12,5."""
    before = r"(?<!\w)(?<!\d[.,])" if text[0].isalnum() else ""
    after = r"(?!\w)(?![.,]\d)" if text[-1].isalnum() else ""
    return re.compile(before + re.escape(text) + after)


def _pieces(text: str, spans: Sequence[tuple[int, int, str]]) -> list[dict[str, str]]:
    """The text cut at the spans; of spans that overlap, the first and longest counts."""
    pieces, cursor = [], 0
    for start, end, kind in spans:
        if start < cursor:
            continue
        pieces += [{"text": text[cursor:start], "kind": ""}, {"text": text[start:end], "kind": kind}]
        cursor = end
    pieces.append({"text": text[cursor:], "kind": ""})
    return [piece for piece in pieces if piece["text"]]
