"""What a vocabulary of 262,144 tokens costs: conversion and its gate, plan, a training step, generation.

Gemma 3 270M, the folder that `train get gemma-3-270m` leaves. Each part runs in a process of its own: seconds of wall
and of processor, and the largest memory of the process. Beside ours the peer that does the same: transformers with the
logits of every token, plain LitGPT with its own loop's forward and loss, transformers' `generate`. The losses of the
steps stand beside each other: they must be the same.

    python benchmarks/train/bench_gemma.py --model hub/google/gemma-3-270m [--parts step generate]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TEXT = (
    "Il consiglio comunale ha approvato ieri il piano per il lungofiume, con dodici voti a favore e sei contrari. "
    "I lavori cominceranno a marzo e dureranno due anni; sono previsti quattro milioni di euro e trecento alberi. "
)
#: Rows of a step, tokens of each, and how many of them are learned.
ROWS, LENGTH, LEARNED = 2, 448, 96
NEW, PROMPTS = 24, 4


def batch(folder: Path) -> dict[str, Any]:
    import torch

    from train.tokenizer import tokenizer_of

    ids = tokenizer_of(folder).encode(TEXT * 20)[: LENGTH - 1]
    tokens = torch.tensor([[2, *ids]] * ROWS)
    labels = torch.full_like(tokens, -100)
    labels[:, -LEARNED:] = tokens[:, -LEARNED:]
    return {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": labels}


def adapted(folder: Path) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    parts = "q_proj k_proj v_proj o_proj gate_proj up_proj down_proj".split()
    return get_peft_model(base, LoraConfig(r=16, lora_alpha=16, target_modules=parts)).train()


Timed = Callable[[], dict[str, Any]]


def step_ours(folder: Path) -> Timed:
    from train.huggingface.learned_tokens import losses_of

    model, rows = adapted(folder), batch(folder)
    inputs = {name: rows[name] for name in ("input_ids", "attention_mask")}

    def run() -> dict[str, Any]:
        loss = losses_of(model, model.get_output_embeddings(), rows["labels"], inputs).losses.mean()
        loss.backward()
        return {"loss": loss.item()}

    return run


def step_pieces(folder: Path) -> Timed:
    from train.huggingface import learned_tokens

    learned_tokens.MOST, learned_tokens.PIECE = 0, 2**24
    return step_ours(folder)


def step_transformers(folder: Path) -> Timed:
    model, rows = adapted(folder), batch(folder)

    def run() -> dict[str, Any]:
        loss = model(**rows, use_cache=False).loss
        loss.backward()
        return {"loss": loss.item()}

    return run


def litgpt_model(folder: Path) -> Any:
    import torch
    from litgpt.lora import GPT, Config, mark_only_lora_as_trainable

    from train.models.checkpoint import read_yaml

    parts = {f"lora_{part}": True for part in ("query", "key", "value", "projection", "mlp")}
    config = Config(**read_yaml(folder / "model_config.yaml"), lora_r=16, lora_alpha=16, lora_dropout=0.0, **parts)
    torch.manual_seed(0)
    model = GPT(config)
    model.load_state_dict(torch.load(folder / "lit_model.pth", mmap=True, weights_only=True), strict=False)
    mark_only_lora_as_trainable(model.float())
    model.max_seq_length = LENGTH
    return model


def step_litgpt_ours(folder: Path) -> Timed:
    """As our loop computes a batch."""
    from train.litgpt.learned_tokens import litgpt_loss

    model, rows = litgpt_model(folder), batch(folder)

    def run() -> dict[str, Any]:
        loss = litgpt_loss(model, rows["input_ids"], rows["labels"])
        loss.backward()
        return {"loss": loss.item()}

    return run


def step_litgpt(folder: Path) -> Timed:
    """As litgpt/finetune/lora.py's loop computes a batch."""
    from litgpt.utils import chunked_cross_entropy

    model, rows = litgpt_model(folder), batch(folder)

    def run() -> dict[str, Any]:
        logits = model(rows["input_ids"], lm_head_chunk_size=128)
        logits[-1] = logits[-1][..., :-1, :]
        loss = chunked_cross_entropy(logits, rows["labels"][..., 1:])
        loss.backward()
        return {"loss": loss.item()}

    return run


def prompts(folder: Path) -> list[list[int]]:
    from train.tokenizer import tokenizer_of

    tokens = tokenizer_of(folder)
    return [[2, *tokens.encode(TEXT)[: 20 + number]] for number in range(PROMPTS)]


def generate_ours(folder: Path) -> Timed:
    from train.models.language_model import load_model

    model, asked = load_model(folder, dtype="float32", device="cpu"), prompts(folder)

    def run() -> dict[str, Any]:
        return {"text": model.write(asked, max_new_tokens=NEW, temperature=0.0)[0][:60]}

    return run


def generate_transformers(folder: Path) -> Timed:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    padded = tokenizer.pad({"input_ids": prompts(folder)}, padding_side="left", return_tensors="pt")

    def run() -> dict[str, Any]:
        out = model.generate(**padded, max_new_tokens=NEW, do_sample=False)
        return {"text": tokenizer.decode(out[0, padded["input_ids"].shape[1] :])[:60]}

    return run


PARTS: dict[str, Callable[[Path], Timed]] = {
    "step: ours, learned tokens": step_ours, "step: ours, in pieces": step_pieces,
    "step: transformers, all logits": step_transformers, "step: LitGPT, all logits": step_litgpt,
    "step: LitGPT, our loop": step_litgpt_ours,
    "generate: ours": generate_ours, "generate: transformers": generate_transformers,
}  # fmt: skip


def commands(folder: Path, out: Path) -> dict[str, list[str]]:
    """Whole commands: what they take with Python's start and every library."""
    train = [sys.executable, "-m", "train"]
    recipe = out / "plan.yaml"
    recipe.write_text(f"checkpoint_dir: {folder.resolve()}\n", encoding="utf-8")
    plan = ["--config", "gemma-3-270m/news", "--config", str(recipe), "--rows", "500", "--tokens", "400"]
    convert = ["--checkpoint", str(hub_form(folder, out)), "--to", "litgpt", "--out", str(out / "lit")]
    return {"convert: LitGPT's form and gate": [*train, "convert", *convert], "plan": [*train, "plan", *plan]}


def hub_form(folder: Path, out: Path) -> Path:
    """The folder's Hugging Face form alone."""
    (out / "hub").mkdir()
    for path in folder.iterdir():
        if path.is_file() and path.name not in ("lit_model.pth", "model_config.yaml", "prompt_style.yaml"):
            (out / "hub" / path.name).symlink_to(path.resolve())
    return out / "hub"


def measure(run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    wall, processor = time.perf_counter(), time.process_time()
    outcome = run()
    seconds = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    return outcome | seconds | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}


def as_command(words: list[str]) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    status = {} if done.returncode == 0 else {"failed": done.stderr.strip()[-200:]}
    return {"wall": time.perf_counter() - wall, "processor": processor, "memory": after.ru_maxrss / 1e6} | status


def in_a_process(name: str, folder: Path) -> dict[str, Any]:
    words = [sys.executable, __file__, "--model", str(folder), "--one", name]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip()[-200:]}
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


def show(name: str, row: dict[str, Any]) -> None:
    if "failed" in row:
        print(f"| {name} | failed: {row['failed']} |", flush=True)
        return
    more = f"loss {row['loss']:.5f}" if "loss" in row else row.get("text", "").replace("\n", " ")
    print(f"| {name} | {row['wall']:.1f} | {row['processor']:.1f} | {row['memory']:.2f} | {more} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("hub/google/gemma-3-270m"))
    parser.add_argument("--parts", nargs="*", default=["step", "generate", "convert", "plan"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not (options.model / "model.safetensors").is_file():
        print(f"skipped: no model in {options.model} (train get gemma-3-270m)")
        return 0
    if options.one:
        print(json.dumps(measure(PARTS[options.one](options.model))))
        return 0
    print("| part | s wall | s processor | GB | outcome |\n|---|---:|---:|---:|---|", flush=True)
    for name in PARTS:
        if name.partition(":")[0] in options.parts:
            show(name, in_a_process(name, options.model))
    with tempfile.TemporaryDirectory() as out:
        for name, words in commands(options.model, Path(out)).items():
            if name.partition(":")[0] in options.parts:
                show(name, as_command(words))
    return 0


if __name__ == "__main__":
    sys.exit(main())
