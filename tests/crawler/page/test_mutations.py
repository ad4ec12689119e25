"""Broken pages, some of the 10,000 that benchmarks/crawl/bench_mutations.py counts: only named refusals come out."""

from __future__ import annotations

import pytest

from benchmarks.crawl.bench_mutations import KINDS, mutated, originals, outcome

#: enough for each mutation of 20 MB to be seen once
PAGES = 300


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[str, str, float]]:
    """(kind, outcome, seconds) of each page."""
    return [(kind, *outcome(page)) for kind, page in mutated(originals(), PAGES, seed=3)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_page_is_an_article_or_has_a_reason(kind: str, outcomes: list[tuple[str, str, float]]) -> None:
    found = [result for each, result, _ in outcomes if each == kind]
    assert found
    assert not [result for result in found if result.startswith("escaped")]
    # Most damage leaves some pages readable: a reader that refuses all of them is no robust one.
    assert "article" in found


def test_no_broken_page_takes_long(outcomes: list[tuple[str, str, float]]) -> None:
    slow = [(kind, result, seconds) for kind, result, seconds in outcomes if seconds > 3]
    # Under one second alone (see the benchmark); the bound is for machines that many share.
    assert not slow


def test_the_same_seed_makes_the_same_pages() -> None:
    pages = originals()[:5]
    assert list(mutated(pages, 40, seed=1)) == list(mutated(pages, 40, seed=1))
    assert list(mutated(pages, 40, seed=1)) != list(mutated(pages, 40, seed=2))
