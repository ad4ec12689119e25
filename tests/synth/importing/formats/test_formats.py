"""Rows of public shapes, written by us, become samples; what they hold comes out again in the same shape.

Covers synth.importing.formats.*, synth.importing.conversation.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.items import RecordError
from synth.export.formats.alpaca import alpaca_row
from synth.export.formats.openai import messages_of, openai_row
from synth.export.formats.sharegpt import sharegpt_row
from synth.importing.formats import formats
from synth.importing.recognition import format_of
from synth.importing.samples import Origin, sample_of

CALL = {"id": "c7", "type": "function", "function": {"name": "tides", "arguments": '{"port": "Trieste"}'}}
TOOLS = [{"type": "function", "function": {"name": "tides", "parameters": {"type": "object", "$defs": {"a.b": 1}}}}]

#: Format -> a row of ours in its shape, and what the sample of it says.
SHAPES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "alpaca": (
        {"instruction": "Dì quanto dura.", "input": "Il traghetto parte alle 9 e torna alle 11.", "output": "Due ore"},
        {"instruction": "Dì quanto dura.", "answer": "Due ore",
         "question": "Dì quanto dura.\n\nIl traghetto parte alle 9 e torna alle 11."},
    ),
    "sharegpt": (  # As OpenHermes has it: weights, and columns that mostly say nothing.
        {"conversations": [{"from": "system", "value": "Be brief.", "weight": None},
                           {"from": "human", "value": "How many legs has a crab?", "weight": 0},
                           {"from": "gpt", "value": "Ten.", "weight": 1}],
         "source": "quiz", "category": "biology", "language": None, "hash": [1, 2], "views": 3.0,
         "system_prompt": None},
        {"system": "Be brief.", "question": "How many legs has a crab?", "answer": "Ten."},
    ),
    "openai": (
        {"messages": [{"role": "developer", "content": "Answer in one line."},
                      {"role": "user", "name": "Ann", "content": "High water?"},
                      {"role": "assistant", "content": None, "tool_calls": [CALL]},
                      {"role": "tool", "tool_call_id": "c7", "content": "10:42"},
                      {"role": "assistant", "content": "At 10:42.", "weight": 0},
                      {"role": "user", "content": [{"type": "text", "text": "And "}, {"type": "text", "text": "low?"}]},
                      {"role": "assistant", "content": "At 16:55.", "weight": 1}],
         "tools": TOOLS, "parallel_tool_calls": False},
        {"system": "Answer in one line.", "question": "And low?", "answer": "At 16:55.",
         "history": [{"role": "user", "content": "High water?"}, {"role": "assistant", "content": "At 10:42."}]},
    ),
    "lima": (
        {"conversations": ["Perché il mare è salato?", "Per i sali dei fiumi.", "E i laghi?", "Di rado."],
         "source": "x"},
        {"question": "E i laghi?", "answer": "Di rado.",
         "history": [{"role": "user", "content": "Perché il mare è salato?"},
                     {"role": "assistant", "content": "Per i sali dei fiumi."}]},
    ),
    "muri": (
        {"input": "Viết về hải đăng.", "output": "Ngọn hải đăng đứng trên mũi đá.", "dataset_name": "MRI",
         "subdataset_name": "wikipedia", "language": "vie", "language_name": "Vietnamese", "split": "train"},
        {"question": "Viết về hải đăng.", "answer": "Ngọn hải đăng đứng trên mũi đá.", "language": "vi"},
    ),
    "prompts": (
        {"prompt": "Nêu ba loài cá.", "response": "Cá thu, cá ngừ, cá hồi."},
        {"question": "Nêu ba loài cá.", "answer": "Cá thu, cá ngừ, cá hồi."},
    ),
    "dolly": (
        {"instruction": "Name the port.", "context": "The ship lies at Ancona.", "response": "Ancona",
         "category": "qa"},
        {"instruction": "Name the port.", "question": "Name the port.\n\nThe ship lies at Ancona.", "answer": "Ancona"},
    ),
}  # fmt: skip


def sample(row: dict[str, Any], name: str = "", language: str | None = "it") -> dict[str, Any]:
    form = formats()[name or format_of(row, {})]
    (conversation,) = form.reader().parse(row, "f:1")
    return sample_of(conversation, "1", Origin("run", "f", form.name, "set", "cc-by-4.0", language))


@pytest.mark.parametrize("name", SHAPES)
def test_a_row_of_each_shape(name: str) -> None:
    row, fields = SHAPES[name]
    assert format_of(row, {}) == name
    found = sample(row)
    assert fields.items() <= found.items()
    assert (found["task"], found["status"]) == ("import", "new")
    where = {"file": "f", "line": "1", "format": name, "dataset": "set", "license": "cc-by-4.0", "run": "run"}
    assert where.items() <= found["provenance"].items()
    assert sample(row)["key"] == found["key"]


def test_what_a_format_does_not_read_is_kept_as_columns() -> None:
    columns = sample(SHAPES["sharegpt"][0])["provenance"]["columns"]
    assert columns == {"source": "quiz", "category": "biology", "hash": "[1, 2]", "views": 3.0}
    assert sample(SHAPES["muri"][0])["provenance"]["columns"]["dataset_name"] == "MRI"


def test_tools_weights_names_and_parts_come_out_as_they_went_in() -> None:
    row = SHAPES["openai"][0]
    assert openai_row(sample(row)) == row
    assert sample(row)["conversation"]["weights"] == [None, None, None, None, 0, None, 1]
    assert messages_of(sample(SHAPES["sharegpt"][0]))[-1] == {"role": "assistant", "content": "Ten.", "weight": 1}


def test_an_edited_answer_comes_out_with_the_weights_of_the_old() -> None:
    edited = sample(SHAPES["openai"][0]) | {"answer": "At 17:01.", "question": "And low water?"}
    messages = openai_row(edited)["messages"]
    assert messages[-1] == {"role": "assistant", "content": "At 17:01.", "weight": 1}
    assert messages[-2]["content"] == "And low water?"
    assert messages[2]["tool_calls"] == [CALL]


def test_calls_of_tools_as_llamafactory_has_them() -> None:
    call = '{"name": "tides", "arguments": {"port":  "Bari"}}'
    row = {
        "conversations": [
            {"from": "human", "value": "High water?"}, {"from": "function_call", "value": call},
            {"from": "observation", "value": "9:01"}, {"from": "gpt", "value": "At 9:01."},
        ],
        "tools": '[{"name": "tides", "parameters": {}}]',
    }  # fmt: skip
    found = sample(row)
    assert sharegpt_row(found) == row
    said = openai_row(found)
    assert said["tools"] == [{"type": "function", "function": {"name": "tides", "parameters": {}}}]
    name = said["messages"][1]["tool_calls"][0]["id"]
    assert said["messages"][2] == {"role": "tool", "content": "9:01", "tool_call_id": name}
    assert (found["history"], found["question"], found["answer"]) == ([], "High water?", "At 9:01.")


def test_a_call_may_be_the_answer() -> None:
    row = {"messages": [{"role": "user", "content": "High water?"},
                        {"role": "assistant", "content": None, "tool_calls": [CALL]}]}  # fmt: skip
    found = sample(row)
    assert json.loads(found["answer"]) == [{"name": "tides", "arguments": {"port": "Trieste"}}]
    assert openai_row(found) == row


def turn(role: str, content: Any) -> dict[str, Any]:
    return {"role": role, "content": content}


@pytest.mark.parametrize(("turns", "reason"), [
    ([turn("user", "a")], "no_answer"),
    ([turn("user", "a"), turn("assistant", "b"), turn("user", "c")], "no_answer"),
    ([turn("system", "a")], "no_answer"),
    ([], "no_answer"),
    ([turn("user", "a"), turn("user", "b"), turn("assistant", "c")], "two_questions"),
    ([turn("user", "a"), turn("assistant", "b"), turn("assistant", "c")], "two_answers"),
    ([turn("assistant", "a"), turn("user", "b"), turn("assistant", "c")], "answer_first"),
    ([turn("user", "a"), turn("assistant", " \n")], "empty_answer"),
    ([turn("user", "a"), turn("assistant", None)], "empty_answer"),
    ([turn("user", ""), turn("assistant", "b")], "empty_question"),
    ([turn("user", "a"), turn("narrator", "b")], "unknown_role"),
    ([turn("user", 5.5), turn("assistant", [{"type": "image_url", "image_url": {"url": "x"}}])], "not_text"),
    ([turn("user", True), turn("assistant", "b")], "wrong_type"),
    ([turn("user", "a"), "b"], "wrong_type"),
    ([turn("user", "a\ud83d"), turn("assistant", "b")], "lone_surrogate"),
])  # fmt: skip
def test_a_conversation_that_is_none_has_a_reason(turns: list[Any], reason: str) -> None:
    with pytest.raises(RecordError) as refusal:
        sample({"messages": turns}, "openai")
    assert refusal.value.reason == reason


def test_the_weights_of_other_tools() -> None:
    said = {"messages": [turn("user", "a") | {"loss_weight": 0.0}, turn("assistant", "b") | {"loss_weight": 1.0}]}
    assert [message["weight"] for message in openai_row(sample(said))["messages"]] == [0, 1]
    said = {"messages": [turn("user", "a"), turn("assistant", "b") | {"train": False}]}
    assert openai_row(sample(said))["messages"][1]["weight"] == 0


def test_earlier_turns_of_alpaca() -> None:
    row = {
        "instruction": "E poi?",
        "input": "",
        "output": "Poi piove.",
        "system": "Meteo.",
        "history": [["Oggi?", "Sole."]],
    }
    assert messages_of(sample(row)) == [turn("system", "Meteo."), turn("user", "Oggi?"), turn("assistant", "Sole."),
                                        turn("user", "E poi?"), turn("assistant", "Poi piove.")]  # fmt: skip


@pytest.mark.parametrize("row", [
    {"conversations": "[{'from': 'human', 'value': 'Chi?'}, {'from': 'gpt', 'value': 'Io.'}]"},
    {"conversation": [{"human": "Chi?", "assistant": "Io."}]},
    {"prompt": [turn("user", "Chi?")], "completion": [turn("assistant", "Io.")]},
    {"system_prompt": "", "question": "Chi?", "response": "Io.", "id": "niv.1"},
    {"dialogue": [turn("user", "Chi?"), turn("assistant", "Io.")]},
    {"inputs": "Chi?", "targets": "Io.", "language": "ita"},
    {"instruction": "Chi?", "response": "Io."},
])  # fmt: skip
def test_sisters_of_the_shapes(row: dict[str, Any]) -> None:
    assert messages_of(sample(row)) == [turn("user", "Chi?"), turn("assistant", "Io.")]


#: Texts that say something; a text of white space alone is an empty turn.
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).filter(lambda text: text.strip())
WEIGHTS = st.sampled_from(({}, {"weight": 0}, {"weight": 1}))


@given(TEXTS, st.one_of(st.just(""), TEXTS), TEXTS)
def test_alpaca_there_and_back(instruction: str, material: str, output: str) -> None:
    row = {"instruction": instruction, "input": material, "output": output}
    assert alpaca_row(sample(row, "alpaca")) == row


@given(st.one_of(st.none(), TEXTS), st.lists(st.tuples(TEXTS, TEXTS, WEIGHTS), min_size=1, max_size=4))
def test_sharegpt_and_openai_there_and_back(
    system: str | None, exchanges: list[tuple[str, str, dict[str, int]]]
) -> None:
    turns = [turn("system", system)] if system else []
    turns += [
        each for ask, reply, weight in exchanges for each in (turn("user", ask), turn("assistant", reply) | weight)
    ]
    assert openai_row(sample({"messages": turns}, "openai")) == {"messages": turns}
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    renamed = [{"from": names[each["role"]], "value": each["content"],
                **{key: value for key, value in each.items() if key == "weight"}} for each in turns]  # fmt: skip
    assert sharegpt_row(sample({"conversations": renamed}, "sharegpt")) == {"conversations": renamed}
    assert sample({"messages": turns}, "openai")["key"] == sample({"conversations": renamed}, "sharegpt")["key"]
