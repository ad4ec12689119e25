"""Pairs of a request and an answer under their many names: prompt and response, question and answer, query and reply.

trl's prompts and completions may be lists of messages. A context is what the request is about, as in Alpaca's input.
"""

from __future__ import annotations

from typing import Any

from synth.importing.conversation import Conversation, cell, columns_of, messages_of, one_turn
from synth.importing.formats import Fields, Format, has_text, of_rows
from synth.importing.formats.alpaca import earlier_turns

_QUESTIONS = ("prompt", "question", "query", "user", "human")
_ANSWERS = ("response", "completion", "answer", "reply", "output", "assistant", "gpt")
_SYSTEM = ("system", "system_prompt")
FIELDS = (*_QUESTIONS, *_ANSWERS, *_SYSTEM, "context", "input", "history")


def is_prompt(row: Fields) -> bool:
    """Whether a row has a request and, filled or not, an answer to it."""
    return _name(row, _QUESTIONS) != "" and any(name in row for name in _ANSWERS)


def _name(row: Fields, names: tuple[str, ...]) -> str:
    return next((name for name in names if has_text(row, name) or _is_turns(row.get(name))), "")


def _is_turns(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(turn, dict) and "role" in turn for turn in value)


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row.

    Raises:
        RecordError: a cell is no text, or a turn no message.
    """
    columns = columns_of(row, FIELDS)
    question, answer = (row.get(_name(row, names)) for names in (_QUESTIONS, _ANSWERS))
    if _is_turns(question) or _is_turns(answer):
        turns = [*_turns(question, "user"), *_turns(answer, "assistant")]
        return Conversation(messages_of(turns, "role", "content"), columns=columns)
    request, material = cell(row, *_QUESTIONS), cell(row, "context", "input")
    about = bool(request.strip() and material.strip())
    messages = one_turn(f"{request}\n\n{material}" if about else request, cell(row, *_ANSWERS), cell(row, *_SYSTEM),
                        earlier_turns(row.get("history")))  # fmt: skip
    return Conversation(messages, request if about else "", columns=columns)


def _turns(value: Any, role: str) -> list[Any]:
    return value if isinstance(value, list) else [{"role": role, "content": value}]


FORMAT = Format("prompts", "prompts (prompt and response, question and answer)", FIELDS, is_prompt,
                of_rows(conversation_of), 300)  # fmt: skip
