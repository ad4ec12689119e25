"""The table of sources in docs/recipes.md says what the recipes say; no comment names a source without a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.train.recipes.recipe_fixtures import FOLDER
from train.recipes.compose import TOP, blocks_of, recipe_names

PAGE = Path(__file__).parents[3] / "docs/recipes.md"
#: Source as the table names it -> how comments name it.
SOURCES = {
    "VinaSmol": r"VinaSmol",
    "Bicocca": r"Bicocca",
    "VN-BLOOM7B1-NEWS": r"VN-BLOOM7B1-NEWS|[Tt]he paper\b",
    "LitGPT's config_hub": r"LitGPT's config_hub|config_hub|LitGPT's own QLoRA",
    "LitGPT": r"LitGPT's (?:own )?default",
    "transformers": r"transformers' default",
    "DoRA": r"DoRA authors|[Tt]he authors",
    "ORPO guide": r"guide\b",
    "ORPO": r"ORPO paper",
    "alignment-handbook": r"alignment-handbook|handbook",
    "LIMA": r"LIMA's authors|in LIMA\b",
    "QLoRA": r"QLoRA's authors",
    "LoRA": r"(?<!Q)LoRA's authors",
}
#: Words that claim a source and name none, or claim every figure at once.
VAGUE = r"published (?:\w+ )?runs? |(?:every|all|the) figures? (?:is|are)|^figures are|works these recipes follow"
FIGURE = r"(?<![\w.-])(\d[\d,]*(?:\.\d+)?(?:e-\d+)?)"


class Row(NamedTuple):
    recipes: str
    setting: str
    source: str
    there: str
    here: str
    reason: str

    def fits(self, recipe: str) -> bool:
        return any(fnmatch(recipe, pattern.strip(" `")) for pattern in self.recipes.split(","))


def table() -> list[Row]:
    text = PAGE.read_text(encoding="utf-8").partition("<!-- sources -->\n")[2].partition("<!-- /sources -->")[0]
    return [Row(*(cell.strip(" `") for cell in line.strip("|").split(" | "))) for line in text.splitlines()[2:]]


ROWS = table()


def shown(value: Any) -> str:
    if value is None:
        return "not given"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'


def comments(text: str) -> Iterator[tuple[str, str]]:
    """(path of a setting, its comment as one line); the comment at the top has the path ""."""
    for path, lines in blocks_of(text.splitlines()):
        words = [line.partition("#")[2].strip() for line in lines if "#" in line]
        yield path, " ".join(words)


def sources_of(comment: str) -> set[str]:
    return {name for name, pattern in SOURCES.items() if re.search(pattern, comment)}


def figures_of(comment: str, source: str) -> set[float]:
    """The numbers that a comment says to be the source's: "16 in VinaSmol", "Bicocca took 0"."""
    name = f"(?:{SOURCES[source]})"
    found = re.findall(rf"{FIGURE},? (?:in|by|as|of|is)(?: in)?(?: the)? {name}", comment)
    found += re.findall(rf"{name} (?:took|takes?|has|had|says) {FIGURE}", comment)
    return {float(number.replace(",", "")) for number in found}


def unproved(recipe: str, text: str) -> Iterator[str]:
    """What a recipe's comments claim and the table does not hold."""
    rows = [row for row in ROWS if row.fits(recipe)]
    for setting, comment in comments(text):
        if re.search(VAGUE, comment, re.IGNORECASE):
            yield f"{setting}: vague"
        for source in sources_of(comment):
            there = [row.there for row in rows if row.source == source and setting in (TOP, row.setting)]
            if not there:
                yield f"{setting}: {source}"
            elif setting != TOP and any(number not in _numbers(there) for number in figures_of(comment, source)):
                yield f"{setting}: another figure of {source}"


def _numbers(cells: list[str]) -> set[float]:
    return {float(number.replace(",", "")) for cell in cells for number in re.findall(FIGURE, cell)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.recipes} {row.setting} {row.source}")
def test_the_table_says_what_the_recipe_says(row: Row) -> None:
    recipes = [name for name in recipe_names() if row.fits(name)]
    assert recipes, "no recipe has this name"
    for recipe in recipes:
        value: Any = yaml.safe_load((FOLDER / f"{recipe}.yaml").read_text(encoding="utf-8"))
        for key in row.setting.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        assert row.here == shown(value), recipe
    assert row.source in SOURCES
    same = row.here == row.there
    assert row.reason.startswith("as published") == same, "a difference has a reason, and only a difference"


def test_no_setting_of_a_source_has_two_rows() -> None:
    keys = [(name, row.setting, row.source) for row in ROWS for name in recipe_names() if row.fits(name)]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize("recipe", recipe_names())
def test_no_comment_names_a_source_without_a_row(recipe: str) -> None:
    assert list(unproved(recipe, (FOLDER / f"{recipe}.yaml").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("recipe", "comment", "problem"),
    [
        ("llama-3-8b/news", "0.05 as Bicocca.", "lora_dropout: another figure of Bicocca"),
        ("llama-3-8b/news", "0 as Bicocca.", None),
        ("llama-3-8b/news", "Bicocca took 0.05.", "lora_dropout: another figure of Bicocca"),
        ("bloom-7b1/news_vi", "0.05 in the paper.", "lora_dropout: another figure of VN-BLOOM7B1-NEWS"),
        ("qwen3-1.7b/orpo", "0.05 as VinaSmol.", "lora_dropout: VinaSmol"),
        ("qwen3-1.7b/qdora", "0.1, as the DoRA authors.", "lora_dropout: another figure of DoRA"),
        ("smollm2-360m/lima", "As in published news runs of others.", "lora_dropout: vague"),
        ("tiny/news", "Ours: sets are small.", None),
    ],
)
def test_a_false_claim_is_noticed(recipe: str, comment: str, problem: str | None) -> None:
    assert next(unproved(recipe, f"# {comment}\nlora_dropout: 0.05\n"), None) == problem


def test_a_claim_of_every_figure_at_the_top_is_noticed() -> None:
    text = "# Summaries.\n#\n# Figures are Bicocca's; every figure is theirs.\n\n# Ours.\nlora_r: 16\n"
    assert list(unproved("llama-3-8b/news", text)) == [": vague"]
    assert list(unproved("tiny/news", "# Summaries, as VinaSmol.\n\n# Ours.\nlora_r: 16\n")) == [": VinaSmol"]
