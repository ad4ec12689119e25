"""The recipes of gemma-3-270m: on a CPU as they are, on a GPU with one override, and on the real weights."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.train.recipes.recipe_fixtures import FOLDER, name_of
from train.huggingface import settings as hf
from train.recipes import load

RECIPES = [FOLDER / f"gemma-3-270m/{name}.yaml" for name in ("news", "multilingual", "alpaca_vi", "orpo", "qdora")]
#: A few rows of a few dozen tokens: what is learnt is no matter, that it is learnt from real weights is.
ROWS = [
    {"instruction": "Riassumi.", "input": f"Il Consiglio ha approvato la legge {number}.", "output": f"Legge {number}."}
    for number in range(6)
]
SMALL = """\
checkpoint_dir: {model}
data: {{init_args: {{path: rows.json, val_share: 0.2}}}}
train: {{global_batch_size: 2, epochs: 4, max_steps: 4, lr_warmup_steps: 1}}
"""


@pytest.mark.parametrize("recipe", RECIPES, ids=name_of)
def test_on_a_cpu_as_it_is_and_on_a_gpu_with_one_override(recipe: Path) -> None:
    alone, over = load(recipe), load(recipe, ["gpu"])
    for settings in (hf.check(alone), hf.check(over)):
        assert settings.global_batch_size % settings.micro_batch_size == 0
    assert (alone.get("precision"), over.get("precision")) == ("32-true", "bf16-true")
    assert 448 <= alone.get("train", "max_seq_length") <= 768 < over.get("train", "max_seq_length")
    changed = {key for key in alone.settings if alone.settings[key] != over.settings[key]}
    assert changed == {"precision", "train", "eval"}, "adapter, rows and rate are the recipe's own"


@pytest.mark.real_model
@pytest.mark.timeout(600)
def test_the_news_recipe_on_the_real_weights(
    real_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, train: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.json").write_text(json.dumps(ROWS), encoding="utf-8")
    Path("small.yaml").write_text(SMALL.format(model=real_model), encoding="utf-8")
    recipe = FOLDER / "gemma-3-270m/news.yaml"
    code, _, err = train("finetune", "--config", recipe, "--config", "small.yaml")
    assert code == 0, err
    with Path("out/gemma-3-270m-news/metrics.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    losses = [float(row["val_loss"]) for row in rows if row.get("val_loss")]
    assert losses[0] < 6, "a model of random weights has 12.5"
    assert losses[-1] < losses[0]
