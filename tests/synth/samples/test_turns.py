"""Turns to the fields of a sample and back, whatever a message carries."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from synth.samples.turns import calls_of, extra_in, messages_in, roles_in, turns_of

TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: text.strip())
FIELDS = st.dictionaries(
    st.sampled_from(("name", "weight", "x.y", "$z")), st.one_of(TEXTS, st.integers(0, 1)), max_size=2
)
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{"}}


def fields_of(messages: list[dict[str, Any]], **extra: Any) -> dict[str, Any]:
    turns = turns_of(messages, extra)
    return {name: getattr(turns, name) for name in ("system", "history", "question", "answer", "conversation")}


@given(
    st.lists(st.tuples(TEXTS, FIELDS, TEXTS, FIELDS, st.booleans()), min_size=1, max_size=4),
    st.lists(TEXTS, max_size=3),
)
def test_messages_come_back_as_they_were(exchanges: list[Any], systems: list[str]) -> None:
    messages: list[dict[str, Any]] = [{"role": "system", "content": text} for text in systems]
    for question, asked, answer, answered, uses_tool in exchanges:
        messages.append({"role": "user", "content": question, **asked})
        if uses_tool:
            messages += [{"role": "assistant", "content": None, "tool_calls": [CALL]}, {"role": "tool", "content": ""}]
        messages.append({"role": "assistant", "content": answer, **answered})
    sample = fields_of(messages, tools=[1])
    assert messages_in(sample) == messages
    assert extra_in(sample) == {"tools": [1]}
    assert roles_in(sample) == [message["role"] for message in messages]
    assert [turn["role"] for turn in sample["history"]] == ["user", "assistant"] * (len(exchanges) - 1)
    assert (sample["question"], sample["answer"]) == (exchanges[-1][0], exchanges[-1][2])


def test_texts_alone_need_no_record() -> None:
    sample = fields_of([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])
    assert sample["conversation"] is None
    assert roles_in(sample) == []


def test_a_call_without_readable_arguments_is_kept() -> None:
    assert calls_of({"tool_calls": [CALL, "x"]}) == [{"name": "f", "arguments": "{"}]
    assert calls_of({"function_call": {"name": "g", "arguments": "[1]"}}) == [{"name": "g", "arguments": [1]}]
