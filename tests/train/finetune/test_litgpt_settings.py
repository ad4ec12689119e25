"""Settings of the command line that LitGPT's recipes have, and the types of their values.

Covers train.finetune.command.recipe_of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from train.__main__ import parsed
from train.errors import TrainError
from train.finetune.command import recipe_of
from train.recipes import load

pytest.importorskip("litgpt", reason="litgpt is not installed")

LITGPT: dict[str, Any] = {
    "checkpoint_dir": "a", "data": {"class_path": "train.data.Chat", "init_args": {"path": "b"}},
    "train": {"max_steps": 5, "epochs": 1}, "lora_r": 4,
}  # fmt: skip
HUGGINGFACE: dict[str, Any] = {**LITGPT, "backend": "huggingface"}


def laid(tmp_path: Path, settings: dict[str, Any], *words: str) -> Any:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(settings))
    return recipe_of(parsed(["finetune", str(path), *words]))


@pytest.mark.parametrize("backend", [LITGPT, HUGGINGFACE])
def test_every_key_is_an_option_in_both_backends(backend: dict[str, Any], tmp_path: Path) -> None:
    words = ("--train.max_steps", "20", "--data.path=c", "--lora_r", "8", "--optimizer.lr", "0.1", "--seed", "3")
    whole = laid(tmp_path, backend, *words, "--data.system", "Sii breve.")
    assert whole.get("train") == {"max_steps": 20, "epochs": 1}
    assert whole.get("data", "init_args") == {"path": "c", "system": "Sii breve."}
    assert (whole.get("lora_r"), whole.get("optimizer", "init_args", "lr"), whole.get("seed")) == (8, 0.1, 3)


@pytest.mark.parametrize("backend", [LITGPT, HUGGINGFACE])
@pytest.mark.parametrize(
    ("key", "meant"), [("train.max_stepz", "train.max_steps"), ("lora_rr", "lora_r"), ("data.pth", "data.path")]
)
def test_unknown_keys_are_one_line(backend: dict[str, Any], key: str, meant: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=f"^--{key} is no setting of the recipe: did you mean --{meant}"):
        laid(tmp_path, backend, f"--{key}", "1")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("train.max_steps", "abc", "train.max_steps must be a whole number or null, not 'abc'"),
        ("lora_r", "2.5", "lora_r must be a whole number, not 2.5"),
        ("data.seed", "x", "data.init_args.seed must be a whole number"),
    ],
)
def test_values_of_another_type_are_one_line(key: str, value: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=f"^--{key}: {reason}"):
        laid(tmp_path, LITGPT, f"--{key}", value)


def test_sections_of_our_own_are_taken(tmp_path: Path) -> None:
    whole = laid(tmp_path, LITGPT, "--early_stopping.patience", "2", "--load_best_model_at_end", "false")
    assert whole.get("early_stopping", "patience") == 2


def test_a_data_module_that_is_not_there_is_told(tmp_path: Path) -> None:
    broken = {**LITGPT, "data": {"class_path": "train.data.Nothing"}}
    with pytest.raises(TrainError, match=r"there is no data module train\.data\.Nothing"):
        laid(tmp_path, broken, "--seed", "1")


def test_loggers_are_named_by_their_option(tmp_path: Path) -> None:
    assert laid(tmp_path, HUGGINGFACE, "--report-to", "wandb,mlflow").get("report_to") == ["wandb", "mlflow"]
    with pytest.raises(TrainError, match="--logger_name"):
        laid(tmp_path, LITGPT, "--report-to", "wandb")


def test_a_recipe_by_its_name_and_others_over_it() -> None:
    whole = recipe_of(parsed(["finetune", "tiny/news", "--config", "cpu"]))
    assert whole.settings == load("tiny/news", ["cpu"]).settings
    for words in ([], ["tiny/newz"]):
        with pytest.raises(TrainError, match=r"name a recipe|did you mean tiny/news"):
            recipe_of(parsed(["finetune", *words]))
