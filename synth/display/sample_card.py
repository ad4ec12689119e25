"""A sample beside its sources: where each sentence of the answer comes from, which facts no source has, its scores."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from synth.display.highlights import facts_of, mark
from synth.display.source_alignment import Alignment, align
from synth.ratings.calibration import NOTHING_KNOWN, Calibration
from synth.samples.schema import toxicity_fields

#: Sources shown on a card; the rest of a large event is counted.
SOURCES = 6
#: Sources in which an answer's sentences are looked for.
TRACED = 60
#: Characters of a source that a card shows, besides the sentences that the answer leans on.
SOURCE_CUT = 1500
#: Characters of an answer that are shown at once, and in all.
ANSWER_CUT, ANSWER_MOST = 1600, 20_000

Row = Mapping[str, Any]


def sample_card(sample: Row, source_limit: int = SOURCES, calibration: Calibration | None = None) -> dict[str, Any]:
    """What a page shows of a sample.

    Args:
        sample: a document of `samples`; `source_count` where its sources are a part of them. Documents of older
            versions may lack any field.
        source_limit: sources that are shown.
        calibration: of the store's judges, for `accuracy_note`; None: nothing is known of them, which the note says.
    """
    sources = records(sample.get("sources"))
    provenance = record(sample.get("provenance"))
    answer = str(sample.get("answer") or "")
    contents = [str(source.get("content") or "") for source in sources]
    key = str(sample.get("key") or "")
    language = str(sample.get("language") or "")
    traced = align(answer[:ANSWER_MOST], contents, language, f"s{key[:12]}", source_limit, SOURCE_CUT)
    facts = facts_of(sample)
    _support(traced, sample)
    marked = mark(traced.answer, facts)
    rows, split = _folded(traced.answer)
    return {
        "key": key, "anchor": f"s{key[:12]}",
        "task": sample.get("task") or "",
        "language": language,
        "detected_language": sample.get("detected_language"),
        "date": _day(sample.get("date")),
        "request": _request(sample),
        "answer": answer,
        "marked": marked,
        "facts": [{"text": fact.text, "kind": fact.kind} for fact in facts] if "unsupported" in sample else None,
        "paragraphs": rows, "split": split, "cut": max(0, len(answer) - ANSWER_MOST),
        "traced": traced.counts, "weak": sum(sentence["weak"] for row in traced.answer for sentence in row),
        "faithfulness": number(sample.get("faithfulness")),
        "mean_similarity": number(sample.get("mean_similarity")),
        "min_similarity": number(sample.get("min_similarity")),
        "similarity_std": number(sample.get("similarity_std")),
        **_judged(sample),
        "accuracy_note": _accuracy_note(sample, calibration),
        "model": provenance.get("model") or "",
        "prompt": provenance.get("prompt") or "",
        "status": sample.get("status") or "",
        "sources": list(_sources(sample, sources[:source_limit], traced)),
        "more_sources": max(0, (sample.get("source_count") or len(sources)) - source_limit),
    }  # fmt: skip


def _judged(sample: Row) -> dict[str, Any]:
    """What was measured besides; None for what was not."""
    scores = {name: value for name in toxicity_fields() if (value := number(sample.get(name))) is not None}
    highest = max(scores, key=lambda name: scores[name], default=None)
    return {
        "accuracy": number(sample.get("accuracy")), "acc_explanation": str(sample.get("acc_explanation") or ""),
        "toxicity": scores.get("toxicity"), "toxicity_calibrated": sample.get("toxicity_calibrated"),
        "highest_toxicity": highest and {"field": highest, "score": scores[highest]},
        "duplicate_of": sample.get("duplicate_of"),
        "contaminated": sorted({str(row.get("set")) for row in records(sample.get("contaminated"))}),
        "personal_data": sorted({str(row.get("kind")) for row in records(sample.get("personal_data"))}),
    }  # fmt: skip


def _accuracy_note(sample: Row, calibration: Calibration | None) -> str:
    """What must be said beside the judge's score; "" where there is none, or nothing to say."""
    if number(sample.get("accuracy")) is None:
        return ""
    return calibration.note_of(sample) if calibration else NOTHING_KNOWN


def _support(traced: Alignment, sample: Row) -> None:
    """Name the best source of a sentence that no source has word for word, where `synth score` stored it, and which
    sentences are weakly supported.
    """
    from synth.scorers.faithful.judgement import WEAK

    sentences = [sentence for row in traced.answer for sentence in row]
    sources, support = values(sample.get("sentence_sources")), values(sample.get("sentence_support"))
    complete = len(sources) == len(support) == len(sentences)
    for i, sentence in enumerate(sentences):
        sentence["support"] = support[i] if complete else None
        sentence["weak"] = complete and (number(support[i]) or 0.0) < WEAK
        if complete and sentence["how"] == "none" and isinstance(sources[i], int):
            sentence["source"] = sources[i] + 1


def _folded(rows: list[list[dict[str, Any]]]) -> tuple[list[list[dict[str, Any]]], int]:
    """(paragraphs, how many of them are shown at once): one is parted after a sentence where the cut is within it."""
    length = 0
    for i, row in enumerate(rows):
        for number, sentence in enumerate(row):
            length += len(sentence["text"])
            if length > ANSWER_CUT and (i or number):
                parts = [part for part in (row[:number], row[number:]) if part]
                return [*rows[:i], *parts, *rows[i + 1 :]], i + (number > 0)
    return rows, len(rows)


def _request(sample: Row) -> str:
    """The short request; without one the question, unless it carries the sources that are shown anyway."""
    return str(sample.get("instruction") or ("" if sample.get("sources") else sample.get("question")) or "")


def _sources(sample: Row, sources: Sequence[Row], traced: Alignment) -> Iterator[dict[str, Any]]:
    near = values(sample.get("similarity"))
    for i, source in enumerate(sources):
        content = str(source.get("content") or "")
        yield {
            "title": source.get("title") or "",
            "link": source.get("link") or "",
            "date": _day(source.get("date")),
            "source_site": source.get("source_site") or "",
            "characters": len(content), "cut": traced.cut[i],
            "paragraphs": traced.sources[i],
            "similarity": number(near[i]) if i < len(near) else None,
        }  # fmt: skip


def record(value: Any) -> Row:
    """A record as it is stored; {} for anything else."""
    return value if isinstance(value, Mapping) else {}


def records(value: Any) -> list[Row]:
    """The records of a stored list; what is none is left out."""
    return [row for row in values(value) if isinstance(row, Mapping)]


def values(value: Any) -> list[Any]:
    """A stored list; [] for anything else."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A stored number; None for NaN, infinity and anything else."""
    finite = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if finite else None


def _day(value: Any) -> str | None:
    return value.date().isoformat() if isinstance(value, datetime) else None
