"""A row of an instruction set as a conversation, and how its cells are read: what every format of `formats/` uses."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crawler.items import RecordError
from synth.importing.values import is_null, kind, list_in, wrong
from synth.samples.turns import ROLES

#: Names of speakers in public sets -> OpenAI's.
SPEAKERS = {
    **dict.fromkeys(("human", "prompter", "client", "customer"), "user"),
    **dict.fromkeys(("gpt", "chatgpt", "gpt4", "gpt-4", "bot", "chatbot", "model", "bing", "bard", "ai"), "assistant"),
    **dict.fromkeys(("observation", "tool_response", "function_response", "ipython"), "tool"),
    **{role: role for role in ROLES},
}
#: Weights of a turn under other names: LLaMA-Factory's and Axolotl's.
_WEIGHTS = ("loss_weight", "train")


@dataclass(frozen=True, slots=True)
class References:
    """How a row names the articles that its answer is about: by their group, their links, or their ids."""

    group: str = ""
    links: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a format makes of a row.

    messages: in OpenAI's form, as they are. instruction: the short request where the row tells it from its material.
    extra: what stands beside the messages, such as tools. columns: the row's other cells. references: the articles that
    the answer is about, where the request is made of them.
    """

    messages: list[dict[str, Any]]
    instruction: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)
    references: References | None = None


def one_turn(
    question: str, answer: str, system: str = "", earlier: Sequence[dict[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The messages of a request and its answer."""
    before = [{"role": "system", "content": system}] if system.strip() else []
    turns = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return [*before, *earlier, *turns]


def cell(row: Mapping[str, Any], *names: str) -> str:
    """The text of the first of these cells that a row has; a number is its digits, nothing is "".

    Raises:
        RecordError: `wrong_type`: it is no text.
    """
    name = next((name for name in names if not is_null(row.get(name))), "")
    return text_of(name, row[name]) if name else ""


def text_of(name: str, value: Any) -> str:
    """A text; a number is its digits.

    Raises:
        RecordError: `wrong_type`.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong(name, value, "a text")
    return str(value)


def listed(name: str, value: Any) -> list[Any]:
    """A list, or the one that a cell of a table has as text.

    Raises:
        RecordError: `wrong_type`.
    """
    items = list_in(value) if isinstance(value, str) else value
    if isinstance(items, list | tuple):
        return list(items)
    # numpy's arrays, as pandas has them.
    if (as_list := getattr(items, "tolist", None)) and isinstance(each := as_list(), list):
        return each
    raise wrong(name, value, "a list of turns")


def messages_of(turns: Iterable[Any], role: str, content: str) -> list[dict[str, Any]]:
    """Messages of turns that have their speaker under one name and their text under another.

    Raises:
        RecordError: `wrong_type`, `unknown_role` or `not_text`.
    """
    return [_message(turn, role, content, number) for number, turn in enumerate(turns, 1)]


def _message(turn: Any, role: str, content: str, number: int) -> dict[str, Any]:
    if not isinstance(turn, Mapping):
        raise RecordError("wrong_type", f"turn {number}: {kind(turn)}, not a record")
    speaker = str(turn.get(role) or "").strip()
    name = SPEAKERS.get(speaker.lower())
    if name is None:
        raise RecordError("unknown_role", f"turn {number}: {speaker!r} is none of {', '.join(sorted(SPEAKERS))}")
    message = {"role": name, "content": _content(turn.get(content), number)}
    fields = {str(key): value for key, value in turn.items() if key not in (role, content) and not is_null(value)}
    return message | _weighted(fields)


def _weighted(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a turn with its weight under OpenAI's name."""
    name = next((name for name in _WEIGHTS if name in fields), "")
    if not name or "weight" in fields:
        return fields
    value = fields[name]
    number = float(value) if isinstance(value, int | float) else value
    whole = int(number) if isinstance(number, float) and number.is_integer() else number
    return {key: each for key, each in fields.items() if key != name} | {"weight": whole}


def _content(value: Any, number: int) -> Any:
    """A text, None, or parts of text under OpenAI's names."""
    if is_null(value):
        return None
    if not isinstance(value, list | tuple):
        return text_of(f"turn {number}", value)
    return [_part(part, number) for part in value]


def _part(part: Any, number: int) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        raise RecordError("wrong_type", f"turn {number}: a part is {kind(part)}, not a record")
    kind_name = part.get("type", "text")
    text = part.get("text", part.get("value"))
    if kind_name not in ("text", "input_text", "output_text") or not isinstance(text, str):
        raise RecordError("not_text", f"turn {number} holds {kind_name}, which is no text")
    return {"type": "text", "text": text}


def columns_of(row: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """The cells that a format does not read, where they say something."""
    return {str(name): value for name, value in row.items() if name not in names and not is_null(value) and value != ""}


def json_of(value: Any) -> Any:
    """What a text holds as JSON; any other value, and a text that is none, as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
