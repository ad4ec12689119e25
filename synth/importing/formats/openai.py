"""OpenAI's messages: {messages: [{role, content}]}, with tools, names, parts and weights as its fine-tuning takes them.

Multi-turn sets of many makers have this form (the Vietnamese multi-turn Alpaca: `messages`; others: `conversation`).
"""

from __future__ import annotations

from typing import Any

from synth.importing.conversation import Conversation, cell, columns_of, listed, messages_of
from synth.importing.formats import Fields, Format, first_of, of_rows
from synth.importing.values import is_null, list_in

TURNS = ("messages", "conversations", "conversation", "dialogue", "dialog", "turns")
#: What stands beside the messages and comes out again.
EXTRA = ("tools", "functions", "function_call", "tool_choice", "parallel_tool_calls")
FIELDS = (*TURNS, *EXTRA, "system", "system_prompt")


def is_openai(row: Fields) -> bool:
    """Whether a row has turns with a role."""
    return any("role" in turn for turn in turns_in(row) if isinstance(turn, dict))


def turns_in(row: Fields) -> list[Any]:
    """The turns of a row, [] for none."""
    _, turns = first_of(row, *TURNS)
    turns = list_in(turns) if isinstance(turns, str) else turns
    return list(turns) if isinstance(turns, list | tuple) else []


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row.

    Raises:
        RecordError: the turns are no list, one is no record of a known role, or holds something else than text.
    """
    return chat(row, "role", "content")


def chat(row: Fields, role: str, content: str) -> Conversation:
    """The conversation of a row whose turns have their speaker and text under these names.

    Raises:
        RecordError: as `conversation_of`.
    """
    name, turns = first_of(row, *TURNS)
    messages = messages_of(listed(name, turns), role, content)
    system = cell(row, "system", "system_prompt")
    if system.strip() and not any(message["role"] in ("system", "developer") for message in messages):
        messages.insert(0, {"role": "system", "content": system})
    extra = {name: row[name] for name in EXTRA if not is_null(row.get(name)) and row[name] not in ("", [])}
    return Conversation(messages, extra=extra, columns=columns_of(row, FIELDS))


FORMAT = Format("openai", "OpenAI (messages of role and content)", FIELDS, is_openai, of_rows(conversation_of), 110)
