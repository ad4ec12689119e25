"""A text in another language than its newspaper's.

Covers crawler.pipelines, crawler.pipelines.permission, crawler.pipelines.store.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from crawler.items import Article
from crawler.language import detect, is_written_in
from crawler.pipelines import Dropped
from crawler.pipelines.language import LanguagePipeline


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Il consiglio comunale ha approvato nella notte il bilancio di previsione, dopo una lunga discussione.", "it"),
        ("Hội đồng nhân dân thành phố đã thông qua dự toán ngân sách sau nhiều giờ thảo luận vào tối qua.", "vi"),
        ("The city council approved next year's budget late at night, after a discussion of many hours.", "en"),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    assert detect(text * 3, precise=False)[0] == code
    assert detect(text * 3, precise=False)[1] > 0.9


def test_articles_need_no_detector_and_other_languages_do(sample_records: list[dict[str, Any]]) -> None:
    for row in sample_records:
        language, text = row["language"], row["content"][:400]
        assert not is_written_in(text, "vi" if language == "it" else "it"), row["link"]
    assert sum(is_written_in(row["content"][:400], row["language"]) for row in sample_records) > 0.95 * len(
        sample_records
    )


@pytest.mark.parametrize(
    "text",
    [
        "El presidente del gobierno anunció ayer una serie de medidas con las que no todos están de acuerdo, dijo. "
        * 4,
        "O presidente da República disse ontem que não vai com a comitiva, e que os ministros não foram avisados. " * 4,
        "The president said on Monday that he would not sign the bill, which had passed after a long debate. " * 4,
        "Le président de la République a dit que le texte ne sera pas signé avant le mois de juin, selon lui. " * 4,
        "",
    ],
)
def test_neighbours_are_not_taken_for_our_own(text: str) -> None:
    assert not is_written_in(text[:400], "it")
    assert not is_written_in(text[:400], "vi")


ENGLISH = "The city council approved next year's budget late at night, after a discussion of many hours. " * 3


def check(article: Article, passes: bool, problem: str = "wrong_language") -> None:
    """The pipeline lets the article through as it is, or drops it and says why."""
    crawler: Any = type("Crawler", (), {"spider": None})()
    process = LanguagePipeline(crawler).process_item(article)
    if passes:
        assert asyncio.run(process) is article
    else:
        with pytest.raises(Dropped, match=problem):
            asyncio.run(process)


@pytest.mark.parametrize(("language", "passes"), [("sv", True), ("en", True), ("it", False)])
def test_only_languages_that_are_distinguished_are_refused(language: str, passes: bool) -> None:
    article = Article("https://www.example.org/a", "Titel", content=ENGLISH, language=language)
    check(article, passes)


def test_a_text_too_short_to_say_passes_and_one_a_letter_longer_does_not() -> None:
    for length, passes in ((199, True), (200, False)):
        text = ENGLISH[:length].ljust(length, ".")
        article = Article("https://www.ansa.it/a", "Titolo", content=text, language="it")
        check(article, passes, r"wrong_language: en [01]\.\d\d: https://www\.ansa\.it/a")


def test_the_beginning_decides_and_what_was_refused_is_remembered() -> None:
    from tests.crawler.pipelines.test_store import crawler_of

    crawler = crawler_of()
    italian = "Il consiglio comunale ha approvato nella notte il bilancio, dopo una lunga discussione in aula. " * 6
    quoting = Article("https://www.ansa.it/a", "Titolo", content=italian + ENGLISH * 9, language="it")
    assert asyncio.run(LanguagePipeline(crawler).process_item(quoting)) is quoting
    foreign = Article("https://www.ansa.it/b", "Titolo", content=ENGLISH * 2 + italian * 9, language="it")
    with pytest.raises(Dropped, match="wrong_language"):
        asyncio.run(LanguagePipeline(crawler).process_item(foreign))
    assert crawler.spider.refused == [("https://www.ansa.it/b", "wrong_language")]


@pytest.mark.parametrize(("confidence", "passes"), [(0.89, True), (0.9, False)])
def test_only_what_is_sure_is_refused(monkeypatch: pytest.MonkeyPatch, confidence: float, passes: bool) -> None:
    monkeypatch.setattr("crawler.pipelines.language.detect", lambda *_, **__: ("en", confidence))
    article = Article("https://www.ansa.it/a", "Titolo", content=ENGLISH, language="it")
    check(article, passes)


def test_only_what_is_not_surely_its_own_language_costs_a_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []

    def detector(text: str, **options: Any) -> tuple[str, float]:
        calls.append(options)
        return "it", 0.5

    monkeypatch.setattr("crawler.pipelines.language.detect", detector)
    crawler: Any = type("Crawler", (), {"spider": None})()
    italian = "Il consiglio comunale ha approvato nella notte il bilancio, dopo una lunga discussione in aula. " * 4
    for text in (italian, ENGLISH):
        article = Article("https://www.ansa.it/a", "Titolo", content=text, language="it")
        assert asyncio.run(LanguagePipeline(crawler).process_item(article)) is article
    # Once, and with the small models: the large ones take a gigabyte.
    assert calls == [{"precise": False}]


def test_the_first_four_hundred_characters_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[str] = []

    def detector(text: str, **_: Any) -> tuple[str, float]:
        texts.append(text)
        return "it", 0.5

    monkeypatch.setattr("crawler.pipelines.language.detect", detector)
    check(Article("https://www.ansa.it/a", "Titolo", content=ENGLISH * 3, language="it"), True)
    assert texts == [(ENGLISH * 3)[:400]]
