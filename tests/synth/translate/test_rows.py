"""Which texts of a sample are translated, and how the sample is put together again."""

from __future__ import annotations

from typing import Any

from synth.prompts import load_prompt
from synth.translate.rows import fields_of, is_call, row_of, texts_of
from tests.synth.translate.conftest import sample


def translated(row: dict[str, Any], language: str = "it") -> dict[str, Any]:
    parts = texts_of(row, language)
    return fields_of(row, parts, {name: text.upper() for name, text in parts.texts.items()})


def test_a_question_and_its_answer() -> None:
    row = sample(0, "Who?", "Me.")
    assert list(texts_of(row, "it").texts) == ["instruction", "answer"]
    assert translated(row) == {"system": "", "history": [], "question": "WHO?", "instruction": "", "answer": "ME."}
    parts = texts_of(row, "it")
    assert row_of(row, parts, parts.texts) == {"instruction": "Who?", "input": "", "output": "Me."}


def test_instruction_and_material_keep_what_stands_between_them() -> None:
    row = sample(0, "Sum it up:\n \n long text", "text", instruction="Sum it up:")
    assert translated(row)["question"] == "SUM IT UP:\n \n LONG TEXT"
    assert translated(row)["instruction"] == "SUM IT UP:"
    parts = texts_of(row, "it")
    assert row_of(row, parts, parts.texts) == {"instruction": "Sum it up:", "input": "long text", "output": "text"}


def test_a_question_that_does_not_begin_with_its_instruction_is_one_text() -> None:
    row = sample(0, "In short: sum it up", "text", instruction="sum it up")
    assert translated(row)["question"] == "IN SHORT: SUM IT UP"


def test_turns_come_in_the_order_of_the_conversation() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    row = sample(0, "Who?", "Me.", system="Be kind.", history=turns)
    parts = texts_of(row, "it")
    assert list(parts.texts) == ["system", "history.0", "history.1", "instruction", "answer"]
    assert translated(row)["history"] == [
        {"role": "user", "content": "HI"}, {"role": "assistant", "content": "HELLO"},
    ]  # fmt: skip
    messages = row_of(row, parts, parts.texts)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user", "assistant"]
    assert [message["content"] for message in messages] == ["Be kind.", "Hi", "Hello", "Who?", "Me."]


def test_articles_stay_and_the_request_is_that_of_the_other_language() -> None:
    prompts = load_prompt("news_summary")
    sources = [
        {"title": "Museo riaperto", "content": "Il museo riapre giovedì.", "source_site": "Ansa", "date": None},
        {"title": "Il ponte", "content": "Lunedì si torna sul ponte.", "source_site": "Open", "date": None},
    ]
    prompt = prompts.in_language("it")
    for limit in (None, 3):
        instruction = prompt.block("instruction", language="it", max_sentences=limit)
        question = prompt.render(language="it", max_sentences=limit, sources=sources)[-1]["content"]
        row = sample(0, question, "Il ponte riapre.", instruction=instruction, sources=sources, language="it")
        parts = texts_of(row, "vi")
        # The request that is not translated is the answer's context.
        assert (list(parts.texts), parts.context) == (["answer"], (instruction,))
        fields = translated(row, "vi")
        expected = prompts.in_language("vi").block("instruction", language="vi", max_sentences=limit)
        assert fields["instruction"] == expected
        assert fields["question"].startswith(expected)
        assert "Il museo riapre giovedì." in fields["question"]
        assert "Titolo:" not in fields["question"]
        assert fields["answer"] == "IL PONTE RIAPRE."


def test_a_request_of_others_is_translated_and_the_articles_stay() -> None:
    row = sample(0, "Tóm tắt.\n\nBài báo", "Tóm tắt.", instruction="Tóm tắt.", sources=[{"title": "x"}], language="vi")
    fields = translated(row)
    assert fields["question"] == "TÓM TẮT.\n\nBài báo"


def test_calls_of_tools_are_told_from_texts() -> None:
    assert is_call('[{"name": "weather", "arguments": {"town": "Rome"}}]')
    assert not is_call('[{"name": "Ada"}]')
    assert not is_call("{not json")
    assert not is_call("Hello")
