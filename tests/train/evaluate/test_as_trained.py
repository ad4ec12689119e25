"""A tuned model is asked as it was tuned: `train evaluate` gives training's last validation loss, in every form."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fork_server import run_forked
from tests.train.conftest import SCRIPTS
from tests.train.evaluate.evaluate_fixtures import row, write_export
from train.models.architectures import make_tiny

pytestmark = pytest.mark.long

SYSTEM = "Sei un redattore: scrivi 100 parole. Non di più."
Run = Callable[..., tuple[int, str, str]]


def unlike(number: int) -> dict[str, Any]:
    """A row of Italian; the answers' lengths differ, so that a mean of batches is not one of tokens."""
    sample = row(number, "it")
    return sample | {"output": " ".join(sample["output"].split()[: 4 + 9 * (number % 4)])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    rows = [unlike(number) for number in range(300, 312)]
    write_export(folder / "export", rows, [unlike(number) for number in range(400, 407)], "val")
    texts = [each["input"] + each["output"] for each in rows]
    make_tiny("SmolLM2-360M", texts, folder / "lit")
    make_tiny("SmolLM2-360M", texts, folder / "hub", form="huggingface")
    return folder


def settings(folder: Path, name: str, **data: Any) -> dict[str, Any]:
    """A recipe of both backends."""
    return {
        "checkpoint_dir": str(folder / name), "out_dir": str(folder / f"out-{name}"), "precision": "32-true",
        "data": {"class_path": "train.data.Chat", "init_args": {
            "path": str(folder / "export"), "prompt_style": "chatml", "cache": str(folder / "cache"), **data,
        }},
        "train": {"max_steps": 4, "epochs": 9, "global_batch_size": 2, "micro_batch_size": 2, "max_seq_length": 1024,
                  "lr_warmup_steps": 1, "save_interval": 100},
        "eval": {"interval": 100, "max_iters": 2, "max_new_tokens": 5, "final_validation": True},
        "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.01}},
    }  # fmt: skip


def last_validation(metrics: Path) -> float:
    with metrics.open(encoding="utf-8", newline="") as lines:
        return [float(line["val_loss"]) for line in csv.DictReader(lines) if line.get("val_loss")][-1]


def losses(folder: Path, train: Run, **models: Path) -> dict[str, float]:
    words = [f"--model={name}={path}" for name, path in models.items()]
    limits = ["--max-new-tokens", 2, "--draws", 100, "--out", folder / f"evaluation-{'-'.join(models)}"]
    code, printed, error = train("evaluate", "--data", folder / "export", *words, *limits, "--json")
    assert code == 0, error
    results = json.loads(printed)
    return {model["name"]: _find(model, "loss") for model in results["models"] if model["name"] in models}


def _find(model: dict[str, Any], measure: str) -> float:
    return float(model["measures"][measure]["value"])


def converted(folder: Path, train: Run, name: str, *more: object, checkpoint: str = "out-lit/final") -> Path:
    out = folder / name
    code, _, error = train("convert", "--checkpoint", folder / checkpoint, "--out", out, *more)
    assert code == 0, error
    return out


def test_litgpt(folder: Path, train: Run) -> None:
    recipe = folder / "lit.yaml"
    more = {"logger_name": "csv", "lora_head": False}
    recipe.write_text(yaml.safe_dump(settings(folder, "lit", system=SYSTEM) | more))
    line = [str(SCRIPTS / "litgpt"), "finetune_lora", "--config", str(recipe)]
    done = run_forked("train", line, folder, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    trained = last_validation(next((folder / "out-lit").glob("**/metrics.csv")))
    hub = converted(folder, train, "from-lit", "--to", "huggingface")
    apart = converted(folder, train, "peft", "--to", "huggingface", "--adapter", "apart")
    base = converted(folder, train, "base", "--to", "huggingface", checkpoint="lit")
    adapter = json.loads((apart / "adapter_config.json").read_text())
    (apart / "adapter_config.json").write_text(json.dumps(adapter | {"base_model_name_or_path": str(base)}))
    again = converted(folder, train, "again", "--to", "litgpt", checkpoint="from-lit")
    merge = {
        "dtype": "float32",
        "newsmill": {"out_dir": str(folder / "merged"), "adapter": str(apart), "base": str(base)},
    }
    (folder / "merge.yaml").write_text(yaml.safe_dump(merge))
    code, _, error = train("merge", "--config", folder / "merge.yaml")
    assert code == 0, error
    models = {"litgpt": folder / "out-lit/final", "hub": hub, "apart": apart, "again": again}
    models["merged"] = folder / "merged"
    assert losses(folder, train, **models) == pytest.approx(dict.fromkeys(models, trained), abs=1e-4)
    assert SYSTEM in (hub / "chat_template.jinja").read_text(encoding="utf-8")


def test_huggingface(folder: Path, train: Run) -> None:
    recipe = folder / "hub.yaml"
    recipe.write_text(yaml.safe_dump(settings(folder, "hub", system="") | {"backend": "huggingface"}))
    code, printed, error = train("finetune", "--config", recipe, "--json")
    assert code == 0, error
    trained = json.loads(printed)["val_loss"]
    assert losses(folder, train, tuned=folder / "out-hub/final")["tuned"] == pytest.approx(trained, abs=1e-4)
