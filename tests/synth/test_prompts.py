"""Prompts: rendered whole, in the sources' language, with every field given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.language import detect
from synth.prompts import Prompt, load_prompt

SOURCES = [
    {"title": "Il ponte {{ riapre }}", "content": "Il ponte ha riaperto.\n\nCosta 5 < 6 & {% più %}."},
    {"title": "Traffico", "content": "Code in centro."},
]
FIELDS: dict[str, Any] = {"max_sentences": None, "sources": SOURCES}


def test_the_question_is_the_short_request_and_the_sources() -> None:
    prompt = load_prompt("news_summary")
    (message,) = prompt.render(language="it", **FIELDS)
    asked = prompt.block("instruction", language="it", **FIELDS)
    assert message["role"] == "user"
    assert message["content"].startswith(f"{asked}\n\n- Titolo: Il ponte {{{{ riapre }}}}\n  Testo: Il ponte ha")
    # Braces and signs in an article are text.
    assert "Costa 5 < 6 & {% più %}.\n\n- Titolo: Traffico\n  Testo: Code in centro." in message["content"]
    assert "\n" not in asked


@pytest.mark.parametrize("language", ["it", "vi", "en"])
def test_the_request_is_in_the_sources_language(language: str) -> None:
    asked = load_prompt("news_summary").block("instruction", language=language, **FIELDS)
    assert detect(asked)[0] == language
    assert len(asked) < 250


def test_other_languages_are_asked_in_english_for_their_own() -> None:
    prompt = load_prompt("news_summary")
    asked = prompt.block("instruction", language="fr", **FIELDS)
    assert asked == prompt.block("instruction", language="en", **FIELDS)
    assert "language of the articles" in asked


@pytest.mark.parametrize("language", ["it", "vi", "en"])
def test_a_limit_is_told(language: str) -> None:
    asked = load_prompt("news_summary").block("instruction", language=language, max_sentences=4, sources=SOURCES)
    assert " 4 " in asked


def test_a_forgotten_field_is_an_error() -> None:
    with pytest.raises(NewsmillError, match="prompt news_summary/1: 'sources' is undefined"):
        load_prompt("news_summary").render(language="it", max_sentences=None)
    with pytest.raises(NewsmillError, match="no attribute 'content'"):
        load_prompt("news_summary").render(language="it", max_sentences=None, sources=[{"title": "x"}])


@pytest.mark.parametrize("name", ["nothing", "../news_summary", "news_summary.jinja", ""])
def test_an_unknown_prompt_is_named(name: str) -> None:
    with pytest.raises(NewsmillError, match="there are: news_summary"):
        load_prompt(name)


def test_a_system_block_is_a_message_of_its_own() -> None:
    text = "{# version: 7 #}{% block system %}Sei {{ who }}.{% endblock %}{% block instruction %}Di'.{% endblock %}"
    prompt = Prompt("x", "7", text)
    assert prompt.id == "x/7"
    assert prompt.render(who="Ada") == [
        {"role": "system", "content": "Sei Ada."}, {"role": "user", "content": "Di'."}
    ]  # fmt: skip


def test_messages_can_be_sent() -> None:
    messages = load_prompt("news_summary").render(language="vi", **FIELDS)
    assert json.loads(json.dumps(messages)) == messages
