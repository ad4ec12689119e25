"""Every recipe is accepted by LitGPT itself, and the tiny one runs and leaves a model that loads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

RECIPES = sorted((Path(__file__).resolve().parents[2] / "train/recipes").glob("**/*.yaml"))


def parsed(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The recipe through `litgpt finetune_lora`'s own parser; its data are not opened, they lie on a user's machine."""
    from jsonargparse import capture_parser
    from litgpt.args import EvalArgs, TrainArgs
    from litgpt.finetune.lora import setup
    from litgpt.utils import CLI

    monkeypatch.setattr(sys, "argv", ["litgpt", "--config", str(recipe)])
    parser = capture_parser(lambda: CLI(setup))
    chosen = parser.parse_args(["--config", str(recipe)])
    chosen.train = TrainArgs(**chosen.train.as_dict())
    chosen.eval = EvalArgs(**chosen.eval.as_dict())
    return chosen


def test_there_are_recipes() -> None:
    assert RECIPES


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_litgpt_accepts_the_recipe(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from litgpt.finetune.lora import validate_args

    chosen = parsed(recipe, monkeypatch)
    validate_args(chosen.train, chosen.eval)
    assert chosen.train.lr_warmup_steps > 0, "LitGPT divides by it"
    assert chosen.train.global_batch_size % chosen.train.micro_batch_size == 0
    assert "mixed" not in (chosen.precision or "") or not chosen.quantize, "LitGPT refuses the two together"
    assert chosen.devices == 1 or not chosen.quantize, "LitGPT quantises on one device only"


@pytest.mark.parametrize("key", ["max_norm", "max_tokens", "tie_embeddings"])
def test_a_key_litgpt_refuses_is_noticed(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from litgpt.finetune.lora import validate_args

    content = yaml.safe_load(RECIPES[0].read_text(encoding="utf-8"))
    content["train"][key] = True if key == "tie_embeddings" else 1
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(content))
    chosen = parsed(changed, monkeypatch)
    with pytest.raises(ValueError, match=key):
        validate_args(chosen.train, chosen.eval)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_setting_is_explained(recipe: Path) -> None:
    """Comments say what the settings are for, and no path of one machine is in it."""
    text = recipe.read_text(encoding="utf-8")
    assert text.count("#") >= 15
    assert "/work" not in text
    assert "/tmp" not in text


def test_the_tuned_model_loads_and_writes(tuned: Path) -> None:
    import torch
    from litgpt import LLM

    llm = LLM.load(str(tuned / "final"), init="pretrained")
    base = torch.load(tuned.parents[1] / "checkpoints/tiny/lit_model.pth")
    merged = torch.load(tuned / "final/lit_model.pth")
    merged = merged.get("model", merged)
    assert set(merged) == set(base)
    assert any(not torch.equal(merged[name], base[name]) for name in base), "tuning changed nothing"
    assert isinstance(llm.generate("Notizia", max_new_tokens=4), str)
