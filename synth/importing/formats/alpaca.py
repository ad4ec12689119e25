"""Alpaca: {instruction, input, output}, one request and one answer; `input` is what the request is about.

Sets of several turns in this form (LLaMA-Factory, multi-turn Alpaca) have the earlier ones under `history`, as pairs of
request and answer, and a system prompt under `system`.
"""

from __future__ import annotations

from typing import Any

from crawler.items import RecordError
from synth.importing.conversation import Conversation, cell, columns_of, listed, one_turn, text_of
from synth.importing.formats import Fields, Format, has_text, of_rows
from synth.importing.values import is_null

_ANSWERS = ("output", "response", "completion", "answer")
FIELDS = ("instruction", "input", *_ANSWERS, "system", "history")
#: What a turn of `history` may call its two texts.
_PAIRS = (("instruction", "output"), ("user", "assistant"), ("human", "assistant"), ("prompt", "response"),
          ("question", "answer"))  # fmt: skip


def is_alpaca(row: Fields) -> bool:
    """Whether a row has an instruction and, filled or not, an answer."""
    return has_text(row, "instruction") and any(name in row for name in _ANSWERS)


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row; instruction and input, joined by a blank line, are the question.

    Raises:
        RecordError: a cell is no text, or an earlier turn no pair.
    """
    instruction, material = cell(row, "instruction"), cell(row, "input")
    if not instruction.strip() or not material.strip():
        # Whichever of the two says something is all that is asked.
        question, instruction = (instruction if instruction.strip() else material), ""
    else:
        question = f"{instruction}\n\n{material}"
    messages = one_turn(question, cell(row, *_ANSWERS), cell(row, "system"), earlier_turns(row.get("history")))
    return Conversation(messages, instruction, columns=columns_of(row, FIELDS))


def earlier_turns(history: Any) -> list[dict[str, Any]]:
    """Messages of the earlier turns, pairs of request and answer.

    Raises:
        RecordError: `wrong_type`: they are something else.
    """
    if is_null(history) or history == "":
        return []
    messages: list[dict[str, Any]] = []
    for number, pair in enumerate(listed("history", history), 1):
        question, answer = _pair(pair, number)
        messages += one_turn(text_of("history", question), text_of("history", answer))
    return messages


def _pair(pair: Any, number: int) -> tuple[Any, Any]:
    if isinstance(pair, list | tuple) and len(pair) == 2:
        return pair[0], pair[1]
    names = next((names for names in _PAIRS if isinstance(pair, dict) and names[0] in pair and names[1] in pair), None)
    if names is None:
        raise RecordError("wrong_type", f"turn {number} of history is no pair of request and answer")
    return pair[names[0]], pair[names[1]]


FORMAT = Format("alpaca", "Alpaca (instruction, input, output)", FIELDS, is_alpaca, of_rows(conversation_of), 200)
