"""MURI-IT: {input, output, dataset_name, subdataset_name, language, language_name, split}; a text and its instruction.

`language` is an ISO 639-3 code (`vie`), or `code`. Any other set of input and output is read in the same way.
"""

from __future__ import annotations

from synth.importing.conversation import Conversation, cell, columns_of, one_turn
from synth.importing.formats import Fields, Format, has_text, of_rows

#: `inputs` and `targets` are Aya's and xP3's names.
_QUESTIONS, _ANSWERS = ("input", "inputs"), ("output", "targets", "target")
FIELDS = (*_QUESTIONS, *_ANSWERS, "system")


def is_muri(row: Fields) -> bool:
    """Whether a row has an input and, filled or not, an output."""
    return has_text(row, *_QUESTIONS) and any(name in row for name in _ANSWERS)


def conversation_of(row: Fields) -> Conversation:
    """The conversation of a row: its input is the request, its output the text that people wrote.

    Raises:
        RecordError: `wrong_type`: a cell is no text.
    """
    messages = one_turn(cell(row, *_QUESTIONS), cell(row, *_ANSWERS), cell(row, "system"))
    return Conversation(messages, columns=columns_of(row, FIELDS))


FORMAT = Format("muri", "MURI (input, output)", FIELDS, is_muri, of_rows(conversation_of), 400)
