"""The evaluation page in a real browser: nothing keeps a reader out, on a telephone and a desk, by day and by night.

Covers the templates of train.evaluate.report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chromium import axe
from tests.train.evaluate.report.test_verdict import TWO, results, row, text
from train.evaluate.report import render


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with all that it can have: long names and texts, an empty text, one that was cut off, folded units."""
    texts = [
        text("before", "Il ponte " * 600, cut=True), text("after", "", prompt_shortened=True),
        text("reference", "Il ponte riapre lunedì dopo quattordici mesi. " * 9, "reference"),
    ]  # fmt: skip
    example = {"id": "e" * 64, "why": "drawn at random", "language": "it", "date": "2026-05-01", "sources": 3,
               "request": "Riassumi.\n\n" * 50, "gist": "Il ponte " * 24, "texts": texts}  # fmt: skip
    measures = {
        "loss": row("better", -1.0), "perplexity": row(same_as="loss"), "rougeL": row(), "words": row(),
        "unsupported": row(reason="too few events: 6, 10 needed"), "empty": row("worse"),
    }  # fmt: skip
    models = [model | {"folder": "checkpoints/" + "a-long-name-" * 12} for model in TWO]
    runs = [{"run": "out/run", "missing": "", "curve": [{"step": n, "loss": 5 - n / 10} for n in range(1, 20)]}]
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(render(results(models, ("before", "after", measures), examples=[example], runs=runs)), "utf-8")
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_keeps_a_reader_out(browser: Any, page_file: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(page_file.as_uri())
    for summary in page.locator("summary").all():
        if summary.is_visible():
            summary.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(page, impacts=None) == []
    # The page loads nothing but itself.
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_the_first_screen_has_the_verdict(browser: Any, page_file: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(page_file.as_uri())
    box = page.locator(".verdict").bounding_box()
    assert box["y"] + box["height"] < 300
    assert page.locator(".card").count() == 4
    assert page.get_by_text("The model wrote nothing.").first.is_visible()
    assert page.get_by_text("Cut off: the model was still writing").first.is_visible()
    page.close()
