"""The last page of the demo with a real model: what an interval allows to say, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demo.real_report import interval, verdict, write_report


def difference(value: float, low: float | None, high: float | None) -> dict[str, Any]:
    excludes = low is not None and high is not None and not low <= 0 <= high
    cautions = [] if low is not None else ["too few events: 6, 10 needed"]
    return {"difference": value, "low": low, "high": high, "excludes_zero": excludes, "cautions": cautions}


@pytest.mark.parametrize(
    ("name", "row", "word"),
    [
        ("loss", difference(-0.2, -0.3, -0.1), "better"),
        ("loss", difference(0.2, 0.1, 0.3), "worse"),
        ("rougeL", difference(0.2, 0.1, 0.3), "better"),
        ("rougeL", difference(0.2, -0.1, 0.5), "undecided"),
        ("rougeL", difference(0.2, None, None), "undecided"),
        ("unsupported", difference(1.0, 0.5, 1.5), "worse"),
        ("words", difference(9.0, 5.0, 12.0), "more"),
        ("covered_sources", difference(-0.3, -0.4, -0.2), "less"),
    ],
)
def test_a_verdict_is_what_the_interval_allows(name: str, row: dict[str, Any], word: str) -> None:
    assert verdict(name, row) == word


def test_where_there_is_no_interval_it_says_why() -> None:
    assert interval(difference(0.1, None, None)) == "too few events: 6, 10 needed"
    assert interval(difference(0.1, -0.05, 0.25)) == "-0.050 to +0.250"


def test_the_page_says_what_it_cannot_do(tmp_path: Path) -> None:
    measures = {"loss": 0.4, "rougeL": 0.3, "unsupported": 1.5}
    after = {"loss": 0.3, "rougeL": 0.35, "unsupported": 2.5}
    differences = {
        "loss": difference(-0.1, -0.2, -0.05), "rougeL": difference(0.05, -0.02, 0.12),
        "unsupported": difference(1.0, -0.3, 2.0),
    }  # fmt: skip
    results = {
        "rows": {"measured": 13, "training": 26}, "events": {"count": 13},
        "dates": {"summary": "13 of 13 rows are not older than the newest training row"},
        "models": [
            {"measures": {name: {"value": value} for name, value in values.items()}, "cut": cut}
            # The reference stands behind them, and has no loss.
            for values, cut in ((measures, 9), (after, 4), ({"unsupported": 0.0}, 0))
        ],
        "differences": [{"measures": differences}],
        "examples": [
            {"gist": "Il ponte chiude", "texts": [
                {"model": "before", "text": "- Titolo:\n\n- Titolo:"}, {"model": "after", "text": "Il ponte chiude."},
                {"model": "reference", "text": "Il ponte\nchiude lunedì."},
            ]}
        ],
    }  # fmt: skip
    page = write_report(tmp_path / "report.md", results)
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == page
    assert "| loss a token of the held-out summaries | 0.400 | 0.300 | -0.100 | -0.200 to -0.050 | better |" in page
    limits = page.partition("## What it cannot do")[2].partition("## Texts")[0]
    assert "Undecided with 13 events: ROUGE-L beside the extracted summary; names and numbers" in limits
    assert "It invents: 2.5 names or numbers a text" in limits
    assert "4 of its 13 texts had no end" in limits
    texts = page.partition("## Texts")[2]
    positions = [texts.index(f"**{name}:**") for name in ("reference", "before", "after")]
    assert positions == sorted(positions)
    assert "**reference:** Il ponte chiude lunedì." in texts
