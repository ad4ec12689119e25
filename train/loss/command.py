"""`train loss`: the curve of a fine-tuning run, and what the base model scored on the same validation rows."""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import sys
from pathlib import Path
from typing import Any

from train.errors import TrainError

_COLUMNS = ("step", "loss", "val_loss", "iter_time")
_BLOCKS = "▁▂▃▄▅▆▇█"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "example: train loss --run out/tiny-news"
    parser.add_argument("--run", type=Path, required=True, help="out_dir of a fine-tuning run")


def main(options: argparse.Namespace) -> int:
    curve = read_curve(metrics_file(options.run), accumulation(options.run))
    base = base_loss(options.run)
    outcome = summary(curve, base)
    finite = [{name: _number(value) for name, value in row.items()} for row in curve]
    (options.run / "loss.json").write_text(json.dumps(outcome | {"curve": finite}) + "\n", encoding="utf-8")
    if outcome["not_a_number"]:
        hint = "a prompt longer than max_seq_length, or too high a learning rate"
        print(
            f"loss: {outcome['not_a_number']} losses of {options.run} are not a number (NaN): {hint}", file=sys.stderr
        )
    if options.json:
        print(json.dumps(outcome))
        return 0
    show(curve, outcome)
    return 0


def metrics_file(run: Path) -> Path:
    """The newest metrics.csv below a run's folder.

    Raises:
        TrainError: there is none.
    """
    found = sorted(run.glob("**/metrics.csv"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise TrainError(f"no metrics.csv below {run}: was it trained with `logger_name: csv`?")
    return found[-1]


def accumulation(run: Path) -> int:
    """Batches an optimizer step is made of, from the run's saved configuration; 1 where there is none."""
    settings = saved_settings(run)
    train = settings.get("train", {})
    return max(1, int(train.get("global_batch_size", 1)) // int(train.get("micro_batch_size", 1)))


def saved_settings(run: Path) -> dict[str, Any]:
    import yaml

    saved = run / "final" / "hyperparameters.yaml"
    return dict(yaml.safe_load(saved.read_text(encoding="utf-8"))) if saved.is_file() else {}


def read_curve(path: Path, batches: int = 1) -> list[dict[str, float]]:
    """Rows {step, loss | val_loss, seconds} in the order of training.

    LitGPT's log counts batches under the name `step`; here a step is an optimizer step of `batches` of them. Its last
    validation carries no step: it belongs to the last one.

    Raises:
        TrainError: the file holds no losses.
    """
    curve: list[dict[str, float]] = []
    step = 0
    with path.open(encoding="utf-8", newline="") as lines:
        for line, row in enumerate(csv.DictReader(lines), 2):
            try:
                numbers = {name: float(value) for name, value in row.items() if name in _COLUMNS and value}
            except ValueError as error:
                raise TrainError(f"{path}:{line} holds no numbers: is it LitGPT's own log?") from error
            if "loss" in numbers:
                step = -(-int(numbers.get("step", 0)) // batches)
                curve.append({"step": step, "loss": numbers["loss"], "seconds": numbers.get("iter_time", 0.0)})
            if "val_loss" in numbers and {"step": step, "val_loss": numbers["val_loss"]} not in curve[-2:]:
                curve.append({"step": step, "val_loss": numbers["val_loss"]})
    if not any("loss" in row for row in curve):
        raise TrainError(f"{path} holds no losses: the run ended before its first step")
    return curve


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
        "first_val_loss": _number(first),
        "last_val_loss": _number(val[-1]) if val else None,
        "best_val_loss": min((value for value in val if math.isfinite(value)), default=None),
        "first_loss": _number(losses[0]),
        "last_loss": _number(losses[-1]),
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


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def sparkline(values: list[float], width: int = 60) -> str:
    """The values as block characters, thinned to `width`."""
    values = [value for value in values if math.isfinite(value)]
    if not values:
        return ""
    chosen = values[:: max(1, -(-len(values) // width))]
    low, high = min(chosen), max(chosen)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BLOCKS[round((value - low) * scale)] for value in chosen)


def show(curve: list[dict[str, float]], outcome: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Loss")
    for name in ("step", "training", "validation"):
        table.add_column(name, justify="right")
    train = {row["step"]: row["loss"] for row in curve if "loss" in row}
    measured = any("val_loss" in row and row["step"] == 0 for row in curve)
    if outcome["first_val_loss"] is not None and not measured:
        table.add_row("0", "", f"{outcome['first_val_loss']:.3f}")
    for row in curve:
        if "val_loss" in row:
            seen = train.get(row["step"])
            table.add_row(f"{row['step']:.0f}", f"{seen:.3f}" if seen else "", f"{row['val_loss']:.3f}")
    console = Console()
    console.print(table)
    console.print(f"training  {sparkline([row['loss'] for row in curve if 'loss' in row])}", highlight=False)
    console.print(f"{outcome['seconds_per_step']:.3f} s a step, {outcome['steps']} steps", highlight=False)
