"""Facts of an answer that none of its sources has, and how well each of its sentences is supported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synth.language.tables import languages
from synth.samples.field import Field, Heading
from synth.scorers import Batch, Scorer, Scores
from synth.scorers.faithful.judgement import judge

FIELDS = (
    Field("unsupported", "string", "texts of the facts in the answer that no source has", many=True, card="merged",
          table=Heading(90, "unsup")),
    Field("unsupported_kinds", "string", "their kinds, in the same order", many=True, card="merged",
          values=("number", "date", "percent", "money", "quantity", "name", "quote",
                  "opposite", "negation", "attachment", "roles")),
    Field("faithfulness", "float64", "how much of the answer its sources say: 1 is all of it; null without sources",
          unit="0 to 1", card="merged", distribution=4, table=Heading(85, "faith")),
    Field("sentence_sources", "int64", "for each sentence of the answer the number of its best source", many=True,
          card="hidden"),
    Field("sentence_support", "float64", "how well the sources support it, 0 to 1", many=True, unit="0 to 1",
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
    judgement = judge(answer, sources, language)
    unsupported = [fact for fact in judgement.facts if not fact.supported]
    return {
        "unsupported": [fact.text for fact in unsupported],
        "unsupported_kinds": [fact.kind for fact in unsupported],
        "sentence_sources": judgement.sources,
        "sentence_support": judgement.support,
        "min_support": min(judgement.support, default=None) if judgement.has_text else None,
        "faithfulness": judgement.faithfulness if judgement.has_text else None,
    }


def _outcomes(_: Mapping[str, Any], scores: Scores) -> Iterator[str]:
    if scores["unsupported"]:
        yield "with_unsupported_facts"


SCORER = Scorer(FIELDS, _score, _outcomes, version=5)
