"""What is known of six languages stays what it was: facts, sentences, detection, days, fit sentences of fixed texts.

`golden/expected.json` was written before each language had one table; run as a script, this module writes it again:
`python -m tests.synth.language.test_golden`.

Covers synth.language.numerals, synth.language.tables.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from synth.language import detect
from synth.language.segmentation import sentences
from synth.language.tables import nearest
from synth.llm.extractive.sentence_filter import begins_dependent, clean, has_relative_day, is_dependent, is_fit
from synth.prompts.attribution import date_label, source_label
from synth.scorers.faithful.evidence import facts
from synth.scorers.faithful.judgement import sentence_support

FOLDER = Path(__file__).parent / "golden"
TEXTS = json.loads((FOLDER / "texts.json").read_text(encoding="utf-8"))
DAYS = (date(2026, 1, 1), date(2026, 5, 4), date(2026, 12, 31))


def facts_of(answer: str, sources: list[Any], language: str) -> list[list[Any]]:
    rows = facts(answer, sources, language)
    return [[row.text, row.kind, row.start, row.end, row.sentence, row.supported] for row in rows]


def answers_of(language: str, other: str) -> dict[str, Any]:
    """All that is known of the answers of one language: against its own sources, dated ones, and those of another."""
    texts = TEXTS["languages"]
    dated = [{"title": "x", "content": text, "date": datetime(2024, 5, 8, 9, tzinfo=UTC)}
             for text in texts[language]["sources"]]  # fmt: skip
    return {
        answer: {
            "facts": facts_of(answer, texts[language]["sources"], language),
            "guessed": facts_of(answer, dated, ""),
            "foreign": facts_of(answer, texts[other]["sources"], language),
            "support": sentence_support(answer, texts[language]["sources"], language),
        }
        for answer in texts[language]["answers"]
    }


def filter_of(text: str, language: str) -> dict[str, list[bool]]:
    return {
        sentence: [
            is_fit(sentence, language), begins_dependent(sentence, language), is_dependent(sentence, language),
            has_relative_day(sentence, language),
        ]
        for sentence in sentences(clean(text), language)
    }  # fmt: skip


def language_outcomes(language: str) -> dict[str, Any]:
    languages = list(TEXTS["languages"])
    other = languages[(languages.index(language) + 1) % len(languages)]
    texts = [*TEXTS["languages"][language]["sources"], *TEXTS["languages"][language]["answers"]]
    return {
        "answers": answers_of(language, other),
        "sentences": {code: [sentences(text, code) for text in texts] for code in [*languages, ""]},
        "detected": [detect(text) for text in texts],
        "tables": [nearest(text) for text in texts],
        "days": [date_label(day, language) for day in DAYS],
        "source": source_label({"source_site": "IlPost", "date": "2026-05-04T23:30:00+07:00"}, language),
        "filter": [filter_of(text, language) for text in texts],
    }


def outcomes() -> dict[str, Any]:
    found: dict[str, Any] = {language: language_outcomes(language) for language in TEXTS["languages"]}
    found["short"] = {text: [detect(text), nearest(text), facts_of(text, [], "")] for text in TEXTS["short"]}
    return found


def as_text(value: Any) -> str:
    """One line a value, its keys in order: bytes that can be compared."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@pytest.mark.parametrize("part", [*TEXTS["languages"], "short"])
def test_outcomes_are_those_of_before(part: str) -> None:
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    assert as_text(outcomes()[part]) == as_text(expected[part])


if __name__ == "__main__":
    lines = ",\n".join(f'"{part}": {as_text(value)}' for part, value in outcomes().items())
    (FOLDER / "expected.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
