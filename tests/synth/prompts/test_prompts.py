"""Prompts: one file a language, rendered whole, with every field given, saying what they must.

Covers synth.prompts.attribution.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.items import NewsmillError
from synth.language import detect
from synth.language.tables import languages
from synth.prompts import FALLBACK, Prompt, load_prompt
from synth.prompts.attribution import date_label, day_of, source_label, span_label

SOURCES = [
    {"title": "Il ponte {{ riapre }}", "content": "Il ponte ha riaperto.\n\nCosta 5 < 6 & {% più %}."},
    {"title": "Traffico", "content": "Code in centro."},
]
FIELDS: dict[str, Any] = {"max_sentences": None, "sources": SOURCES}
LANGUAGES = tuple(languages())
TEXTS = [{"content": "Uno.", "first": date(2026, 5, 4), "last": date(2026, 5, 6)}, {"content": "Due."}]
#: What each request must say: that it is one text, neutral, without repetition, in which language, only what the
#: articles say, what to do where they contradict each other, and nothing around the text.
DEMANDS = {
    "it": ["unico testo", "in italiano", "neutro", "senza ripetizioni", "solo ciò che dicono", "contraddicono",
           "in ordine di tempo", "Rispondi solo"],
    "vi": ["duy nhất", "tiếng Việt", "khách quan", "không lặp ý", "chỉ nêu những gì", "mâu thuẫn",
           "thứ tự thời gian", "Chỉ trả lời"],
    "en": ["single text", "in English", "neutral", "without repetition", "only what the articles say", "contradict",
           "in order of time", "Reply with the text alone"],
    "es": ["único texto", "en español", "neutral", "sin repeticiones", "solo lo que dicen", "contradicen",
           "en orden cronológico", "Responde solo"],
    "fr": ["seul texte", "en français", "neutre", "sans répétitions", "ne dise que ce que disent", "contredisent",
           "ordre chronologique", "Réponds uniquement"],
    "de": ["einzigen Text", "auf Deutsch", "neutral", "ohne Wiederholungen", "nur wiedergibt, was", "widersprechen",
           "zeitlich geordnet", "Antworte nur"],
    "pt": ["único texto", "em português", "neutro", "sem repetições", "apenas o que dizem", "contradizem",
           "ordem cronológica", "Responda apenas"],
}  # fmt: skip


def test_the_question_is_the_short_request_and_the_sources() -> None:
    prompt = load_prompt("news_summary")
    (message,) = prompt.render(language="it", **FIELDS)
    asked = prompt.block("instruction", language="it", **FIELDS)
    assert message["role"] == "user"
    assert message["content"].startswith(f"{asked}\n\n- Titolo: Il ponte {{{{ riapre }}}}\n  Testo: Il ponte ha")
    # Braces and signs in an article are text.
    assert "Costa 5 < 6 & {% più %}.\n\n- Titolo: Traffico\n  Testo: Code in centro." in message["content"]
    assert "\n" not in asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_request_is_in_the_sources_language(language: str) -> None:
    prompt = load_prompt("news_summary").in_language(language)
    assert prompt.id == f"news_summary.{language}/{prompt.version}"
    for block, fields in (("instruction", FIELDS), ("part", {"max_words": 90}),
                          ("combine", {"max_sentences": None, "max_words": 90})):  # fmt: skip
        asked = prompt.block(block, language=language, **fields)
        assert detect(asked)[0] == language
        assert len(asked) < 420
        assert "\n" not in asked
        assert "  " not in asked


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_request_makes_its_demands(language: str) -> None:
    prompt = load_prompt("news_summary").in_language(language)
    whole = prompt.block("instruction", language=language, **FIELDS)
    part = prompt.block("part", language=language, max_words=90)
    combine = prompt.block("combine", language=language, max_sentences=None, max_words=None)
    for demand in DEMANDS[language]:
        assert demand in whole
        assert demand in part
    for demand in [*DEMANDS[language][:4], *DEMANDS[language][-2:]]:
        assert demand in combine
    assert re.search(r"\b90\b", part)


def test_other_languages_are_asked_in_english_for_their_own() -> None:
    prompt = load_prompt("news_summary")
    assert FALLBACK == "en"
    assert prompt.in_language("nl").id == prompt.in_language("en").id
    asked = prompt.block("instruction", language="nl", **FIELDS)
    assert "in the language of the articles" in asked
    assert "English" not in asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("block", ["instruction", "combine"])
def test_a_limit_is_told(language: str, block: str) -> None:
    def asked(limit: int | None) -> str:
        given = {"max_sentences": limit, "max_words": None, "sources": SOURCES}
        return load_prompt("news_summary").block(block, language=language, **given)

    assert re.search(r"\b4\b", asked(4).removeprefix(asked(None)))
    assert len({asked(None), asked(1), asked(4)}) == 3
    assert not re.search(r"\b1\b", asked(1))


@pytest.mark.parametrize(
    ("language", "named"),
    [
        ("it", "  Fonte: ANSA, 4 maggio 2026 (parte 2 di 3)\n  Testo:"),
        ("vi", "  Nguồn: ANSA, ngày 4/5/2026 (phần 2/3)\n  Nội dung:"),
        ("en", "  Source: ANSA, 4 May 2026 (part 2 of 3)\n  Content:"),
        ("es", "  Fuente: ANSA, 4 de mayo de 2026 (parte 2 de 3)\n  Texto:"),
        ("fr", "  Source\u00a0: ANSA, 4 mai 2026 (partie 2 sur 3)\n  Texte\u00a0:"),
        ("de", "  Quelle: ANSA, 4. Mai 2026 (Teil 2 von 3)\n  Text:"),
        ("nl", "  Source: ANSA, 4 May 2026 (part 2 of 3)\n  Content:"),
    ],
)
def test_sources_are_named_as_the_language_writes_them(language: str, named: str) -> None:
    # Half past eleven at night in UTC is tomorrow in Rome.
    source = SOURCES[0] | {"source_site": "Ansa", "date": datetime(2026, 5, 3, 23, 30, tzinfo=UTC)}
    (message,) = load_prompt("news_summary").render(
        language=language, max_sentences=None, sources=[{**source, "part": 2, "parts": 3}]
    )
    assert named in message["content"]


def test_days_and_newspapers() -> None:
    assert date_label(date(2026, 8, 1), "it") == "1º agosto 2026"
    assert date_label(date(2026, 8, 1), "fr") == "1er août 2026"
    assert date_label(date(2026, 8, 1), "en") == "1 August 2026"
    assert date_label(None, "it") == ""
    assert source_label({"source_site": "IlPost"}, "it") == "Il Post"
    assert source_label({"source_site": "VnExpress", "date": "2026-05-04T23:30:00+07:00"}, "vi") == (
        "VnExpress, ngày 4/5/2026"
    )
    assert source_label({"source_site": "example.org", "date": "gestern"}, "de") == "example.org"
    assert source_label({}, "it") == ""
    assert day_of({"date": datetime(2026, 5, 4, 12)}) == date(2026, 5, 4)
    assert span_label(TEXTS[0], "en") == "4 May 2026 – 6 May 2026"
    assert span_label({"first": date(2026, 5, 4), "last": date(2026, 5, 4)}, "de") == "4. Mai 2026"
    assert span_label({"last": date(2026, 5, 4)}, "de") == "4. Mai 2026"


@pytest.mark.parametrize("language", LANGUAGES)
def test_summaries_are_numbered_and_dated(language: str) -> None:
    (message,) = load_prompt("news_summary").render(
        "combine", "summaries", language=language, max_sentences=None, max_words=None, texts=TEXTS
    )
    first, second = message["content"].split("\n\n")[1:]
    assert re.fullmatch(r"[\w ]+ 1 \(.*2026.*2026\)\u00a0?:\nUno\.", first)
    assert re.fullmatch(r"[\w ]+ 2\u00a0?:\nDue\.", second)


def test_a_forgotten_field_is_an_error() -> None:
    with pytest.raises(NewsmillError, match=r"prompt news_summary\.it/3: 'sources' is undefined"):
        load_prompt("news_summary").render(language="it", max_sentences=None)
    with pytest.raises(NewsmillError, match="no attribute 'content'"):
        load_prompt("news_summary").render(language="it", max_sentences=None, sources=[{"title": "x"}])


@pytest.mark.parametrize("name", ["nothing", "../news_summary", "news_summary.jinja", "news_summary.it", ""])
def test_an_unknown_prompt_is_named(name: str) -> None:
    with pytest.raises(NewsmillError, match=r"there are: .*news_summary"):
        load_prompt(name)


def test_all_wordings_have_one_version_in_their_first_line(root: Path) -> None:
    prompt = load_prompt("news_summary")
    assert sorted(prompt.wordings) == sorted(LANGUAGES)
    assert prompt.ids() == sorted(one.id for one in prompt.wordings.values())
    assert len({one.version for one in prompt.wordings.values()}) == 1
    for path in (root / "synth/prompts").glob("*.jinja"):
        assert re.match(r"\{# version: \d+ #\}\n", path.read_text(encoding="utf-8"))


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
