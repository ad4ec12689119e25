"""Templates: the segments are those that transformers marks as the assistant's; no text of a chat forges a border."""

from __future__ import annotations

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.utils.chat_template_utils import render_jinja_template

from tests.train.data.chat_fixtures import several_turns
from train.styles import STYLES, style_named
from train.styles.template import Segment, segments, with_system, without_tags

ECHO = (
    '{%- for message in messages -%}{{- "<" -}}{%- generation -%}{{- message["content"] ~ eos_token -}}'
    '{%- endgeneration -%}{{- ">" -}}{%- endfor -%}'
)


@pytest.mark.parametrize("name", STYLES)
def test_transformers_marks_what_is_learnt(name: str) -> None:
    style = style_named(name)
    texts, marked = render_jinja_template(
        conversations=[several_turns()], chat_template=style.file.source, return_assistant_tokens_mask=True,
        bos_token="", eos_token="</s>", language="it",
    )  # fmt: skip
    learned = [(row.text, row.eos) for row in style.segments(several_turns(), "it") if row.learn]
    assert [texts[0][start:end] for start, end in marked[0]] == [text + "</s>" * eos for text, eos in learned]


@pytest.mark.parametrize("name", STYLES)
def test_plain_jinja_renders_the_same(name: str) -> None:
    style = style_named(name)
    for trim in (False, True):
        environment = jinja2.Environment(trim_blocks=trim, lstrip_blocks=trim)
        text = environment.from_string(style.chat_template).render(
            messages=several_turns(), language="vi", bos_token="", eos_token="</s>"
        )
        assert text == style.text(several_turns(), "vi", "</s>")


@settings(deadline=None)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=3))
def test_every_text_comes_through(texts: list[str]) -> None:
    parts = segments(ECHO, [{"role": "user", "content": text} for text in texts], "", ask=False)
    assert [part.text for part in parts if part.learn] == texts
    assert "".join(part.text for part in parts) == "".join(f"<{text}>" for text in texts)
    assert parts[:2] == [Segment("<", False), Segment(texts[0], True, True)]


def test_templates_without_their_tags() -> None:
    assert without_tags("a{% generation %}b{%- endgeneration -%}c") == "abc"


def test_a_template_gives_its_system_prompt_to_chats_without_one() -> None:
    each = '{%- for message in messages -%}{{- "<" ~ message["role"] ~ ":" ~ message["content"] ~ ">" -}}{%- endfor -%}'
    own = [{"role": "system", "content": "Mio."}, {"role": "user", "content": "?"}]
    assert with_system(each, None) == each
    for system in ("", 'Sii «breve»:\n{{ "x" }} {% if %}'):
        source = with_system(each, system)
        for messages, text in (
            (own, "<system:Mio.><user:?>"), (own[1:], f"<system:{system}><user:?>"), ([], f"<system:{system}>"),
        ):  # fmt: skip
            assert "".join(part.text for part in segments(source, messages, "", ask=False)) == text
