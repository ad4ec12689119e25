"""Prompt styles: the texts of the models' own templates, and the chat templates that say the same.

Covers train.styles.style.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import litgpt.prompts
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tests.train.data.chat_fixtures import several_turns, tokens
from train.data.encode import encode_prompt
from train.errors import TrainError
from train.styles import STYLES, Request, request_message, style_like, style_named, style_of
from train.styles.files import languages

# As transformers renders chat templates.
ENVIRONMENT = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
CHAT = [*ASKED, {"role": "assistant", "content": "Hello"}, {"role": "user", "content": "And?"}]
#: What the templates in these models' tokenizer_config.json render for CHAT, begin token left out.
OFFICIAL = {
    # HuggingFaceTB/SmolLM2-360M-Instruct, Qwen/Qwen2.5-0.5B-Instruct
    "chatml": "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
    "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nAnd?<|im_end|>\n<|im_start|>assistant\n",
    # meta-llama/Meta-Llama-3-8B-Instruct
    "llama3": "<|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\nHello<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nAnd?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
    # google/gemma-3-1b-it
    "gemma": "<start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nHello<end_of_turn>\n"
    "<start_of_turn>user\nAnd?<end_of_turn>\n<start_of_turn>model\n",
}


def rendered(style: Any, messages: list[dict[str, str]], **settings: Any) -> str:
    template = ENVIRONMENT.from_string(style.chat_template)
    return template.render(messages=messages, bos_token="<b>", eos_token="</s>", **settings)


@pytest.mark.parametrize("name", OFFICIAL)
def test_official_templates(name: str) -> None:
    assert style_named(name).prompt(CHAT) == OFFICIAL[name]


def test_a_whole_text_has_the_end_token_where_an_answer_ends() -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    assert style_named("plain").text(turns, eos="</s>").strip() == "Hi\n\nHello</s>"
    assert style_named("chatml").text(CHAT[:3], eos="</s>") == OFFICIAL["chatml"].partition("<|im_start|>user\nAnd?")[0]


@pytest.mark.parametrize("name", ["llama3", "gemma"])
def test_texts_are_trimmed_where_the_template_trims(name: str) -> None:
    padded = [dict(message, content=f" {message['content']}\n") for message in CHAT[1:]]
    assert style_named(name).prompt(padded, "xx") == style_named(name).prompt(CHAT[1:], "xx")


@pytest.mark.parametrize(
    ("ours", "theirs"), [("chatml", "ChatML"), ("gemma", "Gemma"), ("alpaca", "Alpaca"), ("llama3-en", "Llama3")]
)
def test_litgpt_says_the_same_for_one_turn(ours: str, theirs: str) -> None:
    mine, other = style_named(ours), getattr(litgpt.prompts, theirs)()
    begin = "<|begin_of_text|>" if theirs == "Llama3" else ""
    assert begin + mine.apply("Riassumi.") == other.apply("Riassumi.")
    if theirs == "Alpaca":
        assert mine.apply("Riassumi.", input="Testo.") == other.apply("Riassumi.", input="Testo.")


@pytest.mark.parametrize("name", STYLES)
def test_only_answers_are_learnt(name: str) -> None:
    style = style_named(name)
    learned = [segment for segment in style.segments(several_turns(), "it") if segment.learn]
    learnt = [segment.text.removesuffix(style.end_of_turn) for segment in learned]
    assert learnt == ["Approvato il piano.", "Sei, però senza effetto."]
    # What ends a turn is learnt, too: without it the model would not stop.
    assert all(segment.eos or segment.text.endswith(style.end_of_turn or "\0") for segment in learned)


text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=30)
awkward = st.sampled_from(["{{ x }}", "{% if %}", "'\"\\", "a\n\nb", " b ", "\\n", "{'a': 1}", "à ễ 語"])


@st.composite
def chats(draw: Any) -> list[dict[str, str]]:
    system = [{"role": "system", "content": draw(text | awkward)}] if draw(st.booleans()) else []
    turns = []
    for _ in range(draw(st.integers(1, 3))):
        given_text = draw(text | awkward) if draw(st.booleans()) else ""
        turns.append(request_message(draw(text | awkward), given_text))
        turns.append({"role": "assistant", "content": draw(text | awkward)})
    return system + turns


@settings(deadline=None)  # A template is compiled when it is first asked for.
@given(messages=chats(), name=st.sampled_from(sorted(STYLES)), language=st.sampled_from(["", "it", "vi", "en", "xx"]))
def test_chat_template_renders_the_segments(messages: list[dict[str, str]], name: str, language: str) -> None:
    style = style_named(name)
    begin = "<b>" if style.bos else ""
    assert rendered(style, messages, language=language) == begin + style.text(messages, language, "</s>")
    asked = messages[:-1]
    prompt = rendered(style, asked, language=language, add_generation_prompt=True)
    assert prompt == begin + style.prompt(asked, language, "</s>")


def test_template_without_a_language() -> None:
    # Servers pass none.
    assert rendered(style_named("chatml-vi"), CHAT[1:2]) == style_named("chatml-vi").text(CHAT[1:2])
    assert languages()["vi"]["system"] in rendered(style_named("chatml-vi"), CHAT[1:2])
    assert "system" not in rendered(style_named("chatml"), CHAT[1:2])


def test_template_in_transformers() -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    for name in STYLES:
        style = style_named(name)
        texts, _ = render_jinja_template(
            conversations=[CHAT], chat_template=style.chat_template, bos_token="", eos_token="</s>",
            add_generation_prompt=True,
        )  # fmt: skip
        assert texts[0] == style.prompt(CHAT, "", "</s>"), name


@pytest.mark.parametrize("name", sorted(set(STYLES) - {"alpaca"}))
@pytest.mark.parametrize("language", ["it", "vi"])
def test_no_english_in_a_chat_of_another_language(name: str, language: str) -> None:
    prompt = style_named(name).prompt([{"role": "user", "content": "?"}], language)
    entry = languages()["en"]
    introductions = [entry["alpaca"][name] for name in ("introduction", "introduction_to_input", "instruction")]
    english = [entry["system"], *introductions]
    assert not any(words in prompt for words in english)


def test_given_system_wins_and_an_empty_one_is_none() -> None:
    for name in STYLES:
        style = style_named(name)
        given_one = style.prompt([{"role": "system", "content": "Sii breve."}, {"role": "user", "content": "?"}], "it")
        none = style.prompt([{"role": "system", "content": ""}, {"role": "user", "content": "?"}], "it")
        assert given_one.count("Sii breve.") == 1
        assert languages()["it"]["system"] not in given_one + none
        assert languages()["it"]["alpaca"]["introduction"] not in given_one + none


@pytest.mark.parametrize("name", STYLES)
def test_litgpt_saves_and_loads_it(name: str, tmp_path: Path) -> None:
    litgpt.prompts.save_prompt_style(style_named(name), tmp_path)
    loaded = litgpt.prompts.load_prompt_style(tmp_path)
    assert type(loaded) is type(style_named(name))
    assert type(style_of(tmp_path)) is type(loaded)


def test_style_of_a_folder_of_litgpt(tmp_path: Path) -> None:
    assert style_of(tmp_path) is None
    litgpt.prompts.save_prompt_style("alpaca", tmp_path)
    assert getattr(style_of(tmp_path), "name", "") == "alpaca"
    litgpt.prompts.save_prompt_style("falcon", tmp_path)
    assert style_of(tmp_path) is None
    litgpt.prompts.save_prompt_style("qwen2.5", tmp_path)
    assert style_of(tmp_path) is None, "it has a system prompt of its own"
    (tmp_path / "prompt_style.yaml").write_text("[")
    assert style_of(tmp_path) is None


def test_litgpts_styles_of_one_turn_and_ours_of_several() -> None:
    names = {name: getattr(style_like(name), "name", None) for name in ("Qwen3", "Qwen2_5", "Llama3", "Gemma", "Phi1")}
    assert names == {"Qwen3": "chatml", "Qwen2_5": "chatml", "Llama3": "llama3-en", "Gemma": "gemma", "Phi1": None}
    assert style_like("Qwen2_5", near=False) is None, "it has a system prompt of its own"


def test_request_carries_its_chat() -> None:
    style = style_named("chatml")
    request = Request(CHAT, "it")
    assert request == "And?"
    assert style.apply(request) == style.prompt(CHAT, "it")
    assert style.apply("Hi", sys_prompt="Be brief.") == style.prompt(ASKED)
    assert style.apply(CHAT, language="it") == style.prompt(CHAT, "it")
    alpaca = style_named("alpaca-it")
    assert alpaca.apply("Ciao", language="vi") == alpaca.prompt([{"role": "user", "content": "Ciao"}], "vi")
    assert alpaca.apply("Ciao", language="vi") != alpaca.apply("Ciao")


def test_stop_tokens_are_what_is_learnt() -> None:
    class Theirs:
        eos_id = 2

        def encode(self, text: str, bos: bool) -> Any:
            import torch

            return torch.tensor([1] * bos + tokens().encode(text))

    for name in ("chatml", "llama3", "gemma"):
        style = style_named(name)
        assert [tokens().encode(style.end_of_turn)] == list(style.stop_tokens(Theirs())[1:])
    assert style_named("alpaca").stop_tokens(Theirs()) == ([2],)


def test_unknown_name_names_the_known() -> None:
    with pytest.raises(TrainError, match="chatml, chatml-de"):
        style_named("chat")


def test_content_is_the_answer_without_what_ends_its_turn() -> None:
    assert style_named("chatml").content("Sì.") == "Sì."
    assert style_named("gemma").content("  Sì.\n") == "Sì.", "the template trims"
    assert style_named("plain").content("Sì.") == "Sì."


def test_speaks() -> None:
    assert style_named("gemma").speaks("it"), "it says nothing itself"
    assert style_named("alpaca-it").speaks("it")
    assert style_named("alpaca-it").speaks("")
    assert not style_named("alpaca").speaks("vi")


def test_localised() -> None:
    assert style_named("chatml").localised("vi").name == "chatml-vi"
    assert style_named("alpaca-it").localised("vi").name == "alpaca-vi"
    assert style_named("alpaca").localised("vi").name == "alpaca"
    assert style_named("gemma").localised("vi").name == "gemma"
    assert style_named("chatml").localised(None).name == "chatml"


def test_prompt_ids_begin_once() -> None:
    begin = tokens().bos_id
    for name, adds, wanted in [("chatml", False, 0), ("chatml", True, 1), ("llama3", False, 1), ("llama3", True, 1)]:
        assert encode_prompt(CHAT, style_named(name), tokens(adds)).count(begin) == wanted
