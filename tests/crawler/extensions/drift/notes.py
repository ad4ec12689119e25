"""Articles and notes of crawls, for the tests of the drift alarm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from crawler.extensions.drift.coverage import FieldCoverage
from crawler.items import Article

NOW = datetime(2026, 5, 7, tzinfo=UTC)


def article(number: int, **values: Any) -> Article:
    given = {"title": f"Titolo numero {number}", "description": "Sommario dell’articolo", "content": "Parola " * 100,
             "authors": ["Anna Bianchi"], "date": NOW, "section": "Cronaca", "tags": ["Roma"]}  # fmt: skip
    return Article(f"https://www.open.online/2026/05/07/n{number}/", **(given | values))


def note(count: int, refused: dict[str, int] | None = None, **values: Callable[[int], Any]) -> dict[str, Any]:
    coverage = FieldCoverage("open", sample=0)
    for number in range(count):
        coverage.add(article(number, **{name: value(number) for name, value in values.items()}))
    refused = refused or {}
    return coverage.note({}, count + sum(refused.values()), refused)
