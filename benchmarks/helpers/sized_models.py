"""Models of random weights in several sizes, and the rows and the recipe that each is trained with for two steps."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALL = ("query", "key", "value", "projection", "mlp", "head")


@dataclass(frozen=True)
class Size:
    """A model and a recipe to measure. like: LitGPT's name of the architecture, or bloom-7b1."""

    name: str
    like: str
    backend: str
    width: int
    layers: int
    vocabulary: int
    length: int
    micro: int
    accumulation: int = 2
    targets: tuple[str, ...] = ALL
    rank: int = 16
    method: str = "sft"
    dora: bool = False
    recompute: bool = False


SIZES = (
    Size("llama, 8 layers", "Llama-3-8B", "litgpt", 512, 8, 8192, 512, 1),
    Size("llama, wide, q and v", "Llama-3-8B", "litgpt", 1024, 6, 16384, 384, 1, 1, ("query", "value")),
    Size("gemma, large vocabulary", "Gemma-2b", "litgpt", 768, 4, 32768, 384, 1),
    Size("gemma 3", "Gemma-3-1b-it", "litgpt", 512, 6, 16384, 384, 2),
    Size("qwen 3, batch of 4", "Qwen3-0.6B", "litgpt", 384, 8, 8192, 256, 4),
    Size("smollm2, long rows", "SmolLM2-360M", "litgpt", 480, 8, 8192, 1536, 1, 2, ("query", "value")),
    Size("llama, hugging face", "Llama-3-8B", "huggingface", 512, 8, 8192, 512, 2),
    Size("llama, recomputed", "Llama-3-8B", "huggingface", 768, 8, 16384, 768, 2, recompute=True),
    Size("gemma, dora", "Gemma-2b", "huggingface", 512, 6, 16384, 384, 2, dora=True, targets=ALL[:-1]),
    Size("bloom", "bloom-7b1", "huggingface", 512, 8, 16384, 384, 2, targets=ALL[:-1]),
    Size("llama, orpo", "Llama-3-8B", "huggingface", 512, 6, 8192, 384, 1, method="orpo"),
)


def litgpt_config(size: Size) -> Any:
    """The architecture with this size's width, depth and vocabulary."""
    from litgpt import Config

    from train.models.architectures import tiny_config

    tiny = tiny_config(size.like, size.vocabulary)
    heads = size.width * tiny.n_head // tiny.n_embd or 1
    groups = max(1, heads * tiny.n_query_groups // tiny.n_head)
    heads -= heads % groups
    mlp = size.width * tiny.intermediate_size // tiny.n_embd // 16 * 16
    local = None if tiny.sliding_window_indices is None else [int(layer % 2 == 0) for layer in range(size.layers)]
    more = {"sliding_window_indices": local, "rope_indices": local} if local else {}
    return Config(**{
        **{key: getattr(tiny, key) for key in Config.__dataclass_fields__}, "n_embd": size.width, "n_head": heads,
        "n_query_groups": groups, "n_layer": size.layers, "intermediate_size": mlp, "vocab_size": size.vocabulary,
        "padded_vocab_size": size.vocabulary, **more,
    })  # fmt: skip


def huggingface_config(size: Size) -> Any:
    from transformers import BloomConfig

    from train.models.architectures import huggingface_config as of

    if size.like.startswith("bloom"):
        return BloomConfig(
            hidden_size=size.width, n_layer=size.layers, n_head=size.width // 64, vocab_size=size.vocabulary
        )
    return of(size.like, litgpt_config(size), {})


def make_checkpoint(size: Size, out: Path) -> None:
    """Random weights; the tokenizer is a tiny one's, whose ids are below any vocabulary."""
    import torch

    from train.models.architectures import make_tiny

    make_tiny(size.like, ["Il consiglio ha approvato il piano. Hội đồng đã thông qua kế hoạch."] * 8, out)
    if size.backend == "huggingface":
        from transformers import AutoModelForCausalLM

        (out / "model.safetensors").unlink(missing_ok=True)
        AutoModelForCausalLM.from_config(huggingface_config(size)).save_pretrained(out)
        return
    from litgpt import GPT
    from litgpt.utils import save_config

    config = litgpt_config(size)
    torch.save(GPT(config).state_dict(), out / "lit_model.pth")
    save_config(config, out)


def make_rows(size: Size, out: Path) -> None:
    """Rows longer than the length, so that all have it once cut: as LitGPT's JSON, or pairs."""
    draw = random.Random(0)
    out.mkdir()
    count = size.micro * size.accumulation * 2
    for split, number in (("train", count), ("val", size.micro)):
        words = [" ".join(draw.choices(["consiglio", "piano", "voti", "città"], k=size.length)) for _ in range(number)]
        rows = [{"instruction": "Scrivi.", "input": "", "output": text} for text in words]
        (out / f"{split}.json").write_text(json.dumps(rows))
    if size.backend == "huggingface":
        make_chats(size, out, count)


def make_chats(size: Size, out: Path, count: int) -> None:
    """One-turn chats or pairs of one length, near `size.length`: the run reports the exact one."""
    from tokenizers import Tokenizer

    phrase = "consiglio piano voti città "
    each = len(Tokenizer.from_file("base/tokenizer.json").encode(phrase * 100).ids) / 100
    text = phrase * max(1, round(0.8 * size.length / each))
    chat = {"instruction": "Riassumi.", "input": text, "output": "Il piano è approvato."}
    pair = {"instruction": "Riassumi.", "input": text, "chosen": "Il piano è approvato.", "rejected": "Il piano no."}
    row = pair if size.method == "orpo" else chat
    rows = [{**row, "instruction": f"Riassumi {number}."} for number in range(count + size.micro)]
    (out / "chats.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))


def recipe_of(size: Size) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "checkpoint_dir": "base", "out_dir": "out", "precision": "32-true", "devices": 1, "num_nodes": 1,
        "lora_r": size.rank, "lora_alpha": size.rank, "lora_dropout": 0.05, "seed": 1, "logger_name": "csv",
        **{f"lora_{part}": part in size.targets for part in ALL},
        "train": {
            "global_batch_size": size.micro * size.accumulation, "micro_batch_size": size.micro, "epochs": 1,
            "max_steps": 2, "lr_warmup_steps": 1, "max_seq_length": size.length, "log_interval": 1,
        },
        "eval": {"interval": 100, "max_iters": 1, "max_new_tokens": 1, "final_validation": False},
        "optimizer": {"class_path": "torch.optim.AdamW", "init_args": {"lr": 1e-4}},
    }  # fmt: skip
    if size.backend == "litgpt":
        data: dict[str, Any] = {"json_path": "rows", "num_workers": 0}
        return recipe | {"data": {"class_path": "litgpt.data.JSON", "init_args": data}}
    # Tiny tokenizers differ in what they make of a text: room, so that no row is cut.
    recipe["train"]["max_seq_length"] = 2 * size.length
    rows = {"path": "rows/chats.jsonl", "prompt_style": "alpaca-it", "val_share": size.micro / (size.micro * 5)}
    kind = "Pairs" if size.method == "orpo" else "Chat"
    more = {"method": size.method, "dora": size.dora, "gradient_checkpointing": size.recompute}
    del recipe["eval"]["max_new_tokens"]
    return recipe | {"backend": "huggingface", "data": {"class_path": f"train.data.{kind}", "init_args": rows}} | more
