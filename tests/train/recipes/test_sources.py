"""The table of sources in docs/recipes.md says what the recipes say, and gives a reason for each difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.train.recipes.recipe_fixtures import FOLDER

PAGE = Path(__file__).parents[3] / "docs/recipes.md"


def table() -> list[list[str]]:
    text = PAGE.read_text(encoding="utf-8").partition("<!-- sources -->\n")[2].partition("<!-- /sources -->")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split(" | ")] for line in text.splitlines()[2:]]


def shown(value: Any) -> str:
    if value is None:
        return "not given"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


@pytest.mark.parametrize("row", table(), ids=lambda row: f"{row[0]} {row[1]}")
def test_the_table_says_what_the_recipe_says(row: list[str]) -> None:
    recipe, setting, source, there, here, reason = row
    value: Any = yaml.safe_load((FOLDER / f"{recipe}.yaml").read_text(encoding="utf-8"))
    for key in setting.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    assert here == shown(value)
    assert source in ("VinaSmol", "Bicocca", "VN-BLOOM7B1-NEWS")
    assert (reason == "as published") == (here == there), "a difference has a reason, and only a difference"


def test_every_published_recipe_is_in_the_table() -> None:
    recipes = {row[0] for row in table()}
    assert {path.stem for path in (FOLDER / "smollm2-360m").glob("*.yaml")} - {"orpo", "qdora", "smol_smoltalk"} == {
        name.partition("/")[2] for name in recipes if name.startswith("smollm2-360m/")
    }
    assert {"llama-3-8b/news", "llama-3-8b/multilingual", "bloom-7b1/alpaca_vi", "bloom-7b1/news_vi"} <= recipes


def test_no_recipe_claims_what_its_source_does_not_say() -> None:
    for path in FOLDER.glob("**/*.yaml"):
        text = " ".join(path.read_text(encoding="utf-8").replace("#", "").split())
        assert "0.05 as Bicocca" not in text, path
        assert "split without a seed" not in text, path
