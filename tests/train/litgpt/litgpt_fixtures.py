"""A small recipe of LitGPT's on the workspace's tiny model, and its table of losses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import yaml

from tests.train.conftest import ITALIAN, VIETNAMESE, rows
from train.run_folder import metrics_file

RECIPE: dict[str, Any] = {
    "checkpoint_dir": "checkpoints/tiny", "precision": "32-true", "lora_dropout": 0.1, "seed": 11,
    "data": {"class_path": "train.data.Chat", "init_args": {"path": "data", "prompt_style": "alpaca"}},
    "train": {"save_interval": 2, "log_interval": 1, "global_batch_size": 4, "micro_batch_size": 2,
              "lr_warmup_steps": 1, "max_steps": 5, "epochs": 9, "max_seq_length": 700},
    "eval": {"interval": 2, "max_iters": 10, "max_new_tokens": 4, "final_validation": True},
    "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 0.02, "betas": [0.9, 0.95]}},
}  # fmt: skip
#: Of the table, what does not depend on the clock.
COLUMNS = ("step", "iter", "epoch", "loss", "val_loss", "learning_rate", "tokens")


def write_data(folder: Path) -> None:
    """Rows of different lengths in the folder's `data`, 10 to learn and 3 to validate."""
    (folder / "data").mkdir(parents=True)
    for name, part in (("train", rows(0, 10)), ("val", rows(100, 3))):
        for number, row in enumerate(part):
            row["input"] += (ITALIAN + VIETNAMESE) * (number % 3)
        (folder / f"data/{name}.json").write_text(json.dumps(part), encoding="utf-8")


def recipe(folder: Path, out: str, **changes: Any) -> Path:
    """A recipe file whose out_dir is `out`; sections in `changes` are merged."""
    settings = json.loads(json.dumps(RECIPE)) | {"out_dir": out}
    for key, value in changes.items():
        settings[key] = settings[key] | value if isinstance(value, dict) and key in settings else value
    path = folder / f"{out}.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def table(run: Path) -> list[list[str]]:
    """Rows of losses, without what the clock says."""
    with metrics_file(run).open(encoding="utf-8", newline="") as lines:
        return [[row[name] for name in COLUMNS] for row in csv.DictReader(lines) if row["loss"] or row["val_loss"]]
