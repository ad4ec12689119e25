"""The offline model reads what it is given: documents, or the articles in a prompt."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from synth.language.tables import languages
from synth.llm import load_llm
from synth.llm.extractive.model import read_sources
from synth.prompts import load_prompt

LANGUAGES = tuple(languages())


@pytest.fixture(scope="module")
def articles(sample_records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    event = next(row["event"] for row in sample_records if row["language"] == "it" and row.get("event"))
    return [row for row in sample_records if row.get("event") == event]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_reads_the_articles_out_of_the_prompt(articles: list[dict[str, Any]], language: str) -> None:
    messages = load_prompt("news_summary").render(language=language, max_sentences=None, sources=articles)
    found = read_sources([message["content"] for message in messages])
    assert [document.title for document in found] == [row["title"] for row in articles]
    assert [document.content for document in found] == [row["content"].strip() for row in articles]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_reads_the_summaries_that_shall_be_combined(language: str) -> None:
    texts = [{"content": f"Riassunto di un fatto.\n\nParte {number}."} for number in range(3)]
    fields = {"language": language, "max_sentences": None, "max_words": None, "texts": texts}
    messages = load_prompt("news_summary").render("combine", "summaries", **fields)
    found = read_sources([message["content"] for message in messages])
    assert [document.content for document in found] == [text["content"] for text in texts]


def test_from_messages_it_writes_in_the_sources_own_words(articles: list[dict[str, Any]]) -> None:
    messages = load_prompt("news_summary").render(language="it", max_sentences=None, sources=articles)
    reply = asyncio.run(load_llm("extractive").complete(messages, temperature=0.7))
    assert (reply.finish_reason, reply.cost, reply.cached) == ("stop", 0.0, False)
    assert reply.completion_tokens
    told = " ".join(" ".join(row["content"].split()) for row in articles)
    assert reply.text.split(". ")[0] in told
    assert "Questi articoli" not in reply.text
    assert "Titolo" not in reply.text


def test_documents_come_before_messages(articles: list[dict[str, Any]]) -> None:
    llm = load_llm("extractive")
    asked = [{"role": "user", "content": "Riassumi."}]
    reply = asyncio.run(llm.complete(asked, documents=articles, language="it", max_sentences=2))
    assert reply.text
    assert asyncio.run(llm.complete(asked, documents=[], language="it")).text == ""


def test_it_has_nothing_to_say_about_nothing() -> None:
    assert asyncio.run(load_llm("extractive").complete([{"role": "user", "content": "Ciao"}])).text == ""
    assert asyncio.run(load_llm("extractive").complete([])).text == ""
