"""sharegpt.jsonl, sharegpt.parquet: {conversations: [{from, value}]}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.formats import row_formats
from synth.export.formats.openai import messages_of

_ROLES = {"system": "system", "user": "human", "assistant": "gpt"}


def sharegpt_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{conversations: [{from, value}]}, from: system, human or gpt."""
    turns = messages_of(sample)
    return {"conversations": [{"from": _ROLES[turn["role"]], "value": turn["content"]} for turn in turns]}


FORMATS = row_formats("sharegpt", sharegpt_row, {"conversations": [{"from": "string", "value": "string"}]}, 20)
