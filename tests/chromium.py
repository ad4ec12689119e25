"""The browser in which pages are tried: Chromium from PATH, by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

#: What keeps people out; axe calls more things violations.
SEVERE = ("serious", "critical")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium; for a module, because a test of another one may run a loop of its own in this thread."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH")
    with api.sync_playwright() as playwright:
        # A page that shows nothing of this machine is safe without the sandbox, which root cannot have.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def axe(page: Any, impacts: Collection[str] | None = SEVERE) -> list[str]:
    """What axe finds of these impacts, None: of all: rule, element and what to do, a line each."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    page.evaluate(Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    # What it found right is not described: that takes as long as the search.
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
    return [
        f"{row['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for row in violations if impacts is None or row["impact"] in impacts for node in row["nodes"]
    ]  # fmt: skip
