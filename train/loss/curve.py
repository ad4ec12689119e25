"""The losses of a run in figures, and the untuned model's loss beside them."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

from train.run_folder import saved_settings


def base_loss(run: Path) -> float | None:
    """Loss of the untuned model on the run's own validation rows; None where its folder or data are gone.

    The data module, its length limit and its batches are built from the run's saved configuration, and LitGPT's own
    `validate` averages over them, so the figure compares with the curve.
    """
    settings = saved_settings(run)
    base = Path(settings.get("checkpoint_dir", ""))
    return measure(base, settings) if settings and (base / "lit_model.pth").is_file() else None


def measure(checkpoint: Path, settings: dict[str, Any]) -> float | None:
    """Mean validation loss of a checkpoint under a recipe's `data`, `train` and `eval` settings."""
    import torch
    from jsonargparse import ArgumentParser
    from lightning.fabric import Fabric
    from litgpt import GPT, Config, Tokenizer
    from litgpt.args import EvalArgs
    from litgpt.data import DataModule
    from litgpt.finetune.lora import validate

    parser = ArgumentParser()
    parser.add_subclass_arguments(DataModule, "data")
    try:
        data = parser.instantiate_classes(parser.parse_object({"data": settings["data"]})).data
        train = settings["train"]
        data.connect(Tokenizer(checkpoint), train["micro_batch_size"], train["max_seq_length"])
        data.setup()
    except (OSError, SystemExit):
        return None
    fabric = Fabric(devices=1, accelerator="auto", precision="32-true")
    model = GPT(Config.from_file(checkpoint / "model_config.yaml"))
    weights = torch.load(checkpoint / "lit_model.pth", mmap=True, weights_only=True)
    model.load_state_dict(weights.get("model", weights))
    loader = data.val_dataloader()
    model = fabric.setup_module(model)
    loss = validate(fabric, model, fabric.setup_dataloaders(loader), EvalArgs(max_iters=len(loader)), verbose=False)
    return float(loss)


def summary(curve: list[dict[str, float]], base: float | None) -> dict[str, Any]:
    """First, last and best losses and the median seconds of an optimizer step; NaN is reported as None and named."""
    val = [row["val_loss"] for row in curve if "val_loss" in row]
    losses = [row["loss"] for row in curve if "loss" in row]
    first = base if base is not None else (val[0] if val else None)
    return {
        "first_val_loss": finite_or_none(first),
        "last_val_loss": finite_or_none(val[-1]) if val else None,
        "best_val_loss": min((value for value in val if math.isfinite(value)), default=None),
        "first_loss": finite_or_none(losses[0]),
        "last_loss": finite_or_none(losses[-1]),
        "steps": int(max(row["step"] for row in curve)),
        "seconds_per_step": seconds_per_step(curve),
        "not_a_number": sum(not math.isfinite(value) for value in [*val, *losses]),
    }


def seconds_per_step(curve: list[dict[str, float]]) -> float:
    """Median over optimizer steps of the seconds of the batches that made them."""
    steps: dict[float, float] = {}
    for row in curve:
        if "loss" in row:
            steps[row["step"]] = steps.get(row["step"], 0.0) + row["seconds"]
    return round(statistics.median(steps.values()), 4)


def finite_or_none(value: float | None) -> float | None:
    """The value, None where it is no finite number."""
    return value if value is not None and math.isfinite(value) else None
