"""The way of a text through a translator: masks, pieces, context, retries, refusals."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.llm import Completion, LLMError, TooLongError
from synth.translation.engines import EngineSettings
from synth.translation.engines.llm import ChatTranslator
from synth.translation.translator import Translator, load_translator
from tests.synth.translation.conftest import ScriptedModel, translate

LONG = "\n\n".join(f"Paragraph {number} says that nothing happened there." for number in range(12))


def test_masks_white_space_and_lines_come_back_to_the_byte() -> None:
    model = ScriptedModel()
    text = "\n Run `pip list`\tfirst.\n\n```py\nx = 1  # why\n```\n\nSee https://a.org/b?c=d.  \n"
    (translation,) = translate(model, text)
    assert translation.text == "\n RUN `pip list`\tFIRST.\n\n```py\nx = 1  # why\n```\n\nSEE https://a.org/b?c=d.  \n"
    assert (translation.losses, translation.refusal, translation.paid) == ((), "", 1)
    assert "pip" not in model.texts[0]


def test_a_question_sees_its_answer_and_the_answer_the_question_as_it_was_translated() -> None:
    model = ScriptedModel()
    question, answer = translate(model, "Who wrote it?", "She did, in May.", context=("A letter of Ada.",))
    assert (question.text, answer.text) == ("WHO WROTE IT?", "SHE DID, IN MAY.")
    assert model.texts == ["Who wrote it?", "She did, in May."]
    assert "She did, in May." in model.requests[0]
    assert "A letter of Ada." in model.requests[0]
    assert "Who wrote it?" in model.requests[1]
    assert "WHO WROTE IT?" in model.requests[1]
    assert question.calls == ("c1",)


def test_long_texts_are_translated_in_pieces_that_see_each_other() -> None:
    model = ScriptedModel()
    (translation,) = translate(model, LONG, max_answer_tokens=200)
    assert translation.text == LONG.upper()
    assert translation.pieces == len(model.requests) > 2
    assert "PARAGRAPH 0 SAYS" in model.requests[1]
    assert "Paragraph 11" in model.requests[0]


def test_a_lost_mask_is_tried_once_more_in_smaller_pieces() -> None:
    def once(text: str) -> str:
        return "SEE IT. DO IT." if "\n" in text or text.count(".") > 1 else text.upper()

    model = ScriptedModel(once)
    (translation,) = translate(model, "See `x` now. Do `y` there.\nThen go.")
    assert translation.text == "SEE `x` NOW. DO `y` THERE.\nTHEN GO."
    assert translation.losses == ()
    assert model.texts[1:] == ["See ⟦1⟧ now.", "Do ⟦2⟧ there.", "Then go."]
    assert "mancavano questi: ⟦1⟧" in model.requests[1]


def test_lost_again_it_is_said() -> None:
    model = ScriptedModel(lambda text: text.upper().replace("⟦2⟧", "lei"))
    (translation,) = translate(model, "Ask `ada` or `bea` now.")
    assert (translation.text, translation.losses) == ("ASK `ada` OR lei NOW.", ("`bea`",))
    assert len(model.requests) == 2


def test_a_mask_that_comes_twice_is_lost() -> None:
    model = ScriptedModel(lambda text: text + " " + text)
    (translation,) = translate(model, "Ask `ada` now.")
    assert translation.losses == ("`ada`",)


@pytest.mark.parametrize("finish", ["length"])
def test_what_is_cut_off_is_tried_in_smaller_pieces(finish: str) -> None:
    def short_only(text: str) -> Any:
        return text.upper() if len(text) < 20 else Completion(text[:9], "m", finish)

    (translation,) = translate(ScriptedModel(short_only), "One is here. Two is there.")
    assert translation.text == "ONE IS HERE. TWO IS THERE."
    (translation,) = translate(ScriptedModel(short_only), "One is here and two is over there.")
    assert (translation.text, translation.refusal) == ("One is here and two is over there.", "truncated")


def test_a_refusal_leaves_the_text_as_it_was() -> None:
    model = ScriptedModel(lambda _: "I'm sorry, but I can't help with that.")
    (translation,) = translate(model, "Tell me a joke about cats.")
    assert (translation.text, translation.refusal) == ("Tell me a joke about cats.", "refusal")
    assert len(model.requests) == 1


def test_nothing_is_asked_about_what_has_no_words() -> None:
    model = ScriptedModel()
    texts = ("```\nx = y\n```", "42 + 1 = 43", "", " \n", "`a`, `b`")
    assert [(part.text, part.refusal) for part in translate(model, *texts)] == [
        (text, "nothing_to_translate") for text in texts
    ]
    assert model.requests == []


def test_control_tokens_are_masked_and_not_changed() -> None:
    text = "What does <|im_start|>system mean in <s> or [INST]?"
    model = ScriptedModel()
    (translation,) = translate(model, text)
    assert "<|im_start|>" in translation.text
    assert "[INST]" in translation.text
    assert "<|im" not in model.requests[0]


def test_what_a_server_finds_too_long_is_cut_and_the_size_is_remembered() -> None:
    def short_only(text: str) -> Any:
        return text.upper() if len(text) < 200 else TooLongError("too long")

    model = ScriptedModel(short_only)
    (translation,) = translate(model, LONG, max_answer_tokens=1500)
    assert translation.text == LONG.upper()
    # A window that is named is shared between a text, its context and its translation.
    model = ScriptedModel(lambda text: TooLongError("too long", context=1500) if len(text) > 300 else text.upper())
    assert translate(model, LONG)[0].text == LONG.upper()
    assert max(map(len, model.texts[1:])) < 300
    model = ScriptedModel(lambda _: TooLongError("too long", context=300))
    with pytest.raises(TooLongError, match="no text fits"):
        translate(model, LONG)
    assert len(model.requests) == 1


def test_errors_of_the_server_reach_the_caller() -> None:
    with pytest.raises(LLMError, match="busy"):
        translate(ScriptedModel(lambda _: LLMError("rate_limited", "busy", fatal=False)), "Hello there.")


def test_languages_that_are_unknown_are_refused_before_anything_is_asked() -> None:
    model = ScriptedModel()
    translator = Translator(ChatTranslator(model, EngineSettings()))
    with pytest.raises(NewsmillError, match="'xx'"):
        asyncio.run(translator.translate(["Hello."], "en", "xx"))
    assert model.requests == []


def test_translators_are_named_by_a_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9/v1")
    translator = load_translator("llm:tiny")
    assert (translator.name, translator.prompt_id("it")) == ("openai:tiny", "translation.it/1")
    assert translator.prompt_id("ja") == "translation.en/1"
    for spec, hint in (("lmm:x", "did you mean llm:x"), ("openai:x", "did you mean llm:x"), ("llm", "llm:MODEL")):
        with pytest.raises(NewsmillError, match=hint):
            load_translator(spec)
