"""What is asked and answered in a row: {instruction, input, output} or {messages}, and a copy with other texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: Roles of people and of models, as OpenAI, ShareGPT and others name them.
_PEOPLE, _MODELS = frozenset({"user", "human", "prompter"}), frozenset({"assistant", "gpt", "model", "bot"})


def instructions_of(row: Mapping[str, Any]) -> list[str]:
    """What people ask for, turn by turn; the input of a row is material and no request."""
    if "messages" in row:
        return _contents(row["messages"], _PEOPLE)
    return [_first(row, "instruction", "prompt", "question")]


def input_of(row: Mapping[str, Any]) -> str:
    """The material of a row; "" where it has none or stands in the instruction."""
    return str(row.get("input") or "")


def answers_of(row: Mapping[str, Any]) -> list[str]:
    """What the model answers, turn by turn."""
    if "messages" in row:
        return _contents(row["messages"], _MODELS)
    return [_first(row, "output", "response", "answer")]


def with_texts(row: Mapping[str, Any], instruction: str, answer: str, material: str = "") -> dict[str, Any]:
    """A row of one turn with other texts and everything else as it was."""
    if "messages" not in row:
        return {**row, "instruction": instruction, "input": material, "output": answer}
    texts = {True: f"{instruction}\n{material}".strip(), False: answer}
    turns = [
        {**turn, "content": texts[_role(turn) in _PEOPLE]} if _role(turn) in _PEOPLE | _MODELS else dict(turn)
        for turn in row["messages"]
    ]
    return {**row, "messages": turns}


def turns_of(row: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(instruction, input, answer) of each turn that has an answer."""
    if "messages" not in row:
        return [(instructions_of(row)[0], input_of(row), answers_of(row)[0])]
    return [
        (instruction, "", answer) for instruction, answer in zip(instructions_of(row), answers_of(row), strict=False)
    ]


def _first(row: Mapping[str, Any], *names: str) -> str:
    return next((str(row[name]) for name in names if row.get(name)), "")


def _contents(messages: Sequence[Mapping[str, Any]], roles: frozenset[str]) -> list[str]:
    return [_content(turn.get("content") or turn.get("value")) for turn in messages if _role(turn) in roles]


def _content(content: Any) -> str:
    """The text of a message; of content in parts, those that are text."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def _role(turn: Mapping[str, Any]) -> str:
    return str(turn.get("role") or turn.get("from") or "")
