"""LIMA: {conversations: ["request", "answer", …], source}; texts without speakers, the user's first.

Its thirty dialogues have several turns. A row of its test set has one text, which nobody answered.
"""

from __future__ import annotations

from crawler.items import RecordError
from synth.importing.conversation import Conversation, columns_of, listed, text_of
from synth.importing.formats import Fields, Format, first_of, of_rows
from synth.importing.formats.openai import TURNS, turns_in

_SPEAKERS = ("user", "assistant")


def is_lima(row: Fields) -> bool:
    """Whether a row has turns that are nothing but texts."""
    turns = turns_in(row)
    return bool(turns) and all(isinstance(turn, str) for turn in turns)


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row.

    Raises:
        RecordError: `no_answer`: it ends with the user; `wrong_type`: a turn is no text.
    """
    name, value = first_of(row, *TURNS)
    turns = [text_of(f"turn {number}", turn) for number, turn in enumerate(listed(name, value), 1)]
    if len(turns) % 2:
        raise RecordError("no_answer", f"{len(turns)} turns: nothing answers the last one")
    messages = [{"role": _SPEAKERS[at % 2], "content": text} for at, text in enumerate(turns)]
    return Conversation(messages, columns=columns_of(row, TURNS))


FORMAT = Format("lima", "LIMA (conversations of texts)", TURNS, is_lima, of_rows(conversation_of), 120)
