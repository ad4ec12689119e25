"""What is dropped is dropped by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crawler.items import Article, content_hash
from crawler.pipelines.store import counts_of, detected, invalid, speaks

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
GOOD = Article(
    link="https://www.ansa.it/a.html", title="Titolo", content="Testo.", source_site="Ansa", language="it",
    date=NOW, content_hash=content_hash("Titolo", "Testo."),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"title": ""}, "no_title"),
        ({"content": ""}, "empty_body"),
        ({"date": None}, "no_date"),
        ({"date": datetime(2026, 5, 1)}, "no_date"),
        ({"date": NOW + timedelta(days=2)}, "date_in_the_future"),
        ({"date": NOW + timedelta(hours=2)}, ""),
        ({"link": "https://example.org/a.html"}, "foreign_link"),
        ({"source_site": "Open"}, "foreign_link"),
    ],
)
def test_what_an_article_needs(change: dict[str, Any], reason: str) -> None:
    assert invalid(replace(GOOD, **change), NOW) == reason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Il consiglio comunale ha approvato nella notte il bilancio di previsione, dopo una lunga discussione.", "it"),
        ("Hội đồng nhân dân thành phố đã thông qua dự toán ngân sách sau nhiều giờ thảo luận vào tối qua.", "vi"),
        ("The city council approved next year's budget late at night, after a discussion of many hours.", "en"),
    ],
)
def test_languages_are_told_apart(text: str, code: str) -> None:
    assert detected(text * 3)[0] == code
    assert detected(text * 3)[1] > 0.9


def test_articles_need_no_detector_and_other_languages_do(sample_records: list[dict[str, Any]]) -> None:
    for row in sample_records:
        language, text = row["language"], row["content"][:400]
        assert not speaks(text, "vi" if language == "it" else "it"), row["link"]
    assert sum(speaks(row["content"][:400], row["language"]) for row in sample_records) > 0.95 * len(sample_records)


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
    assert not speaks(text[:400], "it")
    assert not speaks(text[:400], "vi")


def test_counts_name_every_outcome() -> None:
    stats = {"newsmill/fetched": 9, "newsmill/stored": 5, "newsmill/dropped/gallery": 3, "newsmill/known": 7, "x": 1}
    assert counts_of(stats) == {"fetched": 9, "stored": 5, "gallery": 3}
