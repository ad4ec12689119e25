"""The columns of a dataset folder: one fixed schema, whatever of it a sample has; what it lacks is null."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from synth.samples.sample import SCORED

if TYPE_CHECKING:
    import pyarrow as pa

#: The kind of a column: a name of READERS, [kind] for a list, {name: kind} for a record.
Kind = str | list[Any] | dict[str, Any]

_SCORES: dict[str, Kind] = {
    "similarity": ["real"], "min_similarity": "real", "mean_similarity": "real", "similarity_std": "real",
    "similarity_embedder": "text", "detected_language": "text", "language_confidence": "real",
    "unsupported": ["text"], "unsupported_kinds": ["text"], "sentence_sources": ["whole"],
    "sentence_support": ["real"], "min_support": "real",
    "toxicity": "real", "severe_toxicity": "real", "obscene": "real", "identity_attack": "real", "insult": "real",
    "threat": "real", "sexual_explicit": "real", "toxicity_model": "text", "toxicity_calibrated": "truth",
    "accuracy": "real", "acc_explanation": "text", "helpfulness": "real", "help_explanation": "text",
    "duplicate_of": "text", "duplicate_kind": "text", "duplicate_score": "real",
    "contaminated": [{"set": "text", "row": "whole", "overlap": "real"}],
    "personal_data": [{"kind": "text", "field": "text", "start": "whole", "end": "whole"}],
}  # fmt: skip

#: column -> its kind. No `prompt` or `completion`: trl would take the rows for pairs of these, not for messages.
COLUMNS: dict[str, Kind] = {
    "key": "text", "task": "text", "language": "text", "date": "instant", "event": "text",
    "messages": [{"role": "text", "content": "text"}], "instruction": "text", "question": "text", "answer": "text",
    "tags": ["text"], "sources": [{"title": "text", "link": "text", "date": "instant", "source_site": "text"}],
    "cluster_size": "whole", "question_tokens": "whole", "status": "text", "prompt_version": "text", "model": "text",
    **_SCORES, "judge_model": "text", "judge_prompt": "text", "judge_repeats": "whole",
}  # fmt: skip

#: column -> what it holds, for the dataset card.
TOLD = {
    "key": "sha256 of what the sample is made from", "task": "what the answer does",
    "language": "ISO 639-1 code of question and answer", "date": "instant of the event's newest article, UTC",
    "event": "sha256 of the event's links", "messages": "system message, earlier turns, question and answer",
    "instruction": "the short request; with the sources it makes up the question",
    "question": "the request, sources included", "answer": "what a model is to learn", "tags": "of the articles",
    "sources": "the articles, without their texts, which the question holds",
    "cluster_size": "articles in the event, near copies included",
    "question_tokens": "tokens of the question for the model that answered", "status": "new, accepted or edited",
    "prompt_version": "name and version of the prompt", "model": "what wrote the answer", **SCORED,
    "judge_model": "what judged", "judge_prompt": "name and version of its prompt",
    "judge_repeats": "times it was asked",
}  # fmt: skip


def column_row(sample: Mapping[str, Any], messages: list[dict[str, str]]) -> dict[str, Any]:
    """A sample as a row of COLUMNS; what is missing, or no value of the column's kind, is None."""
    made, judge = _record(sample.get("provenance")), _record(sample.get("judge"))
    flat = {
        **sample, "messages": messages, "prompt_version": made.get("prompt"), "model": made.get("model"),
        "judge_model": judge.get("model"), "judge_prompt": judge.get("prompt"), "judge_repeats": judge.get("repeats"),
    }  # fmt: skip
    return {name: read(kind, flat.get(name)) for name, kind in COLUMNS.items()}


def _record(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def read(kind: Kind, value: Any) -> Any:
    """`value` as one of the kind, None where it is none."""
    if isinstance(kind, str):
        return READERS[kind](value)
    if isinstance(kind, list):
        return [read(kind[0], item) for item in value] if isinstance(value, list) else None
    return {name: read(inner, value.get(name)) for name, inner in kind.items()} if isinstance(value, Mapping) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _real(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    number = _real(value)
    return int(value) if number is not None and number.is_integer() and abs(number) < 2**63 else None


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _instant(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None


READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text, "real": _real, "whole": _whole, "truth": _truth, "instant": _instant,
}  # fmt: skip


def schema(kinds: Mapping[str, Kind]) -> pa.Schema:
    """The Arrow schema of columns of these kinds."""
    import pyarrow as pa

    return pa.schema([(name, arrow_type(kind)) for name, kind in kinds.items()])


def arrow_type(kind: Kind) -> pa.DataType:
    import pyarrow as pa

    if isinstance(kind, list):
        return pa.list_(arrow_type(kind[0]))
    if isinstance(kind, dict):
        return pa.struct([(name, arrow_type(inner)) for name, inner in kind.items()])
    names: dict[str, pa.DataType] = {
        "text": pa.string(), "real": pa.float64(), "whole": pa.int64(), "truth": pa.bool_(),
        "instant": pa.timestamp("ms", tz="UTC"),
    }  # fmt: skip
    return names[kind]


def kind_name(kind: Kind) -> str:
    """How the dataset card names a kind."""
    if isinstance(kind, list):
        return f"list of {kind_name(kind[0])}"
    if isinstance(kind, dict):
        return "{" + ", ".join(kind) + "}"
    return {"real": "number", "whole": "whole number", "truth": "yes or no"}.get(kind, kind)
