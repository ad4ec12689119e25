"""sharegpt.jsonl, sharegpt.parquet: {conversations: [{from, value}]}; calls of tools as LLaMA-Factory's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from synth.export.formats import row_formats
from synth.export.formats.openai import messages_of
from synth.samples.turns import SYSTEM, TOOL, calls_of, extra_in, messages_in, text_in

_SPEAKERS = {
    "user": "human",
    "assistant": "gpt",
    **dict.fromkeys(SYSTEM, "system"),
    **dict.fromkeys(TOOL, "observation"),
}


def sharegpt_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{conversations: [{from, value}]}, from: system, human, gpt, function_call or observation; `weight` where a turn
    has one, `tools` (JSON) where the sample has them.
    """
    messages = messages_in(sample) if sample.get("conversation") else messages_of(sample)
    row: dict[str, Any] = {"conversations": [turn for message in messages for turn in _turns(message)]}
    if tools := extra_in(sample).get("tools"):
        row["tools"] = tools if isinstance(tools, str) else json.dumps(tools, ensure_ascii=False)
    return row


def _turns(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A message as a turn; what it says before a call is one of its own."""
    weight = {"weight": message["weight"]} if "weight" in message else {}
    calls = calls_of(message)
    if text_in(message) or not calls:
        yield {"from": _SPEAKERS[message["role"]], "value": text_in(message), **weight}
    if calls:
        text = json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)
        yield {"from": "function_call", "value": message.get("call_text") or text, **weight}


_TURN = {"from": "string", "value": "string", "weight": "float64"}
FORMATS = row_formats("sharegpt", sharegpt_row, {"conversations": [_TURN]}, 20, columns_lack=frozenset(("tool_calls",)))
