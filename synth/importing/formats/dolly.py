"""Dolly: {instruction, context, response, category}; Alpaca's rows under other names, written by people."""

from __future__ import annotations

from dataclasses import replace

from synth.importing.conversation import Conversation, columns_of
from synth.importing.formats import Fields, Format, alpaca, has_text, of_rows

FIELDS = ("instruction", "context", "response")


def is_dolly(row: Fields) -> bool:
    """Whether a row has an instruction, a context and a response, each filled or not, and no input beside them."""
    return has_text(row, "instruction") and "context" in row and "response" in row and "input" not in row


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row; its context is what the instruction is about.

    Raises:
        RecordError: a cell is no text.
    """
    rest = {name: value for name, value in row.items() if name not in FIELDS}
    renamed = {"instruction": row["instruction"], "input": row["context"], "output": row["response"]}
    conversation = alpaca.conversation_of(renamed)
    return replace(conversation, columns=columns_of(rest, ()))


FORMAT = Format("dolly", "Dolly (instruction, context, response)", FIELDS, is_dolly, of_rows(conversation_of), 190)
