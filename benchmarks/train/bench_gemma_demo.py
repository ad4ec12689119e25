"""What a step of `make demo MODEL=gemma-3-270m` costs: seconds of processor in 32 and in 16 bits, by the logits made.

    NEWSMILL_REAL_MODEL=FOLDER python benchmarks/train/bench_gemma_demo.py [--threads 2]

FOLDER is what `train get gemma-3-270m --out FOLDER` made. A row of 512 tokens, LoRA on all seven matrices, forwards
and backwards; `logits` says of how many tokens they are made: all, as plain transformers does, or those of an answer
of 120, as `train finetune`. Processor time, since a machine that others use says nothing by its clock. The recipes'
`precision` is what this table says.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any

from rich.console import Console
from rich.table import Table

TOKENS, ANSWER = 512, 120
MATRICES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def step_seconds(model: Any, logits: int, repeats: int = 3) -> float:
    """Seconds of processor, the least of `repeats`, of a row forwards and backwards; `logits` 0: of all tokens."""
    import torch

    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(100, 200_000, (1, TOKENS), generator=generator)
    best = float("inf")
    for _ in range(repeats):
        began = time.process_time()
        scores = model(input_ids=tokens, logits_to_keep=logits).logits[0]
        labels = tokens[0, -len(scores) :]
        torch.nn.functional.cross_entropy(scores[:-1].float(), labels[1:]).backward()
        model.zero_grad()
        best = min(best, time.process_time() - began)
    return best


def token_seconds(model: Any, rows: int) -> float:
    """Seconds of processor of one new token in each of `rows` texts, without the prompt."""
    import torch

    tokens = torch.full((rows, 1), 1000)
    with torch.no_grad():
        model(input_ids=tokens)
        began = time.process_time()
        for _ in range(3):
            model(input_ids=tokens)
    return (time.process_time() - began) / 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    folder = os.environ.get("NEWSMILL_REAL_MODEL")
    if not folder:
        print("the real model is not here: NEWSMILL_REAL_MODEL names its folder", file=sys.stderr)
        return
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(options.threads)
    table = Table("precision", "row, all logits", "row, logits of the answer", "token, 1 text", "token, 8 texts",
                  title="Gemma 3 270M: seconds of processor")  # fmt: skip
    for name in ("float32", "bfloat16"):
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, name))
        model = get_peft_model(base, LoraConfig(r=16, lora_alpha=16, target_modules=MATRICES))
        seconds = [
            step_seconds(model, 0),
            step_seconds(model, ANSWER),
            token_seconds(model, 1),
            token_seconds(model, 8),
        ]
        table.add_row(name, *(f"{value:.2f}" for value in seconds))
    Console().print(table)


if __name__ == "__main__":
    main()
