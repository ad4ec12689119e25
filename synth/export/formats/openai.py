"""openai.jsonl, openai.parquet: {messages: [{role, content}]}, with weights, names, calls and tools as imported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from synth.export.formats import row_formats
from synth.samples.turns import SYSTEM, TOOL, extra_in, messages_in, text_in


def text_of(sample: Mapping[str, Any], name: str) -> str:
    """A text of a sample without the white space around it; an imported one as its row has it."""
    text: str = sample.get(name) or ""
    return text if sample.get("task") == "import" and text.strip() else text.strip()


def messages_of(sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """[{role, content}]: the system message if there is one, earlier turns, the question, the answer; `weight` where it
    was imported with one. Contents are texts.
    """
    if sample.get("conversation"):
        return [_plain(message) for message in messages_in(sample)]
    if sample.get("task") == "import":
        return messages_in(sample)
    turns = [(turn["role"], turn["content"].strip()) for turn in sample.get("history") or []]
    parts = [(sample.get("system") or "").strip(), *(content for role, content in turns if role == "system")]
    system = "\n\n".join(content for content in parts if content)
    turns = [("system", system)] * bool(system) + [turn for turn in turns if turn[0] != "system"]
    turns += [("user", sample["question"].strip()), ("assistant", sample["answer"].strip())]
    return [{"role": role, "content": content} for role, content in turns]


def _plain(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as speaker, text and weight."""
    role = "system" if message["role"] in SYSTEM else message["role"]
    weight = {"weight": message["weight"]} if "weight" in message else {}
    return {"role": role, "content": text_in(message), **weight}


def openai_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{messages: [{role, content, …}]}, and `tools` and the like where the sample has them."""
    if not sample.get("conversation"):
        return {"messages": messages_of(sample)}
    extra = extra_in(sample)
    if "tools" in extra:
        extra["tools"] = _tools(extra["tools"])
    return {"messages": list(_answered(messages_in(sample))), **extra}


def _answered(messages: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The messages without what only ShareGPT has; a tool's result names the call that it answers."""
    waiting: list[str] = []
    for message in messages:
        fields = {name: value for name, value in message.items() if name != "call_text"}
        if calls := fields.get("tool_calls"):
            waiting = [str(call.get("id") or "") for call in calls if isinstance(call, Mapping)]
        elif fields["role"] == TOOL[0] and "tool_call_id" not in fields and waiting:
            fields["tool_call_id"] = waiting.pop(0)
        yield fields


def _tools(tools: Any) -> Any:
    """Tools as OpenAI has them, of a list of functions or of its JSON."""
    try:
        listed = json.loads(tools) if isinstance(tools, str) else tools
    except (ValueError, RecursionError):
        return tools
    if not isinstance(listed, list):
        return listed
    return [tool if "type" in tool and "function" in tool else {"type": "function", "function": tool}
            if isinstance(tool, dict) else tool for tool in listed]  # fmt: skip


#: Columns of a message in Parquet.
MESSAGE = {"role": "string", "content": "string", "weight": "float64"}
FORMATS = row_formats("openai", openai_row, {"messages": [MESSAGE]}, 30, columns_lack=frozenset(("tool_calls",)))
