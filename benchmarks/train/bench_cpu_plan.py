"""How near `train plan --gpu CPU` comes to measured steps, on tiny models and on a real one.

    python benchmarks/train/bench_cpu_plan.py [--model FOLDER ...] [--tokens 256] [--steps 3]

Each model, in Hugging Face form, makes some steps of LoRA on one row of random tokens, forward and backward as
`train finetune` computes them (logits of the learned tokens alone); the best and the median step stand beside the
plan's best and median. Probe and steps run one right after the other: on a loaded machine both meet the same load.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from train.huggingface.settings import Settings
from train.plan.cpu import probe
from train.plan.memory import Job

TEXTS = ["Il consiglio ha approvato il piano per il lungofiume, dodici voti a favore e sei contrari. " * 4] * 20


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, action="append", default=[], help="a real model in Hugging Face form")
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--steps", type=int, default=3)
    options = parser.parse_args()
    print(f"{'model':<24}{'planned s':>20}{'measured s':>20}{'best: error':>14}")
    with tempfile.TemporaryDirectory() as scratch:
        for folder in [*tiny_models(Path(scratch)), *options.model]:
            planned, measured = planned_seconds(folder, options.tokens), step_seconds(folder, options)
            pairs = [f"{planned[0]:.3f}-{planned[1]:.3f}", f"{measured[0]:.3f}-{measured[1]:.3f}"]
            error = planned[0] / measured[0] - 1
            print(f"{folder.name:<24}{pairs[0]:>20}{pairs[1]:>20}{error:>+14.0%}", flush=True)


def tiny_models(scratch: Path) -> list[Path]:
    """Two tiny models of different families."""
    from train.models.architectures import make_tiny

    names = ("SmolLM2-360M", "Gemma-3-1b-it")
    for name in names:
        make_tiny(name, TEXTS, scratch / name, form="huggingface")
    return [scratch / name for name in names]


def settings_of(folder: Path) -> Settings:
    """The recipe of the steps: LoRA on all matrices, 32 bits."""
    parts: dict[str, Any] = {f"lora_{part}": True for part in ("query", "key", "value", "projection", "mlp")}
    return Settings(
        checkpoint_dir=str(folder), precision="32-true", data_class="train.data.Text", lora_r=16, lora_dropout=0.0,
        max_steps=1, **parts,
    )  # fmt: skip


def planned_seconds(folder: Path, tokens: int) -> list[float]:
    """The plan's best and usual seconds of a micro-batch of one row."""
    from train.plan.job import huggingface_shape
    from train.plan.meta_models import measure

    settings = settings_of(folder)
    job = Job(
        "huggingface", huggingface_shape(folder)[0], "32-true", None, 1, tokens, 1, "torch.optim.AdamW", tokens - 1,
        validates=False, settings=settings,
    )  # fmt: skip
    work = measure(dataclasses.replace(job)).work
    return [machine.time(work) for machine in probe("32-true")]


def step_seconds(folder: Path, options: argparse.Namespace) -> tuple[float, float]:
    """Best and median seconds of forward and backward of one row."""
    import torch

    from train.huggingface.model import load_base, prepare, with_adapters
    from train.litgpt.learned_tokens import head_at, learned, token_losses

    settings = settings_of(folder)
    model, _ = with_adapters(prepare(load_base(settings), settings), settings)
    model.train()
    torch.manual_seed(0)
    ids = torch.randint(3, model.config.get_text_config().vocab_size, (1, options.tokens))
    places, targets = learned(ids)
    times: list[float] = []
    for _ in range(options.steps + 1):
        began = time.perf_counter()
        batch: dict[str, Any] = {"input_ids": ids, "position_ids": torch.arange(options.tokens).unsqueeze(0)}
        with head_at(model.get_output_embeddings(), places):
            logits = model(**batch, use_cache=False).logits
        token_losses(logits, targets).sum().backward()
        times.append(time.perf_counter() - began)
    return min(times[1:]), statistics.median(times[1:])


if __name__ == "__main__":
    main()
