"""Sizes keep their width, and their recipes train each row once. Covers published_figures where it needs no plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.helpers.published_figures import PUBLISHED, QWEN, published_table
from benchmarks.helpers.sized_models import ALL, SIZES, Size, litgpt_config, recipe_of


@pytest.mark.parametrize("size", [size for size in SIZES if "bloom" not in size.like], ids=lambda size: str(size.name))
def test_the_architecture_has_the_size(size: Size) -> None:
    config = litgpt_config(size)
    assert (config.n_embd, config.n_layer, config.vocab_size) == (size.width, size.layers, size.vocabulary)
    assert config.n_head % config.n_query_groups == 0


@pytest.mark.parametrize("size", SIZES, ids=lambda size: size.name)
def test_the_recipe_names_backend_targets_and_batches(size: Size) -> None:
    recipe = recipe_of(size)
    assert {part for part in ALL if recipe[f"lora_{part}"]} == set(size.targets)
    assert recipe["train"]["global_batch_size"] == size.micro * size.accumulation
    assert recipe.get("backend", "litgpt") == size.backend
    expected = {"litgpt": "litgpt.data.JSON", "huggingface": "train.data.Chat"}[size.backend]
    assert recipe["data"]["class_path"] == ("train.data.Pairs" if size.method == "orpo" else expected)


def test_a_sizes_name_is_its_own() -> None:
    assert len({size.name for size in SIZES}) == len(SIZES)
    assert recipe_of(replace(SIZES[0], length=64))["train"]["max_seq_length"] == 64


def test_published_rows_can_be_chosen_by_name() -> None:
    assert published_table("no such model").count("\n") == 1
    assert all(row.gigabytes > 0 for row in PUBLISHED)
    assert all(list(times) == sorted(times) for _, times in QWEN.values())
