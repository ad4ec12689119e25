"""ShareGPT: {conversations: [{from, value}]}, as SlimOrca and OpenHermes have it, with system, human and gpt.

LLaMA-Factory's function_call and observation are a call of a tool and its result; what a call says is kept beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from synth.importing.conversation import Conversation, json_of, listed
from synth.importing.formats import Fields, Format, first_of, of_rows
from synth.importing.formats.openai import FIELDS, TURNS, chat, turns_in

_CALLS = ("function_call", "tool_call")
#: Turns that hold request and answer, as Firefly's.
_PAIRED = ("human", "assistant")


def is_sharegpt(row: Fields) -> bool:
    """Whether a row has turns with `from` and `value`."""
    turns = [turn for turn in turns_in(row) if isinstance(turn, dict)]
    return any(("from" in turn and "value" in turn) or set(_PAIRED) <= turn.keys() for turn in turns)


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row.

    Raises:
        RecordError: the turns are no list, one is no record of a known speaker, or holds something else than text.
    """
    name, turns = first_of(row, *TURNS)
    flat = [each for turn in listed(name, turns) for each in _single(turn)]
    return chat({**row, name: [_with_call(turn) for turn in flat]}, "from", "value")


def _single(turn: Any) -> list[Any]:
    """A turn that holds request and answer, as two."""
    if isinstance(turn, Mapping) and "from" not in turn and set(_PAIRED) <= turn.keys():
        return [{"from": name, "value": turn[name]} for name in _PAIRED]
    return [turn]


def _with_call(turn: Any) -> Any:
    """A function_call as an assistant's message that calls a tool; `value` keeps it as it was."""
    if not isinstance(turn, Mapping) or str(turn.get("from")).lower() not in _CALLS:
        return turn
    calls = json_of(turn.get("value"))
    calls = calls if isinstance(calls, list) else [calls]
    if not all(isinstance(call, Mapping) and isinstance(call.get("name"), str) for call in calls):
        return {**turn, "from": "assistant"}
    # The fields of OpenAI's message: no `value` of ours is its content.
    rest = {name: value for name, value in turn.items() if name not in ("from", "value")}
    message = {
        "call_text": turn["value"],
        "tool_calls": [_tool_call(call, number) for number, call in enumerate(calls, 1)],
    }
    return {**rest, "from": "assistant", "value": None, **message}


def _tool_call(call: Mapping[str, Any], number: int) -> dict[str, Any]:
    arguments = call.get("arguments", call.get("parameters", {}))
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"id": f"call_{number}", "type": "function", "function": {"name": call["name"], "arguments": text}}


FORMAT = Format("sharegpt", "ShareGPT (conversations of from and value)", FIELDS, is_sharegpt,
                of_rows(conversation_of), 100)  # fmt: skip
