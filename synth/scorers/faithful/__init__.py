"""Facts of an answer that none of its sources has, and how well each of its sentences is supported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synth.language.tables import languages
from synth.samples.field import Field, Heading
from synth.scorers import Batch, Scorer, Scores
from synth.scorers.faithful.evidence import Evidence, plain_text, sentence_support

FIELDS = (
    Field("unsupported", "string", "texts of the facts in the answer that no source has", many=True, card="merged",
          table=Heading(90, "unsup")),
    Field("unsupported_kinds", "string", "their kinds, in the same order", many=True, card="merged",
          values=("number", "date", "percent", "money", "quantity", "name", "quote")),
    Field("sentence_sources", "int64", "for each sentence of the answer the number of its best source", many=True,
          card="hidden"),
    Field("sentence_support", "float64", "how well that source supports it, 0 to 1", many=True, unit="0 to 1",
          card="hidden"),
    Field("min_support", "float64", "smallest of `sentence_support`", unit="0 to 1", distribution=3),
)  # fmt: skip


def _score(batch: Batch) -> list[Scores]:
    rows = zip(batch.samples, batch.sources, batch.languages, strict=True)
    return [
        faithfulness_fields(sample["answer"], sources, _table(detected, sample.get("language")))
        for sample, sources, (detected, _) in rows
    ]


def _table(*codes: str | None) -> str:
    """The first language that has a table; "" lets the nearest be guessed."""
    return next((code for code in codes if code in languages()), None) or ""


def faithfulness_fields(answer: str, sources: Sequence[Mapping[str, Any]], language: str) -> Scores:
    """Without a source that has a text nothing can be checked: no fact is unsupported, and `min_support` is None."""
    best, support = sentence_support(answer, sources, language)
    has_text = any(plain_text(source) for source in sources)
    facts = Evidence(sources).facts(answer, language) if has_text else []
    unsupported = [fact for fact in facts if not fact.supported]
    return {
        "unsupported": [fact.text for fact in unsupported],
        "unsupported_kinds": [fact.kind for fact in unsupported],
        "sentence_sources": best,
        "sentence_support": support,
        "min_support": min(support, default=None) if has_text else None,
    }


def _outcomes(_: Mapping[str, Any], scores: Scores) -> Iterator[str]:
    if scores["unsupported"]:
        yield "with_unsupported_facts"


SCORER = Scorer(FIELDS, _score, _outcomes, version=3)
