"""The turns of a sample: plain texts for queries, scores and translation, and beside them all that these cannot hold.

`system`, `history`, `question` and `answer` are texts. A conversation that is more than that (weights, tool calls,
names, content in parts, several system messages) has the record `conversation` as well: its messages as they were, in
OpenAI's form, as JSON. A text that is one of the sample's fields is named there and not repeated,

    {"role": "user", "weight": 0, "content": {"text_of": "question"}}

so that an answer that was edited, or a translation that copies `conversation`, comes out with its own words and the
weights and tools of the original. `roles` and `weights` of the messages can be asked for in filters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crawler.items import RecordError

Message = Mapping[str, Any]

SYSTEM = ("system", "developer")
#: Roles of what a tool returned.
TOOL = ("tool", "function")
ROLES = (*SYSTEM, "user", "assistant", *TOOL)
_PLAIN = frozenset(("role", "content"))
#: Of a message that is a call of a tool.
_CALLS = ("tool_calls", "function_call")


@dataclass(frozen=True, slots=True)
class Turns:
    """What a sample stores of a conversation; `conversation` is None where the texts say it all."""

    system: str
    history: list[dict[str, str]]
    question: str
    answer: str
    conversation: dict[str, Any] | None = None


# ---- messages to fields


def turns_of(messages: Sequence[Message], extra: Mapping[str, Any] | None = None) -> Turns:
    """The fields of a conversation.

    Args:
        messages: OpenAI's; content is a text, None, or a list of parts of text. An empty system message says nothing
            and is left out.
        extra: what stands beside the messages, such as `tools`.

    Raises:
        RecordError: two_questions, two_answers, answer_first, no_answer, empty_question, empty_answer: user and
            assistant do not speak in turn, the user first, or one of them says nothing.
    """
    messages = [message for message in messages if message["role"] not in SYSTEM or text_in(message).strip()]
    first = next((at for at, message in enumerate(messages) if message["role"] not in SYSTEM), len(messages))
    system = "\n\n".join(text_in(message) for message in messages[:first])
    names = {0: "system"} if first == 1 else {}
    exchanges = list(_exchanges(messages, first))
    history: list[dict[str, str]] = []
    for start, end in exchanges[:-1]:
        names |= {start: f"history.{len(history)}", end: f"history.{len(history) + 1}"}
        history += [_turn("user", messages[start]), _turn("assistant", messages[end])]
    start, end = exchanges[-1]
    names |= {start: "question", end: "answer"}
    turns = Turns(system, history, text_in(messages[start]), _answer(messages[end]))
    if extra or len(names) != len(messages) or not all(_is_plain(message) for message in messages):
        record = _record(messages, names, extra or {})
        return Turns(turns.system, turns.history, turns.question, turns.answer, record)
    return turns


def text_in(message: Message) -> str:
    """The text of a message's content: itself, the texts of its parts, "" for none."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part["text"]) for part in content)
    return content if isinstance(content, str) else ""


def _turn(role: str, message: Message) -> dict[str, str]:
    return {"role": role, "content": _answer(message) if role == "assistant" else text_in(message)}


def _answer(message: Message) -> str:
    """What the assistant says; a call where it says nothing else, as JSON."""
    return text_in(message) if text_in(message).strip() else json.dumps(calls_of(message), ensure_ascii=False)


def calls_of(message: Message) -> list[dict[str, Any]]:
    """[{name, arguments}] of the tools that a message calls; arguments as an object where they are one."""
    functions = [call.get("function") or call for call in message.get("tool_calls") or [] if isinstance(call, Mapping)]
    if isinstance(call := message.get("function_call"), Mapping):
        functions.append(call)
    return [
        {"name": function.get("name"), "arguments": _parsed(function.get("arguments"))}
        for function in functions
        if isinstance(function, Mapping)
    ]


def _parsed(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments


def _exchanges(messages: Sequence[Message], first: int) -> Iterator[tuple[int, int]]:
    """(the user's message, the answer to it) of each exchange; what lies between are calls of tools and their results.

    Raises:
        RecordError: as `turns_of`.
    """
    question: int | None = None
    answer: int | None = None
    for at in range(first, len(messages)):
        role = messages[at]["role"]
        if role == "user":
            if question is not None:
                yield _exchange(messages, question, answer, "two_questions")
            question, answer = at, None
        elif question is None and role not in SYSTEM:
            raise RecordError("answer_first", f"turn {at + 1} of {role}: nothing was asked before it")
        elif role == "assistant":
            if answer is not None and not _has_calls(messages[answer]) and not _has_calls(messages[at]):
                raise RecordError("two_answers", f"turns {answer + 1} and {at + 1}: two answers in a row")
            answer = at
        elif role in TOOL:
            answer = None
    if question is None:
        raise RecordError("no_answer", "no turn of a user" if messages else "there are no turns")
    yield _exchange(messages, question, answer, "no_answer")


def _exchange(messages: Sequence[Message], question: int, answer: int | None, reason: str) -> tuple[int, int]:
    if answer is None:
        detail = "two requests in a row" if reason == "two_questions" else "nothing answers it"
        raise RecordError(reason, f"turn {question + 1} of the user: {detail}")
    if not text_in(messages[question]).strip():
        raise RecordError("empty_question", f"turn {question + 1} of the user is empty")
    if not text_in(messages[answer]).strip() and not _has_calls(messages[answer]):
        raise RecordError("empty_answer", f"turn {answer + 1} of the assistant is empty")
    return question, answer


def _has_calls(message: Message) -> bool:
    return any(message.get(name) for name in _CALLS)


def _is_plain(message: Message) -> bool:
    return message.keys() == _PLAIN and isinstance(message["content"], str) and message["role"] != "developer"


def _record(messages: Sequence[Message], names: Mapping[int, str], extra: Mapping[str, Any]) -> dict[str, Any]:
    entries = [_entry(message, names.get(at, "")) for at, message in enumerate(messages)]
    record: dict[str, Any] = {
        "roles": [message["role"] for message in messages],
        "weights": [_number(message.get("weight")) for message in messages],
        "calls": sum(_has_calls(message) for message in messages),
        "messages": json.dumps(entries, ensure_ascii=False),
    }
    return record | ({"extra": json.dumps(dict(extra), ensure_ascii=False)} if extra else {})


def _entry(message: Message, name: str) -> dict[str, Any]:
    """A message with the name of a field in the place of its text."""
    content = message.get("content")
    # The answer that is a call is its own JSON, which stands in the call already.
    if not name or not text_in(message).strip():
        return dict(message)
    parts = {"parts": content} if isinstance(content, list) else {}
    return {**message, "content": {"text_of": name, **parts}}


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


# ---- fields to messages


def messages_in(sample: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of a sample in OpenAI's form, as they were; its texts are those that it has now."""
    record = sample.get("conversation")
    if not isinstance(record, Mapping) or not isinstance(record.get("messages"), str):
        return list(_plain_messages(sample))
    return [_message(entry, sample) for entry in json.loads(record["messages"])]


def extra_in(sample: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the messages, such as `tools`."""
    record = sample.get("conversation")
    text = record.get("extra") if isinstance(record, Mapping) else None
    extra: dict[str, Any] = json.loads(text) if isinstance(text, str) else {}
    return extra


def roles_in(sample: Mapping[str, Any]) -> list[str]:
    """Roles of the messages of a sample that has more than texts; [] for any other."""
    record = sample.get("conversation")
    return list(record.get("roles") or []) if isinstance(record, Mapping) else []


def _plain_messages(sample: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if system := sample.get("system") or "":
        yield {"role": "system", "content": system}
    for turn in sample.get("history") or []:
        yield {"role": turn["role"], "content": turn["content"]}
    yield {"role": "user", "content": sample["question"]}
    yield {"role": "assistant", "content": sample["answer"]}


def _message(entry: dict[str, Any], sample: Mapping[str, Any]) -> dict[str, Any]:
    content = entry.get("content")
    if not isinstance(content, dict):
        return entry
    text = _text_of(content["text_of"], sample)
    parts = content.get("parts")
    return {**entry, "content": parts if parts and text_in({"content": parts}) == text else text}


def _text_of(name: str, sample: Mapping[str, Any]) -> str:
    field, _, at = name.partition(".")
    value: Any = sample.get(field) or ""
    return str(value[int(at)]["content"]) if at else str(value)
