"""Which recipe made a model: the package's by name, with what was changed; one's own; or that nobody knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from train.evaluate.recipe_of import trained_by
from train.recipes import short_names


def settings_of(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(short_names()[name].read_text(encoding="utf-8")))


def save(folder: Path, settings: Any) -> Path:
    (folder / "final").mkdir(parents=True)
    (folder / "final/hyperparameters.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder / "final"


def test_a_recipe_of_the_package_is_known_by_its_settings(tmp_path: Path) -> None:
    settings = settings_of("tiny/news") | {"out_dir": "elsewhere", "devices": 2}
    told = trained_by(save(tmp_path, settings))
    assert told is not None
    assert (told["recipe"], told["changed"]) == ("tiny/news", {})
    assert {"LoRA of rank 16", "learning rate 0.002", "seed 1337", "at most 40 steps"} <= set(told["facts"])
    # The run's own folder says the same.
    assert trained_by(tmp_path) == told


def test_what_was_changed_is_named(tmp_path: Path) -> None:
    settings = settings_of("tiny/news") | {"lora_r": 8}
    settings["train"]["max_steps"] = 99
    told = trained_by(save(tmp_path, settings))
    assert told is not None
    assert (told["recipe"], told["changed"]) == ("tiny/news", {"lora_r": 8, "train.max_steps": 99})


@pytest.mark.parametrize("name", ["gemma-2b/news", "smollm2-360m/lima", "llama-3-8b/qdora", "tiny/distillation"])
def test_recipes_of_models_are_told_apart(name: str, tmp_path: Path) -> None:
    told = trained_by(save(tmp_path, settings_of(name)))
    assert told is not None
    assert (told["recipe"], told["changed"]) == (name, {})


def test_the_settings_of_a_hugging_face_run_lie_beside_its_model(tmp_path: Path) -> None:
    (tmp_path / "final").mkdir()
    flat = {"method": "sft", "lora_r": 4, "seed": 5, "optimizer.init_args": {"lr": "1e-3"}}
    (tmp_path / "run.json").write_text(json.dumps(flat), encoding="utf-8")
    told = trained_by(tmp_path / "final")
    assert told is not None
    assert told["facts"] == ["LoRA of rank 4", "learning rate 1e-3", "seed 5"]


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "null", "\x00"])
def test_a_folder_that_does_not_say_it(content: str, tmp_path: Path) -> None:
    assert trained_by(tmp_path) is None
    (tmp_path / "hyperparameters.yaml").write_text(content, encoding="utf-8")
    assert trained_by(tmp_path) is None


def test_settings_like_no_recipe_are_ones_own(tmp_path: Path) -> None:
    told = trained_by(save(tmp_path, {"seed": 9, "lora_r": 3, "lora_alpha": 5, "lora_dropout": 0.7, "precision": "x",
                                      "lora_query": 5, "lora_key": 5, "lora_value": 5, "lora_mlp": 5}))  # fmt: skip
    assert told is not None
    assert (told["recipe"], told["changed"]) == ("", {})
