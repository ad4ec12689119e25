"""What others published of memory and time, beside what `train plan` says of the same recipes: Markdown tables.

LitGPT's config_hub table (Alpaca2k, 512 tokens, bf16-true, one A10G; April to July 2024) and Qwen's profile of LoRA
with gradient checkpointing on an A100 (README of QwenLM/Qwen).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from benchmarks.helpers.sized_models import ALL


@dataclass(frozen=True)
class Published:
    """A row of LitGPT's config_hub table: GB as torch.cuda.max_memory_allocated had them."""

    model: str
    quantize: str | None
    micro: int
    gigabytes: float
    rank: int
    targets: tuple[str, ...] = field(default=("query", "value"))


PUBLISHED = (
    Published("falcon-7b", None, 1, 16.69, 32), Published("Gemma-2b", None, 2, 12.62, 8, ALL),
    Published("Llama-2-7b-hf", None, 2, 19.77, 32), Published("Llama-3-8B", None, 1, 19.73, 32),
    Published("Llama-3.1-8B", None, 1, 19.73, 32), Published("Mistral-7B-v0.1", None, 2, 20.66, 32),
    Published("Mistral-7B-v0.2", None, 2, 20.66, 32), Published("phi-2", None, 4, 13.98, 8, ALL),
    Published("Phi-3-mini-4k-instruct", None, 4, 19.75, 8, ALL),
    Published("stablelm-base-alpha-3b", None, 1, 8.58, 32), Published("tiny-llama-1.1b", None, 8, 13.50, 32, ALL),
    Published("falcon-7b", "nf4", 1, 9.44, 32), Published("Gemma-2b", "nf4", 2, 11.58, 16, ALL),
    Published("Gemma-7b", "nf4", 1, 17.18, 16, ALL), Published("Gemma-2-9b", "nf4", 1, 20.92, 16, ALL),
    Published("Llama-2-7b-hf", "nf4", 2, 13.68, 32), Published("Llama-3-8B", "nf4", 2, 17.41, 32),
    Published("Llama-3.1-8B", "nf4", 2, 17.41, 32), Published("Mistral-7B-v0.1", "nf4", 2, 14.29, 32),
    Published("phi-2", "nf4", 4, 14.27, 8, ALL), Published("Phi-3-mini-4k-instruct", "nf4", 4, 19.13, 8, ALL),
    Published("stablelm-base-alpha-3b", "nf4", 1, 5.24, 32), Published("tiny-llama-1.1b", "nf4", 8, 16.24, 32, ALL),
)  # fmt: skip


def published_table(only: str | None) -> str:
    from litgpt.lora import Config

    from train.plan.memory import Job
    from train.plan.meta_models import measure

    lines = ["| recipe of config_hub | batch | published GB | planned GB | error |", "|---|---:|---:|---:|---:|"]
    for row in PUBLISHED:
        if only and only.lower() not in row.model.lower():
            continue
        adapter = {f"lora_{part}": part in row.targets for part in ALL}
        shape = Config.from_name(row.model, lora_r=row.rank, lora_alpha=16, lora_dropout=0.05, **adapter)
        optimizer = "bitsandbytes.optim.PagedAdamW" if row.quantize else "torch.optim.AdamW"
        job = Job("litgpt", shape, "bf16-true", row.quantize, row.micro, 512, 4, optimizer, row.micro * 512)
        planned = measure(job).allocated / 1e9
        kind = f"QLoRA {row.quantize}" if row.quantize else "LoRA"
        error = planned / row.gigabytes - 1
        lines.append(
            f"| {row.model}, {kind} | {row.micro} x 512 | {row.gigabytes:.2f} | {planned:.2f} | {error:+.1%} |"
        )
    return "\n".join(lines)


#: (hidden_size, intermediate_size, layers, heads) and length -> seconds of eight rows: LoRA with gradient checkpointing
#: and flash attention on one A100-80GB. The shares in gpus.yaml were chosen by the 7B rows; the others test them.
QWEN = {
    "Qwen-7B": ((4096, 11008, 32, 32), {256: 1.2, 512: 1.5, 1024: 2.8, 2048: 5.2, 4096: 10.1, 8192: 21.3}),
    "Qwen-1.8B": ((2048, 5504, 24, 16), {256: 1.0, 512: 1.0, 1024: 1.1, 2048: 1.7, 4096: 3.3, 8192: 6.8}),
    "Qwen-14B": ((5120, 13696, 40, 40), {256: 1.6, 512: 2.4, 1024: 4.4, 2048: 8.4, 4096: 17.0, 8192: 36.0}),
}


def times_table() -> str:
    """Seconds of a step as the plan says, fast and slow, beside Qwen's."""
    from train.plan.gpus import load_table, seconds

    table = load_table()
    gpu = table.gpus["A100-80GB"]
    lines = ["| model | tokens | published s | planned s | |", "|---|---:|---:|---:|---|"]
    for name, (sizes, times) in QWEN.items():
        for length, published in times.items():
            work = qwen_work(sizes, length)
            low, high = (8 * seconds(work, gpu, reach, "bf16-true") for reach in (table.fast, table.slow))
            verdict = "within" if round(low, 1) <= published <= round(high, 1) else "outside"
            lines.append(f"| {name} | {length:,} | {published:.1f} | {low:.1f}-{high:.1f} | {verdict} |")
    return "\n".join(lines)


def qwen_work(sizes: tuple[int, int, int, int], length: int) -> Any:
    """The work of one row. Qwen's layers compute what Llama's do."""
    from transformers import LlamaConfig

    from train.huggingface.settings import Settings
    from train.plan.memory import Job
    from train.plan.meta_models import measure

    width, mlp, layers, heads = sizes
    shape = LlamaConfig(
        hidden_size=width, intermediate_size=mlp, num_hidden_layers=layers, num_attention_heads=heads,
        vocab_size=151_936, max_position_embeddings=8192,
    )  # fmt: skip
    # Its adapters: on query, key and value in one, on the projection and on the MLP's two inputs.
    parts = {"lora_query": True, "lora_value": False, "lora_projection": True, "lora_mlp": True}
    settings = Settings(lora_r=64, gradient_checkpointing=True, **parts)  # type: ignore[arg-type]
    job = Job(
        "huggingface", shape, "bf16-true", None, 1, length, 8, "torch.optim.AdamW", length, recompute=True,
        validates=False, settings=settings,
    )  # fmt: skip
    return measure(job).work
