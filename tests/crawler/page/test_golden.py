"""The golden pages: each newspaper's markup of each year, and what no article is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crawler.items import Article
from crawler.page import NotAnArticle, as_json, extract

PAGES = Path(__file__).resolve().parents[2] / "pages"
GOLDEN = sorted(PAGES.glob("*/*.html"))


def told(page: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("page", GOLDEN, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_golden_page_is_read_as_expected(page: Path) -> None:
    case = told(page)
    if reason := case.get("reason"):
        with pytest.raises(NotAnArticle) as refused:
            extract(page.read_bytes(), case["url"], page.parent.name)
        assert refused.value.reason == reason
        return
    found = json.loads(as_json(extract(page.read_bytes(), case["url"], page.parent.name)))
    assert {name: found[name] for name in case["expected"]} == case["expected"]


@pytest.mark.parametrize("page", GOLDEN, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_a_golden_page_says_where_its_markup_comes_from(page: Path) -> None:
    case = told(page)
    assert case["origin"].startswith(("MARKUP", "recorded "))
    assert ("expected" in case) != ("reason" in case)
    assert set(case.get("expected", {})) <= set(Article.__slots__)
    # What we wrote is small enough to be read by a person.
    assert page.stat().st_size < 8000 or case["origin"].startswith("recorded ")
