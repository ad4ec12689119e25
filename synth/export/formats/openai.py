"""openai.jsonl, openai.parquet: {messages: [{role, content}]}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synth.export.formats import row_formats


def messages_of(sample: Mapping[str, Any]) -> list[dict[str, str]]:
    """[{role, content}]: the system message if there is one, earlier turns, the question, the answer."""
    turns = [(turn["role"], turn["content"].strip()) for turn in sample.get("history") or []]
    parts = [(sample.get("system") or "").strip(), *(content for role, content in turns if role == "system")]
    system = "\n\n".join(content for content in parts if content)
    turns = [("system", system)] * bool(system) + [turn for turn in turns if turn[0] != "system"]
    turns += [("user", sample["question"].strip()), ("assistant", sample["answer"].strip())]
    return [{"role": role, "content": content} for role, content in turns]


def openai_row(sample: Mapping[str, Any]) -> dict[str, Any]:
    """{messages: [{role, content}]}."""
    return {"messages": messages_of(sample)}


FORMATS = row_formats("openai", openai_row, {"messages": [{"role": "string", "content": "string"}]}, 30)
