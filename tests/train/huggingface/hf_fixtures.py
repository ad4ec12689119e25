"""Rows, pairs, tiny models and recipes for the tests of the Hugging Face backend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from tests.train.conftest import ITALIAN, VIETNAMESE

ROWS = [
    {
        "instruction": "Riassumi gli articoli.",
        "input": f"Notizia {number}. " + (ITALIAN + VIETNAMESE) * (1 + number % 3),
        "output": f"Notizia {number}: {ITALIAN}" * (1 + number % 2),
    }
    for number in range(12)
]
PAIRS = [
    {"instruction": row["instruction"], "input": row["input"], "chosen": row["output"], "rejected": VIETNAMESE}
    for row in ROWS
]
RECIPE: dict[str, Any] = {
    "backend": "huggingface", "method": "sft", "checkpoint_dir": "bloom", "out_dir": "out", "precision": "32-true",
    "quantize": "bnb.nf4", "double_quant": True, "dora": True, "gradient_checkpointing": True,
    "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.1, "lora_query": True, "lora_key": True, "lora_value": True,
    "lora_projection": True, "lora_mlp": True,
    "data": {"class_path": "train.data.Chat", "init_args": {"path": "data", "prompt_style": "alpaca-it"}},
    "train": {"global_batch_size": 4, "micro_batch_size": 2, "lr_warmup_steps": 1, "max_steps": 6,
              "max_seq_length": 700, "save_interval": 2, "log_interval": 1},
    "eval": {"interval": 3, "max_iters": 10, "initial_validation": True, "final_validation": True},
    "optimizer": {"class_path": "bitsandbytes.optim.PagedAdamW8bit", "init_args": {"lr": 2e-3}},
    "seed": 7,
}  # fmt: skip


def make_folder(folder: Path) -> Path:
    """Data, pairs, a tiny BLOOM and a tiny Llama (SmolLM2's, tied embeddings) in a folder."""
    from train.models.architectures import make_tiny

    for name, rows in (("data", ROWS), ("pairs", PAIRS)):
        (folder / name).mkdir(parents=True)
        (folder / name / "train.json").write_text(json.dumps(rows[:10]), encoding="utf-8")
        (folder / name / "val.json").write_text(json.dumps(rows[10:]), encoding="utf-8")
    texts = [row["input"] + row["output"] for row in ROWS]
    make_tiny("bloom-7b1", texts, folder / "bloom")
    make_tiny("SmolLM2-360M", texts, folder / "llama", form="huggingface")
    return folder


def recipe(folder: Path, **changes: Any) -> Path:
    """A recipe file named after its out_dir; sections in `changes` are merged, paths made absolute."""
    settings = json.loads(json.dumps(RECIPE))
    for key, value in changes.items():
        settings[key] = settings[key] | value if isinstance(value, dict) and key in ("train", "eval") else value
    settings["out_dir"] = str(folder / settings["out_dir"])
    settings["checkpoint_dir"] = str(folder / settings["checkpoint_dir"])
    settings["data"]["init_args"]["path"] = str(folder / settings["data"]["init_args"]["path"])
    settings["data"]["init_args"].setdefault("cache", str(folder / "cache"))
    if settings["method"] == "orpo":
        settings["data"]["init_args"].pop("cache")
    path = folder / f"{Path(settings['out_dir']).name}.yaml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def curve(run: Path) -> list[tuple[str, ...]]:
    """Rows of metrics.csv without the seconds."""
    lines = (run / "metrics.csv").read_text(encoding="utf-8").splitlines()
    return [tuple(cell for number, cell in enumerate(line.split(",")) if number != 3) for line in lines]
