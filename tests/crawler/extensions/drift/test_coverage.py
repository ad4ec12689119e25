"""What is counted of a crawl's articles, and how many pages are looked at closely."""

from __future__ import annotations

import json

import pytest

from crawler.extensions.drift.coverage import FieldCoverage
from tests.crawler.extensions.drift.notes import article


def test_memory_is_flat_and_the_row_is_small() -> None:
    coverage = FieldCoverage("open", sample=0)
    for number in range(5_000):
        coverage.add(article(number, authors=[], content="x" * (number + 1)), b"<html></html>")
    row = coverage.note({}, 5_000, {})
    assert len(json.dumps(row)) < 10_000
    assert coverage.links("filled", "authors") == [f"https://www.open.online/2026/05/07/n{n}/" for n in range(3)]
    assert coverage.links("length", "content") == [f"https://www.open.online/2026/05/07/n{n}/" for n in range(3)]
    assert coverage.links("length", "content", longer=True)[0].endswith("/n4999/")
    assert row["lengths"]["content"]["quantiles"][2] == pytest.approx(2_500, rel=0.05)


@pytest.mark.parametrize(("sample", "expected"), [(0, 0), (0.1, 20 + 18), (1, 200)])
def test_the_sample_is_as_large_as_asked_for(sample: float, expected: int) -> None:
    coverage = FieldCoverage("open", sample)
    links: list[str] = []
    coverage.look = lambda link, *_: links.append(link)  # type: ignore[method-assign]
    for number in range(200):
        coverage.add(article(number), b"<html></html>")
        coverage.wait()
    coverage.close()
    assert len(links) == expected


def test_a_page_that_breaks_the_reader_is_left_out() -> None:
    coverage = FieldCoverage("open", 1)
    coverage.add(article(1), b"\x00\x01\x02" * 500)
    coverage.add(article(2), b"")
    coverage.close()
    assert coverage.note({}, 2, {})["compared"] == 0
