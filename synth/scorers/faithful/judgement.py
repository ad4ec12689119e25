"""One score of an answer's faithfulness, and of each of its sentences, from its facts and the support of its words."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from synth.scorers.faithful.answer import Answer
from synth.scorers.faithful.evidence import Evidence, Fact
from synth.scorers.faithful.reading import Source
from synth.scorers.faithful.support import sentence_supports

#: What a sentence keeps of its support for each fact that no source has, and where a source contradicts it.
ABSENT, CONTRADICTED = 0.75, 0.5
#: How much the least supported sentence counts for beside the mean of all.
WORST = 0.3
#: Below this a sentence is weakly supported; a word in three of it is in no source.
WEAK = 0.5
_CONTRADICTIONS = frozenset({"opposite", "negation", "attachment", "roles"})


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of an answer: its facts; of each sentence its support, 0 to 1, and its best source; all of it in one, 0 to 1.

    `has_text`: whether any source has a text; where none has, nothing was checked, and `faithfulness` says nothing.
    """

    facts: list[Fact]
    support: list[float]
    sources: list[int | None]
    faithfulness: float
    has_text: bool


def faithfulness(answer: str, sources: Sequence[Source], language: str | None = None) -> float:
    """How much of an answer its sources say, 0 to 1; 1: everything is in a source.

    Args:
        sources: texts, or mappings as samples hold them; without one that has a text nothing is in a source: 0.
        language: ISO 639-1 code of the answer; None lets the nearest be guessed.
    """
    return judge(answer, sources, language).faithfulness


def sentence_support(
    answer: str, sources: Sequence[Source], language: str | None = None
) -> tuple[list[int | None], list[float]]:
    """For each sentence of an answer its best source, None where none has a word of it, and its support, 0 to 1."""
    judgement = judge(answer, sources, language)
    return judgement.sources, judgement.support


def judge(answer: str, sources: Sequence[Source], language: str | None = None) -> Judgement:
    """All that is known of an answer's faithfulness to its sources."""
    evidence, reading = Evidence(sources), Answer(answer, language)
    has_text = any(source.text for source in evidence.readings)
    facts = evidence.judge(reading) if has_text else []
    supports = sentence_supports(reading.units.stems, evidence.readings)
    shares = _kept(facts)
    values = [round(support.value * shares.get(number, 1.0), 4) for number, support in enumerate(supports)]
    return Judgement(facts, values, [support.source for support in supports], _joined(values), has_text)


def _kept(facts: Sequence[Fact]) -> dict[int, float]:
    """Sentence -> the share of its support that it keeps for what is wrong in it."""
    kinds: dict[int, list[str]] = defaultdict(list)
    for fact in facts:
        if not fact.supported:
            kinds[fact.sentence].append(fact.kind)
    turned = {number: _CONTRADICTIONS.intersection(each) for number, each in kinds.items()}
    return {
        number: ABSENT ** sum(kind not in _CONTRADICTIONS for kind in each) * (CONTRADICTED if turned[number] else 1.0)
        for number, each in kinds.items()
    }


def _joined(values: Sequence[float]) -> float:
    """The mean of the sentences' values and the smallest; 0 of none."""
    return round((1 - WORST) * statistics.fmean(values) + WORST * min(values), 4) if values else 0.0
