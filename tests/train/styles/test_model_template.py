"""A model's own chat template: the text transformers renders, and where the answers are in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.train.data.chat_fixtures import several_turns
from tests.train.styles import own_templates
from tests.train.styles.own_templates import TRAINED, write_folder
from train.errors import TrainError
from train.styles.model_template import ModelTemplate, RefusedChatError, template_of

pytest.importorskip("transformers", reason="transformers is not installed")

SYSTEM = {"role": "system", "content": "Sii breve."}
ONE = several_turns()[:2]


def learnt(template: ModelTemplate, chat: list[dict[str, str]]) -> list[str]:
    text, spans = template.answers(chat)
    return [text[start:end] for start, end in spans]


@pytest.fixture
def read(tmp_path: Path) -> object:
    return lambda source: template_of(write_folder(tmp_path / "model", source))


@pytest.mark.parametrize("name", TRAINED)
def test_the_answer_and_its_end_are_learnt_and_nothing_else(name: str, read) -> None:  # type: ignore[no-untyped-def]
    source, lead, end = TRAINED[name]
    template = read(source)
    assert learnt(template, ONE) == [f"{lead}{ONE[1]['content']}{end}"]
    assert template.text(ONE).startswith(template.text(ONE[:1], ask=True))
    assert template.shape.end == end
    assert template.problem == ""


@pytest.mark.parametrize("name", TRAINED)
def test_of_several_answers_all_are_learnt_or_the_last(name: str, read) -> None:  # type: ignore[no-untyped-def]
    source, lead, end = TRAINED[name]
    chat = several_turns()
    expected = [f"{lead}{turn['content']}{end}" for turn in chat[1::2]]
    assert learnt(read(source), chat) == (expected[-1:] if name == "thinking" else expected)


def test_a_system_prompt_that_moves_leaves_the_last_answer(read) -> None:  # type: ignore[no-untyped-def]
    template = read(own_templates.INSTRUCTIONS)
    assert len(learnt(template, several_turns())) == 2
    assert len(learnt(template, [SYSTEM, *several_turns()])) == 1


def test_a_system_prompt_in_the_first_question_keeps_all_answers(read) -> None:  # type: ignore[no-untyped-def]
    template = read(own_templates.FOLDED)
    assert len(learnt(template, [SYSTEM, *several_turns()])) == 2
    assert template.shape.takes_system


def test_what_a_template_refuses_is_refused_by_name(read) -> None:  # type: ignore[no-untyped-def]
    template = read(own_templates.REFUSING)
    with pytest.raises(RefusedChatError, match="System role not supported"):
        template.answers([SYSTEM, *ONE])
    assert not template.shape.takes_system


def test_thinking_that_no_answer_has_cannot_be_trained(read) -> None:  # type: ignore[no-untyped-def]
    problem = read(own_templates.THINKS_ALWAYS).problem
    assert "asks for an answer otherwise than it writes one" in problem
    assert "'<think>\\n'" in problem


def test_thinking_is_switched_off_where_it_must_be(read) -> None:  # type: ignore[no-untyped-def]
    assert read(own_templates.SWITCHED).switches == (("enable_thinking", False),)
    assert read(own_templates.THINKING).switches == (), "the model writes the empty block itself, as servers ask"


def test_contents_in_parts_are_given_where_nothing_else_is_taken(read) -> None:  # type: ignore[no-untyped-def]
    assert read(own_templates.PARTS).parts
    assert not read(own_templates.MARKED).parts


def test_an_answer_without_an_end_is_told(read) -> None:  # type: ignore[no-untyped-def]
    template = read(own_templates.WORDS)
    assert (template.shape.end, template.shape.following) == ("", "\n### Question:")
    assert learnt(template, several_turns()) == ["Sei, però senza effetto."]
    assert template.problem == ""


@pytest.mark.parametrize("name", TRAINED)
def test_packed_as_json_it_is_the_same(name: str, read) -> None:  # type: ignore[no-untyped-def]
    template = read(TRAINED[name][0])
    assert ModelTemplate.loaded(template.dumped()) == template


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"source": 1, "special": 2, "switches": [], "marks": []}', "x"])
def test_what_is_no_template_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        ModelTemplate.loaded(text)


def test_named_templates_are_read_by_default(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {"default": own_templates.MARKED, "tool_use": own_templates.WORDS})
    assert template_of(folder).shape.end == "<|im_end|>"
    named = [{"name": "default", "template": own_templates.FOLDED}, {"name": "rag", "template": "x"}]
    settings = json.loads((folder / "tokenizer_config.json").read_text()) | {"chat_template": named}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    for path in folder.glob("**/*.jinja"):
        path.unlink()
    assert template_of(folder).shape.end == "<end_of_turn>"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (None, "has no chat template of its own"),
        ({"rag": own_templates.MARKED}, "none of its chat templates is called default"),
        ("{%- for message in messages -%}", "Unexpected end of template"),
        ("{{- messages | length -}}", "leaves the answer out"),
        ("{{ raise_exception('no chats today') }}", "no chats today"),
    ],
)
def test_what_has_no_usable_template_is_one_line(template: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=reason) as caught:
        template_of(write_folder(tmp_path, template))
    assert "\n" not in str(caught.value)


def test_a_folder_without_a_tokenizer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="cannot load the tokenizer") as caught:
        template_of(tmp_path)
    assert "\n" not in str(caught.value)
